"""Where the demo corpus comes from: speech-like sound, made again in seven ways.

A sentence (`phones`) is spoken (`speech`) in a room (`scene`); `resynthesis` makes it again with what
`analysis` measured; `finish` gives all versions the same length, level and noise floor. To add a spoofing
system, write a function `(wave, rate, rng) -> wave` in `resynthesis` and name it in `METHODS`.
"""
