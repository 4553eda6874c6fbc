"""wav2vec 2.0 and XLS-R as fairseq itself computes them, for comparison with published results.

Ott et al. (2019), "fairseq", https://arxiv.org/abs/1904.01038; needs the extra `bonafide[fairseq]`. fairseq's
own loader would run what a checkpoint holds and evaluate its settings as Python; here the model is built from
checked settings and given weights that `fairseq_file` read.
"""

import dataclasses
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, final

from torch import Tensor, nn

from bonafide.frontends import fairseq_file, fairseq_keys, sources, stem
from bonafide.frontends.hidden_layers import HiddenLayers, Layers
from bonafide.frontends.pretrained import Pretrained
from bonafide.types import FeatureShape, InputError

ARCHITECTURE: Final = {
    "activation_dropout",
    "activation_fn",
    "attention_dropout",
    "conv_bias",
    "conv_pos",
    "conv_pos_groups",
    "dropout",
    "dropout_input",
    "encoder_attention_heads",
    "encoder_embed_dim",
    "encoder_ffn_embed_dim",
    "extractor_mode",
    "layer_norm_first",
    "required_seq_len_multiple",
}
"""Settings taken from the file; the others are about pre-training, or are given below."""

_LAYER: Final = re.compile(r"encoder\.layers\.(\d+)\.")


@contextmanager
def _quietly() -> Iterator[None]:
    """The package warns of torch's changes and turns on every logger's debugging output."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)


def _build(config: dict[str, Any], layers: HiddenLayers, place: str) -> nn.Module:
    """The package's own model with the layers needed; the final norm only if it is asked for."""
    convolutions = config.get("conv_feature_layers") or fairseq_keys.WAV2VEC
    own = {
        "conv_feature_layers": str(
            fairseq_keys.convolutions(str(convolutions), place)
        ),  # fairseq evaluates it
        "encoder_layers": layers.depth,
        "encoder_layerdrop": 0.0,
        "quantize_targets": False,
        "feature_grad_mult": 1.0,
    }
    try:
        with _quietly():
            from fairseq.models.wav2vec.wav2vec2 import Wav2Vec2Config, Wav2Vec2Model  # noqa: PLC0415 - seconds

            names = {field.name for field in dataclasses.fields(Wav2Vec2Config)}
            given = {name: config[name] for name in ARCHITECTURE & names & config.keys()}
            model: Any = Wav2Vec2Model(Wav2Vec2Config(**{**given, **own}))
    except ImportError as error:
        raise InputError(
            f'fairseq cannot be imported ({error}); run: pip install "bonafide[fairseq]", '
            "or use frontend=wav2vec2, which reads the same file"
        ) from error
    except (AssertionError, TypeError, ValueError, RuntimeError, KeyError) as error:
        raise InputError(f"fairseq cannot build the model of {place}: {error!r}") from error
    model.remove_pretraining_modules()
    model.mask_emb.requires_grad_(requires_grad=False)  # nothing is masked here
    if model.encoder.layer_norm_first and not layers.final_norm:
        model.encoder.layer_norm = nn.Identity()
    encoder: nn.Module = model
    return encoder


@final
class Fairseq(Pretrained):
    """Hidden states of the real fairseq `Wav2Vec2Model`, from a fairseq checkpoint.

    Agrees with `Transformer` on the same file to rounding; take that one unless the point is to run fairseq.

    Args:
        sample_rate: of the waveforms; these encoders hear 16,000 Hz.
        source: a fairseq .pt of wav2vec 2.0 or XLS-R.
        layers: the layer whose output is taken, 0 for what enters the first; a list of them, as channels;
            "weighted", the sum of all with learnt weights; "last", the encoder's output, final norm included.
        frozen: true leaves the encoder as it is, and out of checkpoints; false fine-tunes all of it; a number
            n fine-tunes what lies above layer n (0: all but the convolutions).
        lr_scale: learning rate of the encoder as a fraction of the model's, when it is fine-tuned.
        normalize: brings each clip to mean 0 and variance 1 as fairseq does (epsilon 1e-5), as transformers
            does (1e-7), or not at all ("none"); as the encoder was trained.

    Shape:
        `[batch, time]` → `[batch, channels, hidden, frames]`, a frame per 320 samples from the 400th on.

    Raises:
        InputError: fairseq is not installed, the source is no such checkpoint, a setting has no meaning, or a
            clip is shorter than one frame.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        source: str,
        layers: Layers = "weighted",
        frozen: bool | int = True,
        lr_scale: float = 0.1,
        normalize: stem.Normalization = "fairseq",
    ) -> None:
        stem.check(source, sample_rate, normalize)
        path = Path(source).expanduser()
        file = fairseq_file.read(path)
        settings = fairseq_keys.settings(file.config, source)
        if settings["model_type"] != "wav2vec2":
            raise InputError(
                f"{source} is a {settings['model_type']}, which fairseq lacks; use frontend=wavlm."
            )
        chosen = HiddenLayers(layers, available=settings["num_hidden_layers"], name=source)
        if chosen.depth == 0:
            raise InputError(
                "fairseq computes at least one layer; choose frontend.layers from 1 on, or a list."
            )
        encoder: Any = _build(file.config, chosen, source)
        reference = sources.digest([path])

        def unused(key: str) -> bool:
            found = _LAYER.match(key)
            too_high = found is not None and int(found[1]) >= chosen.depth
            norm = not chosen.final_norm and encoder.encoder.layer_norm_first
            return too_high or (norm and key.startswith("encoder.layer_norm."))

        def weights(wanted: Any) -> dict[str, Tensor]:
            kept = {
                key: value for key, value in file.state.items() if not fairseq_keys.DROPPED.fullmatch(key)
            }
            bare = {fairseq_keys.bare(key): value for key, value in kept.items()}
            return {key: value for key, value in bare.items() if wanted(key)}

        sources.fill(encoder, sources.Source(source, {}, None, weights, reference), unused)
        super().__init__(
            sample_rate,
            encoder=encoder,
            layers=chosen,
            frozen=frozen,
            lr_scale=lr_scale,
            reference=reference,
        )
        self.normalize = normalize
        self.hidden: int = settings["hidden_size"]
        self.stem = stem.Stem(tuple(settings["conv_kernel"]), tuple(settings["conv_stride"]))

    def _parts(self) -> tuple[Sequence[nn.Module], Sequence[nn.Module], Sequence[nn.Module]]:
        model: Any = self.encoder
        between = [model.layer_norm, model.encoder.pos_conv]
        if model.post_extract_proj is not None:
            between.append(model.post_extract_proj)
        if not model.encoder.layer_norm_first:
            between.append(model.encoder.layer_norm)
        return [model.feature_extractor], between, list(model.encoder.layers)

    def shape(self, samples: int) -> FeatureShape:
        """By the arithmetic of the convolutions, which pad nothing.

        Raises:
            InputError: the clip is shorter than one frame.
        """
        return FeatureShape(self.layers.channels, self.hidden, self.stem.frames(samples))

    def times(self, samples: int) -> Tensor:
        """Centre of what the convolutions see for each frame in seconds, `[frames]` float64."""
        return self.stem.times(samples)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, channels, hidden, frames]`."""
        frames = self.stem.frames(waveform.shape[-1])
        model: Any = self.encoder
        entering: list[Tensor] = []
        with model.encoder.layers[0].register_forward_pre_hook(lambda _, given: entering.append(given[0])):
            found = model.extract_features(
                stem.normalized(waveform, None, self.normalize),
                None,
                mask=False,
                layer=None if self.layers.final_norm else self.layers.depth - 1,
            )
        # `[frames, batch, hidden]`; fairseq makes the number of frames even before its first layer.
        states = [entering[0][:frames], *(result[0] for result in found["layer_results"])]
        states = [state.transpose(0, 1) for state in states]
        if self.layers.final_norm:
            states[-1] = found["x"]
        features: Tensor = self.layers(states)
        return features
