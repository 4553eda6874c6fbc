"""From a file on disk to a waveform.

`files` reads, resamples and inspects recordings of any common format; `frames` is the one place where seconds
become samples; `clip` cuts and repeats; `resample` names the resamplers. Below them, `sndfile` and `ffmpeg`
decode, and `recording` chooses between the two.
To add a format that neither knows: a file here with one `@final class … (Decoder)`, named in `recording`.
"""
