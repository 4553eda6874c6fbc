"""From features to logits.

A `Model` is told the shape of the features, sizes itself by it and answers with one logit (high for bona
fide) or two (spoof, bona fide); what it cannot read, it refuses with the remedy. `rawnet2` and `aasist` read
waveforms; `lcnn`, `lcnn_blstm`, `dcnn`, `regression`, `sequential`, `tcn` and `ast` time-frequency images;
`w2v2_aasist` and `partialfake` the hidden states of an encoder; `gmm` cepstra, frame by frame. `published`
reads the weights that authors released. To add a model: a file here with small named blocks above one
`@final class … (Network)`, and `conf/model/<name>.yaml` that names it and its front end; blocks that two
models share go to `layers`.
"""
