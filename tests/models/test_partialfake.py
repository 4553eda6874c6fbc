import math
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.localizer import pooled
from bonafide.models.partialfake import PartialFake
from bonafide.types import FeatureShape, InputError

SMALL = FeatureShape(1, 6, 11)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def fakeness(logits: Tensor) -> Tensor:
    """`[batch, classes, ...]` → the probability of a fake, `[batch, ...]`."""
    return logits[:, 0].neg().sigmoid() if logits.shape[1] == 1 else logits.softmax(dim=1)[:, 0]


def states(batch: int = 3, shape: FeatureShape = SMALL) -> Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("hidden", "count"), [(768, 9_289_472), (1024, 9_944_832)])
def test_published_sizes(hidden: int, count: int) -> None:
    with torch.device("meta"):
        model = PartialFake(FeatureShape(1, hidden, 500), 1)
        frames = PartialFake(FeatureShape(1, hidden, 500), 1, output="frames")
        both = PartialFake(FeatureShape(1, hidden, 500), 1, output="both")
    assert parameters(model.backbone) == count
    assert [parameters(made) for made in (model, frames, both)] == [count + 257, count + 257, count + 514]


def test_published_sizes_of_the_stages() -> None:
    backbone = PartialFake(FeatureShape(1, 768, 500)).backbone
    assert parameters(backbone.convolutions) == 8_348_800
    assert parameters(backbone.projection) + parameters(backbone.normalization) == 16_768
    assert parameters(backbone.transformer) == 659_712
    assert parameters(backbone.lstm) == 264_192


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("output", ["frames", "both"])
@pytest.mark.parametrize("frames", [1, 3, 50])
def test_clips_of_any_number_of_frames_are_judged(
    output: Literal["frames", "both"], classes: int, frames: int
) -> None:
    model = PartialFake(SMALL, classes, output=output).eval()
    clip = states(2, SMALL._replace(frames=frames))
    found = model.localize(clip)
    assert found.frames.shape == (2, classes, frames)
    assert found.clip.shape == model(clip).shape == (2, classes)
    torch.testing.assert_close(model.frames(clip), found.frames)
    torch.testing.assert_close(model(clip), found.clip)


def test_the_head_reads_the_mean_of_the_frames() -> None:
    model = PartialFake(SMALL).eval()
    described = model.backbone(states().squeeze(1))
    assert described.shape == (3, 11, 256)
    torch.testing.assert_close(model.embed(states()), described.mean(dim=1))
    assert type(model.head) is nn.Linear
    torch.testing.assert_close(model(states()), model.head(described.mean(dim=1)))


def test_the_backbone_is_what_the_paper_lists() -> None:
    model = PartialFake(SMALL).eval()
    backbone = model.backbone
    for normalization in backbone.modules():
        if type(normalization) is nn.BatchNorm1d:
            nn.init.normal_(normalization.weight, 1.0, 0.3)
    first, norm, _, *blocks, last = backbone.convolutions
    x = norm(F.conv1d(states().squeeze(1), first.weight, padding=2)).relu()  # type: ignore[arg-type]
    assert len(blocks) == 12
    for block in blocks:
        narrow, before, _, wide, after = block.residual  # type: ignore[union-attr,misc]
        x = x + after(wide(before(narrow(x)).relu()))  # type: ignore[operator]
    x = backbone.normalization(backbone.projection(last(x).mT).mT).mT
    for layer in backbone.transformer.layers:  # normalized after each sum, without positions
        attention: Any = layer.self_attn
        parts = F.linear(x, attention.in_proj_weight, attention.in_proj_bias).chunk(3, -1)
        query, key, value = (part.unflatten(-1, (4, 32)).transpose(1, 2) for part in parts)
        heard = (query @ key.mT / math.sqrt(32)).softmax(-1) @ value
        x = layer.norm1(x + attention.out_proj(heard.transpose(1, 2).flatten(2)))  # type: ignore[operator]
        x = layer.norm2(x + layer.linear2(layer.linear1(x).relu()))  # type: ignore[operator]
    expected, _ = backbone.lstm(x)
    torch.testing.assert_close(backbone(states().squeeze(1)), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("output", ["clip", "frames"])
@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_the_logits_of_a_clip_teach_every_parameter(output: Any, pooling: Any) -> None:
    """A parameter that detection does not use would stop training on several devices."""
    model = PartialFake(SMALL, output=output, pooling=pooling, dropout=0.0)
    model(states(8)).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_both_heads_learn_together() -> None:
    model = PartialFake(SMALL, 1, output="both")
    clip, frames = model.localize(states(8))
    (clip.square().sum() + frames.square().sum()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("classes", [1, 2])
def test_a_clip_is_as_fake_as_its_most_fake_frame(classes: int) -> None:
    """Published: a clip is fake if any frame is above the threshold, whatever the threshold."""
    model = PartialFake(SMALL, classes, output="frames").eval()
    clip, frames = model.localize(states())
    torch.testing.assert_close(fakeness(clip), fakeness(frames).amax(dim=1))


@pytest.mark.parametrize("classes", [1, 2])
def test_a_clip_is_as_fake_as_its_frames_on_average(classes: int) -> None:
    model = PartialFake(SMALL, classes, output="frames", pooling="mean").eval()
    clip, frames = model.localize(states())
    torch.testing.assert_close(fakeness(clip), fakeness(frames).mean(dim=1))


def test_pooling_never_saturates() -> None:
    sure = torch.tensor([[[200.0, 300.0]]])
    assert pooled(sure, "max").item() == 200
    assert 200 <= pooled(sure, "mean").item() < 201
    assert -201 < pooled(-sure, "mean").item() <= -200


def test_without_a_head_for_frames_there_are_none() -> None:
    model = PartialFake(SMALL)
    assert model.frame_head is None
    with pytest.raises(InputError, match=r"set model\.output=frames or model\.output=both"):
        model.frames(states())


def test_a_head_for_clips_is_not_silently_left_unused() -> None:
    model = PartialFake(SMALL, output="frames")
    model.head = nn.Linear(model.width, 2)
    with pytest.raises(InputError, match=r"the loss has a head for clips; set model\.output=clip"):
        model(states())
    clips = PartialFake(SMALL)
    clips.head = nn.Linear(clips.width, 5)
    assert clips(states()).shape == (3, 5)


def test_dropout_acts_in_training_only() -> None:
    model = PartialFake(SMALL, dropout=0.5)
    described = model.backbone.transformer.layers[0]
    tokens = torch.randn(2, 5, 128)
    assert not torch.equal(described(tokens), described(tokens))
    assert torch.equal(described.eval()(tokens), described(tokens))
    undropped = PartialFake(SMALL, dropout=0.0).backbone.transformer
    assert torch.equal(undropped(tokens), undropped(tokens))


@pytest.mark.parametrize("output", ["clip", "frames", "both"])
def test_a_clip_does_not_depend_on_its_batch(output: Any) -> None:
    model = PartialFake(SMALL, output=output).eval()
    for grad in (True, False):  # torch computes the transformer in another way where no gradient is wanted
        with torch.set_grad_enabled(grad):
            alone = torch.cat([model(clip[None]) for clip in states()])
            torch.testing.assert_close(model(states()), alone, atol=1e-5, rtol=1e-4)
            if output != "clip":
                alone = torch.cat([model.frames(clip[None]) for clip in states()])
                torch.testing.assert_close(model.frames(states()), alone, atol=1e-5, rtol=1e-4)


def test_it_compiles_and_runs_in_half_precision() -> None:
    model = PartialFake(SMALL, output="frames").eval()
    compiled = torch.compile(model, backend="eager")
    with torch.no_grad():  # torch looks at gradients where it breaks the graph at the recurrent layer
        torch.testing.assert_close(compiled(states()), model(states()), atol=1e-5, rtol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(states())
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((1, 1, 16_000), {}, r"hidden states of an encoder, not a waveform; try frontend=wavlm\.$"),
        ((3, 768, 50), {}, r"states of one layer, not of 3; try frontend\.layers=weighted\.$"),
        ((1, 768, 50), {"output": "frame"}, r"no output=frame; set model\.output to clip or frames or both"),
        ((1, 768, 50), {"pooling": "median"}, r"no pooling=median; set model\.pooling to max or mean"),
    ],
)
def test_what_it_cannot_read_is_refused(
    shape: tuple[int, int, int], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        PartialFake(FeatureShape(*shape), **options)
