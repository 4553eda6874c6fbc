"""What training lowers.

`cross_entropy` reads one logit or two by one formula and knows the prior that its class weights and counts
teach, so that a score can be freed from it; `log_odds` is the way from logits to scores. To add one: a file
here with one `@final class … (nn.Module)` of `forward(logits, target)`, and `conf/task/` that names it.
"""
