"""Measures of scores: pure functions of bona fide and spoof scores, high when genuine.

`curve` sorts once, and `eer`, `auc`, `dcf`, `cllr`, `ece`, `fixed_points` and `decisions` read what it found:
their forms ending in `_of` take what is counted already, and `summary` gives all of them from one sorted list.
`tdcf`, `adcf` and `teer` join a countermeasure with speaker verification. `intervals`, `paired`,
`trial_tests` and `aggregate` say how far a figure can be trusted (`bootstrap` draws by the `schemes`, with
`weighted` forms of the measures); `calibration` and `fusion` are fitted on development scores; `localization`
asks where the fake is. `running` brings a measure into a training. To add one: a file here with one function,
its formula, its source and a doctest.
"""
