"""What is learned and how: the LightningModules.

A task ties a front end, a model and a loss together, logs measures while it trains, and leaves behind the
score of every trial. It keeps what a countermeasure needs beside its weights (decision threshold,
training prior, normalization) in buffers, so that a checkpoint is complete.
To add one, write a LightningModule with one `step`, and a YAML of the same name under `conf/task`.
"""
