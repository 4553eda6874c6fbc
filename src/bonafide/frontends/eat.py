"""EAT, an encoder pre-trained on AudioSet, as a front end.

Chen et al. (2024), "EAT: Self-Supervised Pre-Training with Efficient Audio Transformer",
https://arxiv.org/abs/2401.03497; as a front end for general audio: Xie et al. (2024), "FakeSound: Deepfake
General Audio Detection", https://arxiv.org/abs/2406.08052.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, cast, final, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.frontends import eat_weights
from bonafide.frontends.eat_encoder import BANDS, PATCH, EATEncoder
from bonafide.frontends.eat_filterbank import FRAME, HOP, SAMPLE_RATE, KaldiFilterbank
from bonafide.frontends.hidden_layers import HiddenLayers, Layers
from bonafide.frontends.legend import Legend
from bonafide.frontends.pretrained import Pretrained
from bonafide.types import FeatureShape, InputError

Output = Literal["frames", "mean", "tokens", "clip"]
Padding = Literal["before", "after", "none"]

MEAN: Final = -4.268  # of the filter bank over AudioSet
DEVIATION: Final = 4.569  # the encoder was trained on features divided by twice this
_TOKEN: Final = 320  # samples of a token read as a frame of 20 ms


def normalize(rows: Tensor) -> Tensor:
    """`(rows − mean) / (2 deviation)`, with the figures of the pre-training.

    >>> round(normalize(torch.zeros(())).item(), 6)
    0.467061
    """
    return (rows - MEAN) / (2 * DEVIATION)


@final
class EAT(Pretrained):
    """What EAT hears: a filter bank cut into patches of 160 ms × 16 mel bins, each described in its context.

    The encoder resolves time in steps of 160 ms, and every step holds eight patches, one a band. FakeSound
    reads the patches in their stored order as if they were consecutive frames of 20 ms (`output="tokens"`):
    right on average, but within a step the order is frequency, not time.

    A clip longer than the window is cut into windows that do not hear one another; a shorter one is filled
    up. Frames of the filling are not handed on.

    Args:
        sample_rate: of the waveforms, in Hz; the encoder only knows 16,000.
        source: the weights: a fairseq checkpoint (`.pt`), a `.safetensors` or `pytorch_model.bin`, a folder
            that holds one, or a repository on Hugging Face such as `worstchan/EAT-base_epoch30_pretrain`.
        output: `"frames"` joins the eight bands of a step, lowest first, and loses nothing; `"mean"` averages
            them, which is eight times smaller; `"tokens"` reads patches as frames of 20 ms, as published;
            `"clip"` gives the one vector that describes a whole window.
        layers: `"last"`, the number of a block (0 is what enters the first), several as channels, or
            `"weighted"` to learn a mixture of all. Lower blocks hear more of the signal and less of its
            meaning, and cost less: those above the highest wanted are neither kept nor run.
        window_seconds: what the encoder hears at once, in seconds, a multiple of 0.16; it was trained on
            10.24. Half of it is enough for clips of 5 s and costs less than half.
        padding: how a shorter clip is filled up. `"before"` appends zeros before normalizing, which become
            0.467, as in pre-training; `"after"` appends zeros afterwards, the level of average audio;
            `"none"` fills only the last patch (as `"before"` would), so that no attention goes to padding,
            and is fastest.
        frozen: true leaves the encoder as it is, and out of checkpoints; false fine-tunes all of it; a number
            n trains its blocks above the n-th, and with 0 all but the patches' projection.
        lr_scale: learning rate of the encoder as a fraction of the model's, when it is fine-tuned.
        lr_decay: layer k of n learns at that rate times `lr_decay**(n - k)`; lower ones change less.
        repeat: how often a step of 160 ms is handed on, so that a model can answer in finer ones: with 8, in
            frames of 20 ms. Nothing is heard more finely by it.

    Shape:
        `[batch, time]` → `[batch, 1, 8 * width, steps]` for `"frames"`, `[batch, 1, width, steps]` for
        `"mean"`, one step for every 16 rows of the filter bank, begun ones too; with `repeat` as many frames
        as end within the clip;
        `[batch, 1, width, max(1, time // 320)]` for `"tokens"`; `[batch, 1, width, windows]` for `"clip"`.
        The width is 768 in base and 1024 in large; several `layers` are as many channels.

    Raises:
        InputError: no weights are named, or they are not of EAT; a setting has no meaning; or a clip is
            shorter than 25 ms.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        source: str,
        output: Output = "frames",
        layers: Layers = "last",
        window_seconds: float = 10.24,
        padding: Padding = "before",
        frozen: bool | int = True,
        lr_scale: float = 0.1,
        lr_decay: float = 1.0,
        repeat: int = 1,
    ) -> None:
        if sample_rate != SAMPLE_RATE:
            raise InputError(f"EAT hears audio of {SAMPLE_RATE} Hz; set data.sample_rate={SAMPLE_RATE}")
        if not source:
            raise InputError("EAT is nothing without its weights; name them with frontend.source=FILE")
        _check("output", output, get_args(Output))
        _check("padding", padding, get_args(Padding))
        if repeat < 1 or (repeat > 1 and output not in {"frames", "mean"}):
            raise InputError(
                f"frontend.repeat={repeat} repeats steps of 160 ms; choose 1 to 8 with "
                "frontend.output=frames or mean, or 1"
            )
        steps = window_seconds * SAMPLE_RATE / HOP / PATCH
        if steps < 1 or abs(steps - round(steps)) > 1e-6:
            raise InputError(
                f"frontend.window_seconds={window_seconds:g} is not a multiple of 0.16 s; use 10.24 or 5.12"
            )
        encoder, digest = eat_weights.load(source, steps=round(steps))
        chosen = HiddenLayers(layers, available=len(encoder.blocks), name="EAT")
        encoder.blocks = encoder.blocks[: chosen.depth]
        super().__init__(
            sample_rate,
            encoder=encoder,
            layers=chosen,
            frozen=frozen,
            lr_scale=lr_scale,
            lr_decay=lr_decay,
            reference=digest,
        )
        # The token of the whole is neither of the patches nor of the blocks.
        encoder.token.requires_grad_(not frozen)
        self.width = encoder.width
        self.output = output
        self.padding = padding
        self.repeat = repeat
        self.steps = round(steps)
        self.filterbank = KaldiFilterbank()

    def _parts(self) -> tuple[Sequence[nn.Module], Sequence[nn.Module], Sequence[nn.Module]]:
        encoder = cast("EATEncoder", self.encoder)
        return [encoder.patch], [encoder.norm], [*encoder.blocks]

    def shape(self, samples: int) -> FeatureShape:
        """See the class.

        Raises:
            InputError: the clip is shorter than one frame of the filter bank, 25 ms.
        """
        if samples < FRAME:
            found = f"a clip of {samples} samples is shorter than one frame of {FRAME}"
            raise InputError(f"{found}; lengthen data.clip_seconds.")
        bins = self.width * (BANDS if self.output == "frames" else 1)
        return FeatureShape(self.layers.channels, bins, int(self._frames(torch.tensor(samples))))

    def times(self, samples: int) -> Tensor:
        """Centre of the audio in each frame, in seconds, `[frames]` float64; of 20 ms each for `"tokens"`."""
        frames = self.shape(samples).frames
        place = torch.arange(frames, dtype=torch.float64)
        if self.output == "tokens":
            return (place + 0.5) * _TOKEN / SAMPLE_RATE
        if self.repeat > 1:
            return (place + 0.5) * PATCH * HOP / self.repeat / SAMPLE_RATE
        # Rows in a frame; the last one may have fewer.
        length = PATCH * (self.steps if self.output == "clip" else 1)
        first = place * length
        last = (first + length - 1).clamp(max=KaldiFilterbank.frames(samples) - 1)
        return ((first + last) * HOP + FRAME) / 2 / SAMPLE_RATE

    @property
    def resolution(self) -> float:
        """160 ms, however patches are read."""
        return PATCH * HOP / SAMPLE_RATE

    def legend(self) -> Legend:
        """Hidden units; those of the eight bands one above the other, if they are joined."""
        legend = super().legend()
        if self.output != "frames":
            return legend
        return legend._replace(marks=tuple((band * self.width, f"band {band + 1}") for band in range(BANDS)))

    def padded(self, waveform: Tensor, length: Tensor) -> Tensor:
        """Features of clips of several lengths, in one pass."""
        features: Tensor = self(waveform, length)
        return features

    def forward(self, waveform: Tensor, length: Tensor | None = None) -> Tensor:
        """`[batch, time]` → `[batch, channels, bins, frames]`, float32; autocast is for the encoder alone.

        Args:
            waveform: clips at 16 kHz.
            length: `[batch]` int64, samples of each clip before it was padded with anything; the whole if
                None. Frames beyond a clip are 0, and its own are those it has alone.

        Raises:
            InputError: a clip is shorter than 25 ms, or longer than the waveform that holds it.
        """
        samples = waveform.shape[-1]
        frames = self.shape(samples).frames
        if length is not None:
            self.shape(int(length.min()))
            if int(length.max()) > samples:
                raise InputError(f"a clip of {int(length.max())} samples does not fit into {samples}.")
        rows = self._rows(waveform, length)  # [batch, rows, 128]
        heard = None
        if length is not None and self.padding == "none":
            heard = _within(self._needed(length), rows.shape[1] // PATCH)
        steps = -(-frames // self.repeat)
        states = [self._arranged(windows)[:, :steps] for windows in self._states(rows, heard)]
        features: Tensor = self.layers(states).float()
        if self.repeat > 1:
            features = features.repeat_interleave(self.repeat, dim=-1)[..., :frames]
        return features if length is None else features * _within(self._frames(length), frames)[:, None, None]

    def _states(self, rows: Tensor, heard: Tensor | None) -> Iterator[tuple[Tensor, ...]]:
        """What enters the first block and what leaves each, `[batch, windows, 1 + tokens, width]`.

        Whole windows go through the encoder together, and a shorter one at the end by itself.
        """
        batch, window = len(rows), self.steps * PATCH
        whole = rows.shape[1] // window * window
        parts = []
        if whole:
            mask = None if heard is None else heard[:, : whole // PATCH].reshape(-1, self.steps)
            states = self.encoder(rows[:, :whole].reshape(-1, window, rows.shape[2]), mask)
            parts.append([state.reshape(batch, -1, *state.shape[1:]) for state in states])
        if whole < rows.shape[1]:
            mask = None if heard is None else heard[:, whole // PATCH :]
            parts.append([state[:, None] for state in self.encoder(rows[:, whole:], mask)])
        return zip(*parts, strict=True)

    def _arranged(self, windows: Sequence[Tensor]) -> Tensor:
        """`[batch, windows, 1 + tokens, width]` of long and short windows → `[batch, frames, bins]`."""
        if self.output == "clip":
            return torch.cat([part[:, :, 0] for part in windows], dim=1)
        tokens = torch.cat([part[:, :, 1:].flatten(1, 2) for part in windows], dim=1)
        if self.output == "tokens":
            return tokens
        grid = tokens.reshape(len(tokens), -1, BANDS, tokens.shape[2])
        return grid.flatten(2) if self.output == "frames" else grid.mean(dim=2)

    def _needed(self, samples: Tensor) -> Tensor:
        """Patches in time that hold a clip; read as frames of 20 ms, one more may be asked for."""
        steps = -(-((samples - FRAME) // HOP + 1) // PATCH)
        return torch.maximum(steps, -(-(samples // _TOKEN) // BANDS)) if self.output == "tokens" else steps

    def _frames(self, samples: Tensor) -> Tensor:
        """Frames of a clip of so many samples."""
        if self.output == "tokens":
            return (samples // _TOKEN).clamp(min=1)
        steps = self._needed(samples)
        if self.output == "clip":
            return -(-steps // self.steps)
        if self.repeat == 1:
            return steps
        return torch.minimum(steps * self.repeat, (samples * self.repeat // (PATCH * HOP)).clamp(min=1))

    def _rows(self, waveform: Tensor, length: Tensor | None = None) -> Tensor:
        """The normalized filter bank, filled up to whole windows or patches: `[batch, rows, 128]`."""
        rows: Tensor = self.filterbank(waveform)
        steps = int(self._needed(torch.tensor(waveform.shape[-1])))
        if self.padding != "none":
            steps = -(-steps // self.steps) * self.steps
        missing = (0, 0, 0, steps * PATCH - rows.shape[1])
        own = None if length is None else _within((length - FRAME) // HOP + 1, rows.shape[1])[..., None]
        if self.padding == "after":
            rows = normalize(rows)
            return F.pad(rows if own is None else torch.where(own, rows, 0.0), missing)
        return normalize(F.pad(rows if own is None else torch.where(own, rows, 0.0), missing))


def _within(count: Tensor, size: int) -> Tensor:
    """`[batch]` → `[batch, size]`: true at the first `count` places."""
    return torch.arange(size, device=count.device) < count[:, None]


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(f"frontend.{name}={value} is not one of {', '.join(known)}")
