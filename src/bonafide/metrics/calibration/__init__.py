"""What turns scores into log-likelihood ratios, probabilities and decisions, and is fitted on other trials.

A detector ranks recordings; a calibration makes its numbers mean something. Fit on development trials,
freeze, apply to the test:

```python
application = Application(prior=0.05, miss=1, false_alarm=10)
calibration = Affine.fit(dev.bonafide, dev.spoof, prior=application.effective_prior)
llr = calibration.apply(test.score)
application.spoof_probability(llr), llr >= application.threshold
```

`affine`, `temperature` and `isotonic` are calibrations, `threshold` a decision carried from one set to
another, `application` the costs and priors, `log_odds` what to do with probabilities first. Fitting on the
trials that are reported makes the report worthless.

To add a calibration: write `mine.py` here with a frozen dataclass that is a `Fitted` and has a `fit`.
"""
