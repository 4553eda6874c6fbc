"""Hidden states of Whisper's encoder.

Radford et al. (2022), "Robust Speech Recognition via Large-Scale Weak Supervision",
https://arxiv.org/abs/2212.04356. The encoder is that of transformers, and the log-mel input agrees with its
`WhisperFeatureExtractor`, here in torch, on the device and differentiable.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.frontends import sources
from bonafide.frontends.hidden_layers import HiddenLayers, Layers
from bonafide.frontends.pretrained import Pretrained
from bonafide.types import FeatureShape, InputError

SAMPLE_RATE: Final = 16_000
N_FFT: Final = 400
HOP: Final = 160
STRIDE: Final = 2 * HOP  # the second convolution halves the rate
FLOOR: Final = 1e-10  # of the mel energies
RANGE: Final = 8.0  # decades below the loudest that are told apart

_LAYER: Final = re.compile(r"layers\.(\d+)\.")


def _build(source: sources.Source, layers: HiddenLayers) -> nn.Module:
    """The encoder with the layers needed and their weights; the final norm only if it is asked for."""
    from transformers import WhisperConfig  # noqa: PLC0415 - only when this front end is chosen
    from transformers.models.whisper.modeling_whisper import WhisperEncoder  # noqa: PLC0415

    with sources.building(source):
        given = sources.architecture(source.config, WhisperConfig.__annotations__)
        config = WhisperConfig(**{**given, "encoder_layers": layers.depth})
        encoder: nn.Module = WhisperEncoder(config)
    if not layers.final_norm:
        encoder.layer_norm = nn.Identity()

    def unused(key: str) -> bool:
        found = _LAYER.match(key)
        norm = not layers.final_norm and key.startswith("layer_norm.")
        return norm or (found is not None and int(found[1]) >= layers.depth)

    if not source.random:
        sources.fill(encoder, source, unused)
    return encoder


@final
class Whisper(Pretrained):
    """Hidden states of Whisper's encoder, 20 ms apart.

    Whisper hears windows of 30 s, whatever the clip: a shorter one is followed by silence, as in its
    training, and only the clip's own frames are returned; a longer one is heard in windows one after the
    other. Each window is levelled by its own loudest moment. A clip of 4 s therefore costs as much as one of
    30 s.

    Args:
        sample_rate: of the waveforms; Whisper hears 16,000 Hz.
        source: OWNER/NAME on the Hugging Face hub, or a folder with config.json and weights.
        layers: the layer whose output is taken, 0 for what enters the first; a list of them, as channels;
            "weighted", the sum of all with learnt weights; "last", the encoder's output, final norm included.
        frozen: true leaves the encoder as it is, and out of checkpoints; false fine-tunes all of it; a number
            n fine-tunes what lies above layer n (0: all but the convolutions).
        lr_scale: learning rate of the encoder as a fraction of the model's, when it is fine-tuned.
        lr_decay: layer k of n learns at that rate times `lr_decay**(n - k)`; lower ones change less.
        weights: "pretrained", or "random" for the same encoder untrained.
        revision: branch, tag or commit of a hub repository.

    Shape:
        `[batch, time]` → `[batch, channels, hidden, ceil(time / 320)]`.

    Raises:
        InputError: the source cannot be had or is no Whisper, a setting has no meaning, or a clip is empty.
    """

    filters: Tensor
    window: Tensor

    def __init__(
        self,
        sample_rate: int,
        *,
        source: str,
        layers: Layers = "weighted",
        frozen: bool | int = True,
        lr_scale: float = 0.1,
        lr_decay: float = 1.0,
        weights: sources.Weights = "pretrained",
        revision: str | None = None,
    ) -> None:
        if sample_rate != SAMPLE_RATE:
            raise InputError(
                f"{source} hears {SAMPLE_RATE} Hz, not {sample_rate}; set data.sample_rate=16000."
            )
        found = sources.find(source, revision, weights)
        family = found.config.get("model_type")
        if family != "whisper":
            raise InputError(
                f"{source} is a {family}, not a whisper; choose frontend=wav2vec2 or another source."
            )
        chosen = HiddenLayers(layers, available=found.config.get("encoder_layers", 4), name=source)
        encoder = _build(found, chosen)
        super().__init__(
            sample_rate,
            encoder=encoder,
            layers=chosen,
            frozen=frozen,
            lr_scale=lr_scale,
            lr_decay=lr_decay,
            reference=found.reference,
        )
        config: Any = encoder.config
        self.hidden: int = config.d_model
        self.context: int = config.max_source_positions * STRIDE
        self.register_buffer("filters", _filters(config.num_mel_bins), persistent=False)
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)

    def _parts(self) -> tuple[Sequence[nn.Module], Sequence[nn.Module], Sequence[nn.Module]]:
        encoder: Any = self.encoder
        encoder.embed_positions.requires_grad_(requires_grad=False)  # sines, never trained
        return [encoder.conv1, encoder.conv2], [], list(encoder.layers)

    def _norms(self) -> Sequence[nn.Module]:
        return [self.encoder.get_submodule("layer_norm")]

    def shape(self, samples: int) -> FeatureShape:
        """A frame per 320 samples or part of them.

        Raises:
            InputError: the clip is empty.
        """
        if samples < 1:
            raise InputError("a clip of 0 samples holds no audio; use clips of at least one sample.")
        return FeatureShape(self.layers.channels, self.hidden, -(-samples // STRIDE))

    def times(self, samples: int) -> Tensor:
        """Centre of each frame in seconds, `[frames]` float64; the first is centred at the start."""
        return torch.arange(self.shape(samples).frames, dtype=torch.float64) * STRIDE / self.sample_rate

    def padded(self, waveform: Tensor, length: Tensor) -> Tensor:
        """Features of clips of several lengths, in one pass."""
        features: Tensor = self(waveform, length)
        return features

    def forward(self, waveform: Tensor, length: Tensor | None = None) -> Tensor:
        """`[batch, time]` → `[batch, channels, hidden, frames]`.

        Args:
            waveform: clips at 16 kHz.
            length: `[batch]` int64, samples of each clip before it was padded with anything; the whole if
                None. Frames beyond a clip are 0, and its own are those it has alone.

        Raises:
            InputError: a clip is empty, or longer than the waveform that holds it.
        """
        batch, samples = waveform.shape
        frames = self.shape(samples).frames
        place = torch.arange(samples, device=waveform.device)
        if length is not None:
            self.shape(int(length.min()))
            if int(length.max()) > samples:
                raise InputError(f"a clip of {int(length.max())} samples does not fit into {samples}.")
            waveform = torch.where(place < length[:, None], waveform, 0.0)
        waveform = F.pad(waveform.float(), (0, -samples % self.context))
        states = self._states(self.log_mel(waveform.reshape(-1, self.context)))
        # The windows of a clip stand one after the other again.
        states = [state.reshape(batch, -1, self.hidden)[:, :frames] for state in states]
        features: Tensor = self.layers(states)
        if length is not None:
            features = features * (place[:frames] * STRIDE < length[:, None])[:, None, None]
        return features

    def log_mel(self, windows: Tensor) -> Tensor:
        """`[windows, context]` → `[windows, mels, context / 160]`, about −1 to 1."""
        with torch.autocast(windows.device.type, enabled=False):
            spectrum = torch.stft(windows, N_FFT, HOP, window=self.window, return_complex=True)[..., :-1]
            # Not `abs`, whose gradient at silence is not a number on every device.
            energy = self.filters @ torch.view_as_real(spectrum).square().sum(-1)
            decades = energy.clamp(min=FLOOR).log10()
            loudest = decades.amax(dim=(1, 2), keepdim=True)
            return (torch.maximum(decades, loudest - RANGE) + 4) / 4

    def _states(self, mels: Tensor) -> list[Tensor]:
        """What enters the first layer and what leaves each, `[windows, positions, hidden]`."""
        encoder: Any = self.encoder
        hidden = F.gelu(encoder.conv2(F.gelu(encoder.conv1(mels)))).transpose(1, 2)
        hidden = hidden + encoder.embed_positions.weight
        states = [F.dropout(hidden, encoder.dropout, self.encoder.training)]
        for layer in encoder.layers:
            states.append(layer(states[-1], None))
        states[-1] = encoder.layer_norm(states[-1])  # the identity unless asked for
        return states


def _filters(mels: int) -> Tensor:
    """Slaney's triangles of unit area up to 8 kHz, `[mels, frequencies]`."""
    from transformers.audio_utils import mel_filter_bank  # noqa: PLC0415 - only when this front end is chosen

    bank = mel_filter_bank(
        1 + N_FFT // 2, mels, 0.0, SAMPLE_RATE / 2, SAMPLE_RATE, norm="slaney", mel_scale="slaney"
    )
    return torch.from_numpy(bank.T.copy()).float()
