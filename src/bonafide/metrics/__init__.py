"""Measures of a countermeasure: each a pure function of the scores of bona fide and of spoof trials.

A score is high when the audio is genuine; a trial is accepted when `score >= threshold`. Rates are fractions,
tied scores count as one operating point, and all arithmetic is float64. `curve` holds the operating points
that the others read, `intervals` their uncertainty, `running` the shell that remembers scores during
training.

To add a measure: write `measures.py` here with a function `(bonafide, spoof) -> float`, its formula and a
doctest, test it against a reference that is not ours, and log it in training as `Scored(measure)`.
"""
