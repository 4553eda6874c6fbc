"""From waveforms to features.

A `Frontend` turns `[batch, time]` into `[batch, channels, bins, frames]` on the device, inside the step, and
announces its shape for any clip, so that no model size is ever written down. `raw` hands the waveform on,
`cepstrum` holds MFCC and LFCC; `standardize` wraps any other front end and gives every bin mean 0 and
deviation 1 over the training clips. To add one: a file here with one `@final class … (Frontend)`, and
`conf/frontend/<name>.yaml` that names it.
"""
