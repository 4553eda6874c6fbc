"""What a localization run leaves: where each recording was called fake, how well, and something to hear.

`joining` lays the windows of a recording behind each other; an `outcome` is what is then known of a test
group. `segments` and `frames` are its two files beside the score table, `measures` its numbers, with
`resampling` behind their intervals and `joint` over groups that share recordings. `choosing` picks clips;
`tables` and `section` make a part of the report of what was `found`.

To add a measure: write it in `bonafide.metrics.localization`, give it a line in `measures`, one in `words`.
"""
