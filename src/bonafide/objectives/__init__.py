"""What training lowers, and how.

An `Objective` reads logits, or cosines where it brings its own last layer; it says how a score comes from
them and knows the prior that class weights and counts teach, so that a score can be freed from it. `Weighted`
is for losses of log-odds. To add one: a file here with one `@final class … (Objective)`, and a YAML of the
same name under `conf/task/loss`. `sharpness` is a rule of training around any optimizer, `warm_up` a
schedule.
"""
