import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.tcn import DILATIONS, TCN, CausalConvolution, Tower
from bonafide.types import FeatureShape, InputError

SMALL = FeatureShape(1, 12, 30)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def with_statistics(model: nn.Module) -> int:
    """As Keras counts: the mean and variance of batch normalisation too."""
    return parameters(model) + sum(b.numel() for b in model.buffers() if b.is_floating_point())


def published(bins: int, frames: int, **options: object) -> TCN:
    with torch.device("meta"):
        return TCN(FeatureShape(1, bins, frames), 1, axis="frequency", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bins", "frames", "pooled", "count"),
    [
        (640, 480, 127, 1_255_937),
        (256, 126, 50, 833_345),
        (513, 126, 101, 843_137),
        (84, 126, 15, 826_625),
        (85, 126, 16, 826_817),
        (40, 63, 7, 752_513),
        (12, 126, 1, 823_937),
    ],
    ids=["image", "mel", "stft", "cqt", "iirt", "mfcc", "chroma"],
)
def test_published_sizes(bins: int, frames: int, pooled: int, count: int) -> None:
    model = published(bins, frames)
    assert model.width == 3 * 64 * pooled
    assert with_statistics(model) == count
    assert parameters(model) == count - 128


@pytest.mark.parametrize(
    ("bins", "frames", "count"), [(640, 480, 1_354_113), (256, 126, 872_577), (12, 126, 825_729)]
)
def test_published_sizes_with_the_finer_pooling(bins: int, frames: int, count: int) -> None:
    assert parameters(published(bins, frames, pooling="max", pool=2, stride=1)) == count


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("shape", [(1, 12, 63), (3, 12, 10), (1, 256, 63), (2, 5, 31)])
def test_any_image_of_ten_frames_is_read(shape: tuple[int, int, int], classes: int) -> None:
    model = TCN(FeatureShape(*shape), classes)
    features = torch.randn(2, *shape)
    assert model(features).shape == (2, classes)
    assert model.embed(features).shape == (2, model.width)


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_a_tower_hears_as_far_back_as_it_says_and_nothing_to_come(kernel: int) -> None:
    tower = Tower(1, kernel, dropout=0.2).eval()
    for weight in tower.parameters():
        nn.init.constant_(weight, 0.01)  # all positive: nothing cancels, no threshold hides it
    reach = 126 * (kernel - 1)
    series = torch.zeros(1, 1, reach + 20, dtype=torch.float64)
    pulse = series.clone()
    pulse[..., 5] = 1e6
    tower = tower.double()
    heard = (tower(pulse) - tower(series)).abs().amax(dim=1).flatten().nonzero().flatten()
    assert heard.tolist() == list(range(5, 5 + reach + 1))
    assert 1 + reach == {3: 253, 5: 505, 7: 757}[kernel]


def test_a_causal_convolution_is_the_sum_over_its_taps() -> None:
    layer = CausalConvolution(2, 3, 4, dropout=0.5).eval()
    series = torch.randn(1, 2, 20)
    expected = torch.zeros(1, 64, 20)
    for step in range(20):
        for tap in range(3):
            back = step - 4 * (2 - tap)
            if back >= 0:
                expected[0, :, step] += layer.convolution.weight[:, :, tap] @ series[0, :, back]
    torch.testing.assert_close(layer(series), expected.relu(), atol=1e-5, rtol=1e-5)


def test_a_tower_gives_the_sum_of_what_its_blocks_add() -> None:
    tower = Tower(4, 3, dropout=0.2).eval()
    series = torch.randn(2, 4, 15)
    total, x, shortcut = torch.zeros(2, 64, 15), series, tower.entry(series)
    for dilation, branch in zip(DILATIONS, tower.branches, strict=True):
        for layer in branch:  # type: ignore[attr-defined]
            taps = layer.convolution
            x = F.conv1d(F.pad(x, (2 * dilation, 0)), taps.weight, taps.bias, dilation=dilation).relu()
        total = total + x
        x = shortcut = (shortcut + x).relu()
    torch.testing.assert_close(tower(series), total)


def test_the_first_block_needs_no_convolution_beside_it_where_the_channels_agree() -> None:
    assert parameters(Tower(64, 3, 0.2)) == 12 * (3 * 64 * 64 + 64)
    assert parameters(Tower(63, 3, 0.2)) == 12 * (3 * 64 * 64 + 64) - 3 * 64 + 63 * 64 + 64


def embedding(features: Tensor, **options: object) -> Tensor:
    torch.manual_seed(0)
    model = TCN(FeatureShape(*features.shape[1:]), **options).eval()  # type: ignore[arg-type]
    found: Tensor = model.embed(features)
    return found


@pytest.mark.parametrize(
    ("options", "width"),
    [
        ({}, 960),
        ({"pooling": "max"}, 960),
        ({"pool": 5}, 1152),
        ({"stride": 2}, 2112),
        ({"join": "channel"}, 960),
        ({"readout": "mean"}, 64),
        ({"readout": "mean", "join": "channel"}, 192),
        ({"axis": "frequency"}, 192),
    ],
)
def test_every_option_changes_the_embedding(options: dict[str, object], width: int) -> None:
    features = torch.randn(2, *SMALL)
    found, plain = embedding(features, **options), embedding(features)
    assert found.shape == (2, width)
    assert not options or found.shape != plain.shape or not torch.allclose(found, plain)


def test_the_frequency_axis_reads_the_image_turned() -> None:
    features = torch.randn(2, 1, 20, 15)
    turned = embedding(features.transpose(2, 3))
    torch.testing.assert_close(embedding(features, axis="frequency"), turned)


def test_joining_only_orders_the_values_as_long_as_the_normalization_is_fresh() -> None:
    features = torch.randn(2, *SMALL)
    one, other = embedding(features), embedding(features, join="channel")
    torch.testing.assert_close(one.sort(dim=1).values, other.sort(dim=1).values)


def test_the_mean_over_positions_reads_clips_of_any_length() -> None:
    model = TCN(SMALL, readout="mean").eval()
    assert model(torch.randn(2, 1, 12, 77)).shape == (2, 2)


def test_dropout_leaves_out_whole_channels_in_training_only() -> None:
    layer = CausalConvolution(3, 3, 1, dropout=0.5)
    nn.init.constant_(layer.convolution.bias, 100.0)  # type: ignore[arg-type]
    series = torch.randn(4, 3, 9)
    silent = layer.train()(series) == 0
    assert silent.any()
    assert torch.equal(silent.all(dim=-1), silent.any(dim=-1))
    assert (layer.eval()(series) > 0).all()
    model = TCN(SMALL, dropout=0.75)
    values = model.dropout(torch.ones(100, 100))
    assert 0.7 < (values == 0).float().mean() < 0.8
    assert (model.eval().dropout(values) == values).all()


def test_every_parameter_learns() -> None:
    model = TCN(SMALL, dropout=0.0)
    model(torch.randn(8, *SMALL)).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_a_clip_does_not_depend_on_its_batch() -> None:
    model = TCN(SMALL).eval()
    features = torch.randn(3, *SMALL)
    torch.testing.assert_close(model(features), torch.cat([model(f[None]) for f in features]))


def test_it_compiles_in_one_graph_and_runs_in_half_precision() -> None:
    model = TCN(SMALL).eval()
    features = torch.randn(2, *SMALL)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(features), model(features))
    with torch.autocast("cpu", torch.bfloat16):
        assert model(features).isfinite().all()


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((1, 1, 32_000), {}, r"^TCN reads a spectrogram, not a waveform; try frontend=idsd_mel\.$"),
        ((1, 256, 9), {}, r"pools 10 frames and the clip has 9; lengthen data\.clip_seconds"),
        ((1, 9, 126), {"axis": "frequency"}, "pools 10 bins and the features have 9; try frontend=idsd_mel"),
        ((1, 12, 63), {"axis": "bins"}, r"no axis=bins; set model\.axis to time or frequency"),
        ((1, 12, 63), {"pooling": "sum"}, r"set model\.pooling to average or max"),
        ((1, 12, 63), {"join": "sum"}, r"set model\.join to position or channel"),
        ((1, 12, 63), {"readout": "last"}, r"set model\.readout to flatten or mean"),
        ((1, 12, 63), {"stride": 0}, r"cannot pool 10 steps every 0; try model\.pool=10 model\.stride=5"),
    ],
)
def test_what_it_cannot_read_is_refused(
    shape: tuple[int, int, int], options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        TCN(FeatureShape(*shape), **options)  # type: ignore[arg-type]
