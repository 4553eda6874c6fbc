"""Measures of localization: where in a recording is the fake?

`timeline` says what a test hands over; measures of regions (`segment_f1`, `event_f1`) read true and detected
`Regions`, measures of frames and of time (`frame_eer`, `range_eer`, `thresholded`) read `Timelines`. `tape`,
`labels`, `resolution` and `runs` lead from one to the other, `counts` turns counts into rates. Spoof is the
class that is looked for; a frame's score is high when it is genuine, and it is accepted iff
`score >= threshold`.

To add a measure: write it here as a function of `Timelines` or of two `Regions`, with its formula and a
doctest, and test it against a reference that is not ours.
"""
