"""What sets the systems of a corpus apart: numbers, spectra and fingerprints of each, and how they sound.

A `profile` of every clip is added up in a `tally`, in `chunks` that are kept; `comparison` sets each system
against its own bona fide recordings, `audible` turns a difference back into sound, and `page` shows it all.

To add a number: a function of `[batch, time]` in `statistics`, and a line in `profile.NUMBERS`.
"""
