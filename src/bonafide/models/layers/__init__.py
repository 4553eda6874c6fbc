"""Layers that more than one model reads with.

A layer takes sizes, not shapes of features, and leaves it to its model to refuse what cannot be read, with a
remedy. To add one: a file here that at least two models import; a layer of one model stays in that model's
file.
"""
