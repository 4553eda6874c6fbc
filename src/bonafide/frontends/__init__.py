"""From waveforms to features.

A `Frontend` turns `[batch, time]` into `[batch, channels, bins, frames]` on the device, inside the step, and
announces its shape for any clip, so that no model size is ever written down. `raw` hands the waveform on;
`spectrogram`, `cepstrum`, `constant_q`, `iirt`, `chroma` and `wavelet_packets` compute; `transformer`,
`whisper`, `eat` and `fairseq` are encoders that were trained before; `image`, `memo` and `standardize` wrap
any other.
To add one: a file here with one `@final class … (Frontend)`, and `conf/frontend/<name>.yaml` that names it.
"""
