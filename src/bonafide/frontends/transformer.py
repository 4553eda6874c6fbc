"""Hidden states of speech encoders that read the waveform: wav2vec 2.0, XLS-R, HuBERT and WavLM.

Baevski et al. (2020), "wav2vec 2.0", https://arxiv.org/abs/2006.11477; Babu et al. (2021), "XLS-R",
https://arxiv.org/abs/2111.09296; Hsu et al. (2021), "HuBERT", https://arxiv.org/abs/2106.07447; Chen et al.
(2021), "WavLM", https://arxiv.org/abs/2110.13900. The encoders are those of transformers; here they are cut
to the layers needed, and a clip's features do not depend on what it is padded with or who is in its batch.
"""

import re
import warnings
from collections.abc import Sequence
from typing import Any, Final, final

import torch
from torch import Tensor, nn

from bonafide.frontends import sources, stem
from bonafide.frontends.hidden_layers import HiddenLayers, Layers
from bonafide.frontends.pretrained import Pretrained
from bonafide.frontends.stem import Stem, within
from bonafide.types import FeatureShape, InputError

FAMILIES: Final = ("wav2vec2", "hubert", "wavlm")

_LAYER: Final = re.compile(r"encoder\.layers\.(\d+)\.")


def _build(source: sources.Source, layers: HiddenLayers) -> nn.Module:
    """The encoder with the layers needed and their weights; the final norm only if it is asked for.

    SpecAugment's embedding is left out: nothing is masked here.
    """
    from transformers import AutoConfig, AutoModel  # noqa: PLC0415 - only when this front end is chosen

    family = source.config["model_type"]
    stable = bool(source.config.get("do_stable_layer_norm", False))
    without_norm = stable and not layers.final_norm
    own = {"num_hidden_layers": layers.depth, "mask_time_prob": 0.0, "mask_feature_prob": 0.0}
    given = sources.architecture(source.config, type(AutoConfig.for_model(family)).__annotations__)
    given.pop("add_adapter", None)  # behind the encoder
    with sources.building(source):
        config = AutoConfig.for_model(family, **{**given, **own})
        attention = "eager" if family == "wavlm" else "sdpa"  # transformers has no other for WavLM
        make: Any = AutoModel.from_config
        encoder: nn.Module = make(config, attn_implementation=attention, dtype=torch.float32)
    if without_norm:
        encoder.get_submodule("encoder").layer_norm = nn.Identity()

    def unused(key: str) -> bool:
        found = _LAYER.match(key)
        too_high = found is not None and int(found[1]) >= layers.depth
        norm = without_norm and key.startswith("encoder.layer_norm.")
        return too_high or norm or key == "masked_spec_embed"

    if not source.random:
        sources.fill(encoder, source, unused)
    return encoder


@final
class Transformer(Pretrained):
    """Hidden states of a pre-trained speech encoder: 20 ms apart, 1024 wide for the large models.

    Layers above the highest one needed are not even built. With `length`, padding counts for nothing: not for
    the normalization, not for the group norm of the first convolution (whose statistics transformers takes
    over the padding too), and not for the attention.

    Args:
        sample_rate: of the waveforms; these encoders hear 16,000 Hz.
        source: OWNER/NAME on the Hugging Face hub, a folder with config.json and weights, or a fairseq .pt.
        layers: the layer whose output is taken, 0 for what enters the first; a list of them, as channels;
            "weighted", the sum of all with learnt weights; "last", the encoder's output, final norm included.
            Middle layers tell the most about how speech was made, upper ones about what was said.
        frozen: true leaves the encoder as it is, and out of checkpoints; false fine-tunes all of it; a number
            n fine-tunes what lies above layer n (0: all but the convolutions).
        lr_scale: learning rate of the encoder as a fraction of the model's, when it is fine-tuned.
        lr_decay: layer k of n learns at that rate times `lr_decay**(n - k)`; lower ones change less.
        normalize: brings each clip to mean 0 and variance 1 as transformers does (epsilon 1e-7), as fairseq
            does (1e-5), or not at all ("none"); as the encoder was trained.
        weights: "pretrained", or "random" for the same encoder untrained: how much is the pre-training worth?
        revision: branch, tag or commit of a hub repository.

    Shape:
        `[batch, time]` → `[batch, channels, hidden, frames]`, a frame per 320 samples from the 400th on.

    Raises:
        InputError: the source cannot be had or is no such encoder, a setting has no meaning, or a clip is
            shorter than one frame.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        source: str,
        layers: Layers = "weighted",
        frozen: bool | int = True,
        lr_scale: float = 0.1,
        lr_decay: float = 1.0,
        normalize: stem.Normalization = "transformers",
        weights: sources.Weights = "pretrained",
        revision: str | None = None,
    ) -> None:
        stem.check(source, sample_rate, normalize)
        found = sources.find(source, revision, weights)
        family = found.config.get("model_type")
        if family not in FAMILIES:
            raise InputError(
                f"{source} is a {family}, not one of {', '.join(FAMILIES)}; choose another source."
            )
        chosen = HiddenLayers(layers, available=found.config.get("num_hidden_layers", 12), name=source)
        if found.normalized is not None and found.normalized != (normalize != "none"):
            trained, remedy = ("", "transformers") if found.normalized else ("not ", "none")
            warnings.warn(
                f"{source} was trained on clips that were {trained}normalized; "
                f"consider frontend.normalize={remedy}",
                stacklevel=2,
            )
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
        self.family: str = family
        self.normalize = normalize
        self.hidden: int = config.hidden_size
        self.stem = Stem(tuple(config.conv_kernel), tuple(config.conv_stride))
        self.group_norm = config.feat_extract_norm == "group"
        self.stable: bool = config.do_stable_layer_norm

    def _parts(self) -> tuple[Sequence[nn.Module], Sequence[nn.Module], Sequence[nn.Module]]:
        encoder: Any = self.encoder
        above = [encoder.feature_projection, encoder.encoder.pos_conv_embed]
        if not encoder.config.do_stable_layer_norm:
            above.append(encoder.encoder.layer_norm)
        return [encoder.feature_extractor], above, list(encoder.encoder.layers)

    def _norms(self) -> Sequence[nn.Module]:
        encoder: Any = self.encoder
        return [encoder.encoder.layer_norm] if encoder.config.do_stable_layer_norm else []

    def shape(self, samples: int) -> FeatureShape:
        """By the arithmetic of the convolutions, which pad nothing.

        Raises:
            InputError: the clip is shorter than one frame.
        """
        return FeatureShape(self.layers.channels, self.hidden, self.stem.frames(samples))

    def times(self, samples: int) -> Tensor:
        """Centre of what the convolutions see for each frame in seconds, `[frames]` float64."""
        return self.stem.times(samples)

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
            InputError: a clip is shorter than one frame.
        """
        samples = waveform.shape[-1]
        frames = self.stem.frames(samples)
        if length is not None:
            self.stem.frames(int(length.min()))
            if int(length.max()) > samples:
                raise InputError(f"a clip of {int(length.max())} samples does not fit into {samples}.")
        clip = stem.normalized(waveform, length, self.normalize)
        hidden, length = self._convolved(clip, length)
        own = None if length is None else within(length, frames)
        features: Tensor = self.layers(self._states(hidden, own))
        return features if own is None else features * own[:, None, None]

    def _convolved(self, waveform: Tensor, length: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """`[batch, time]` → `[batch, frames, channels]`, and the frames of each clip."""
        encoder: Any = self.encoder
        hidden = waveform[:, None]
        layers = zip(encoder.feature_extractor.conv_layers, *self.stem, strict=True)
        for index, (layer, kernel, stride) in enumerate(layers):
            if length is not None:
                length = torch.div(length - kernel, stride, rounding_mode="floor") + 1
            if index == 0 and self.group_norm and length is not None:
                hidden = layer.activation(self._group_normed(layer.conv(hidden), length, layer.layer_norm))
            else:
                hidden = layer(hidden)
        return hidden.transpose(1, 2), length

    def _group_normed(self, hidden: Tensor, length: Tensor, norm: nn.GroupNorm) -> Tensor:
        """The group norm, whose groups are single channels, over the own frames of each clip."""
        own = within(length, hidden.shape[-1])[:, None]
        count = length[:, None, None]
        with torch.autocast(hidden.device.type, enabled=False):
            hidden = hidden.float()
            mean = torch.where(own, hidden, 0.0).sum(-1, keepdim=True) / count
            centred = torch.where(own, hidden - mean, 0.0)
            scale = torch.rsqrt(centred.square().sum(-1, keepdim=True) / count + norm.eps)
            return centred * scale * norm.weight[:, None] + norm.bias[:, None]

    def _states(self, hidden: Tensor, own: Tensor | None) -> list[Tensor]:
        """What enters the first layer and what leaves each, `[batch, frames, hidden]`.

        Args:
            hidden: `[batch, frames, channels]` of the convolutions.
            own: `[batch, frames]`, true where a frame belongs to its clip.
        """
        encoder: Any = self.encoder
        projected = encoder.feature_projection(hidden)
        hidden = projected if self.family == "hubert" else projected[0]
        if own is not None:
            hidden = hidden * own[..., None]
        stack = encoder.encoder
        hidden = hidden + stack.pos_conv_embed(hidden)
        if not self.stable:
            hidden = stack.layer_norm(hidden)
        states = [stack.dropout(hidden)]
        if self.family == "wavlm":
            self._through_wavlm(stack.layers, states, own)
        else:
            attended = None if own is None else own[:, None, None]  # of every head and every query
            for layer in stack.layers:
                states.append(layer(states[-1], attention_mask=attended))
        if self.stable:
            states[-1] = stack.layer_norm(states[-1])  # the identity unless asked for
        return states

    def _through_wavlm(self, layers: nn.ModuleList, states: list[Tensor], own: Tensor | None) -> None:
        """WavLM's layers hand the relative positions on, which its first one computes."""
        bias = None
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Support for mismatched key_padding_mask")  # of transformers
            for layer in layers:
                hidden, bias = layer(states[-1], attention_mask=own, position_bias=bias)
                states.append(hidden)
