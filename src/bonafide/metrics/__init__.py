"""Measures of a countermeasure: each a pure function of the scores of bona fide and of spoof trials.

A score is high when the audio is genuine; a trial is accepted when `score >= threshold`. Rates are fractions,
tied scores count as one operating point, and all arithmetic is float64.

`curve` sorts once; `eer`, `auc`, `dcf`, `cllr`, `ece`, `fixed_points` and `decisions` read what it found, in
forms that end in `_of`, and `summary` gives all of them together. `tdcf`, `adcf` and `teer` are of a
countermeasure joined with speaker verification. `intervals`, `paired`, `trial_tests` and `aggregate` say how
far a figure can be trusted: `bootstrap` draws by the `schemes`, with `weighted` forms of the measures.
`calibration` and `fusion` are fitted on development scores; `localization` asks where the fake is; `running`
remembers scores during training.

To add a measure: a file here with a function `(bonafide, spoof) -> float`, its formula, its source and a
doctest; test it against a reference that is not ours, and log it in training as `Scored(measure)`.
"""
