"""What training does to clips and features at random.

An `Augmentation` changes waveforms, a `FeatureAugmentation` what a front end made of them. Each draws all its
randomness in one place, on the CPU, and applies it in a pure function, so that a seed gives the same result
on any device. `Chain` puts several in order. What computes in batches runs on the device in the training
step; what works file by file (`codec`, `phone`, `silence`, noise and rooms from a folder) in the loader.
To add one: a file here with a `@final class … (Augmentation)`, and `conf/augment/<name>.yaml` that names it.
"""
