"""From features to logits.

A `Model` is told the shape of the features, sizes itself by it and answers with one logit (high for bona
fide) or two (spoof, bona fide); what it cannot read, it refuses with the remedy. `rawnet2` reads waveforms,
`lcnn` time-frequency images. To add one: a file here with small named blocks above one
`@final class … (Model)`, and `conf/model/<name>.yaml` that names it and its front end; blocks that two models
share go to a folder `layers`.
"""
