"""What a detector listens to: attributions of its answer to its input, and whether they can be trusted.

An `attribution` by `gradients`, `blur`, `occlusion` or `deep_lift` says how much each part of the features
or the waveform adds to an `answer`, against one of the `baselines`; `faithfulness` takes the parts away and
watches the answer. To add a method: an `Attribution` in a file here, and `conf/attribute/NAME.yaml`.
"""
