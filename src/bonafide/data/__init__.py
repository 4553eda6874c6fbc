"""From a corpus to batches.

`manifest` lists a corpus once and remembers what its files hold; `split` says which utterance is for
training; `selection` which systems are seen and what each test group holds; `clips` cuts the waveforms;
`order` decides who reads what when; `module` is the one LightningDataModule that ties them together.
A new data set is a new corpus (see `bonafide.corpora`), not a new data module.
"""
