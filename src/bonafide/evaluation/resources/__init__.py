"""What front ends and models cost on a machine: time, memory, storage, parameters.

`cost` measures a front end with a model, `memory` how far a process grows meanwhile, `page` puts what was
found on a page, and `published` sets it beside the comparison of Firc et al. To measure something more, add
it to `cost.Cost` and give it a column in `page`.
"""
