"""Runs that belong together: what varies between them, and what each choice does.

`reading` finds the cells of a `sweep` and names those that are missing; `bootstrap` redraws seeds and trials
for all of them at once; `report` says which of the tables of the other modules stand where.
"""
