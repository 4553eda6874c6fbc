"""The packet transform against PyWavelets, the published sizes, and the laws of a filter bank."""

from itertools import pairwise
from typing import get_args

import numpy as np
import ptwt
import pytest
import pywt
import torch
from ptwt.constants import BoundaryMode

from bonafide.frontends.packet_tree import Order, PacketTree
from bonafide.types import InputError

MODES = get_args(BoundaryMode)
ORDERS = get_args(Order)
PYWT_ORDER = {"frequency": "freq", "natural": "natural"}

FRAMES = {  # of a second at 22,050 Hz, level 8
    87: ("haar",),
    89: ("db2", "sym2"),
    91: ("db3", "sym3"),
    93: ("db4", "sym4"),
    95: ("db5", "sym5"),
    97: ("db6", "sym6", "coif2"),
    99: ("db7", "sym7"),
    101: ("db8", "sym8"),
    103: ("db9", "sym9", "coif3"),
    105: ("db10", "sym10"),
    109: ("coif4",),
    115: ("coif5",),
    120: ("coif6",),
    126: ("coif7",),
    132: ("coif8",),
    138: ("coif9",),
    144: ("coif10",),
}


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sine(frequency: float, samples: int = 22_050, rate: int = 22_050) -> torch.Tensor:
    return torch.sin(2 * torch.pi * frequency * torch.arange(samples, dtype=torch.float64) / rate)[None]


def reference(signal: torch.Tensor, wavelet: str, level: int, mode: str, order: str) -> np.ndarray:
    """PyWavelets' tree, node by node, `[batch, bands, frames]`."""
    tree = pywt.WaveletPacket(signal.numpy(), wavelet, mode, maxlevel=level, axis=-1)
    return np.stack([node.data for node in tree.get_level(level, PYWT_ORDER[order])], axis=1)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("wavelet", ["haar", "db3", "sym5", "coif4", "bior3.5", "rbio1.3", "dmey"])
def test_equals_pywavelets(wavelet: str, mode: BoundaryMode, order: Order) -> None:
    for level, samples in ((1, 400), (2, 801), (5, 1201), (5, 1202)):
        signal = noise(2, samples)
        found = PacketTree(wavelet, level, mode, order)(signal)
        np.testing.assert_allclose(
            found.numpy(), reference(signal, wavelet, level, mode, order), atol=1e-12, rtol=1e-12
        )


@pytest.mark.parametrize("wavelet", pywt.wavelist(kind="discrete"))
def test_every_discrete_wavelet_equals_pywavelets(wavelet: str) -> None:
    signal = noise(1, 733)
    found = PacketTree(wavelet, 2)(signal)
    np.testing.assert_allclose(
        found.numpy(), reference(signal, wavelet, 2, "reflect", "frequency"), atol=1e-12
    )


def test_a_whole_clip_equals_pywavelets_in_single_precision() -> None:
    signal = noise(2, 22_050)
    found = PacketTree("sym5", 8)(signal.float())
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), reference(signal, "sym5", 8, "reflect", "frequency"), atol=1e-5)


def test_equals_ptwt_node_by_node() -> None:
    signal = noise(2, 3_001)
    tree = PacketTree("sym4", 5)
    nodes = ptwt.WaveletPacket(signal, "sym4", mode="reflect", maxlevel=5)
    torch.testing.assert_close(tree(signal), torch.stack([nodes[path] for path in tree.paths], dim=1))


@pytest.mark.parametrize(("wavelet", "frames"), [(name, n) for n, names in FRAMES.items() for name in names])
def test_the_published_sizes(wavelet: str, frames: int) -> None:
    tree = PacketTree(wavelet, 8)
    assert tree.lengths(22_050)[-1] == frames
    assert tree(torch.zeros(1, 22_050)).shape == (1, 256, frames)


def test_other_published_sizes() -> None:
    for wavelet in ("db8", "sym8"):
        assert PacketTree(wavelet, 7)(torch.zeros(1, 22_050)).shape == (1, 128, 187)
    assert [PacketTree("sym8", 8).lengths(n)[-1] for n in (16_000, 32_000, 64_000)] == [77, 139, 264]
    assert PacketTree("haar", 14)(torch.zeros(1, 22_050)).shape == (1, 16_384, 2)


def test_the_path_of_each_band_is_its_gray_code() -> None:
    paths = PacketTree("haar", 8).paths
    assert paths[:6] == ["aaaaaaaa", "aaaaaaad", "aaaaaadd", "aaaaaada", "aaaaadda", "aaaaaddd"]
    assert paths[-1] == "daaaaaaa"
    assert len(set(paths)) == 256
    # Neighbours in frequency differ in one split.
    assert all(sum(map(str.__ne__, *pair)) == 1 for pair in pairwise(paths))
    assert PacketTree("haar", 2, order="natural").paths == ["aa", "ad", "da", "dd"]


@pytest.mark.parametrize(("wavelet", "middle"), [("haar", 128), ("sym8", 128), ("coif4", 128), ("sym5", 127)])
def test_a_tone_is_loudest_in_its_band(wavelet: str, middle: int) -> None:
    bands = {3: 3, 20: 20, 77: 77, 128: middle, 200: 200, 250: 250}
    tones = torch.cat([sine((band + 0.5) * 43.0664) for band in bands])
    energies = PacketTree(wavelet, 8)(tones).square().sum(dim=-1)
    assert energies.argmax(dim=-1).tolist() == list(bands.values())


def test_a_constant_lives_in_the_lowest_band() -> None:
    bands = PacketTree("sym5", 8)(torch.ones(1, 22_050, dtype=torch.float64))[0]
    torch.testing.assert_close(bands[0], torch.full((95,), 16.0, dtype=torch.float64))
    assert bands[1:].abs().max() < 1e-9


@pytest.mark.parametrize("wavelet", ["haar", "sym5"])
def test_the_mirrored_margin_adds_its_share_of_energy(wavelet: str) -> None:
    signal = noise(64, 22_050)
    bands = PacketTree(wavelet, 8)(signal)
    # White noise has the same energy in every coefficient: 1.01 times as many for haar, 1.10 for sym5.
    ratio = bands[0].numel() / 22_050
    assert ratio > 1
    assert (bands.norm() / signal.norm()).square().item() == pytest.approx(ratio, abs=0.01)


def test_periodic_packets_keep_the_energy() -> None:
    signal = noise(4, 4_096)
    assert PacketTree("haar", 6, "periodic")(signal).norm().item() == pytest.approx(signal.norm().item())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("wavelet", ["haar", "sym5", "coif4", "bior2.4"])
def test_analysis_then_synthesis_is_the_identity(wavelet: str, mode: BoundaryMode, order: Order) -> None:
    tree = PacketTree(wavelet, 5, mode, order)
    for samples in (1_000, 1_001, 1_003):
        signal = noise(3, samples)
        torch.testing.assert_close(tree.inverse(tree(signal), samples), signal, atol=1e-6, rtol=0)


def test_the_deepest_tree_comes_back_too() -> None:
    tree, signal = PacketTree("haar", 14), noise(1, 22_050)
    torch.testing.assert_close(tree.inverse(tree(signal), 22_050), signal)


@pytest.mark.parametrize("wavelet", ["haar", "sym5", "db8", "coif4", "bior4.4"])
def test_a_click_is_centred_where_its_energy_is(wavelet: str) -> None:
    tree, clicks = PacketTree(wavelet, 6), torch.arange(1_100, 6_900, 531)
    signal = torch.zeros(len(clicks), 8_001, dtype=torch.float64)
    signal[torch.arange(len(clicks)), clicks] = 1
    energies = tree(signal).square().sum(dim=1)
    centroid = (energies * tree.centres(8_001)).sum(dim=-1) / energies.sum(dim=-1)
    assert (centroid - clicks).abs().max() < 0.75 * 64


@pytest.mark.parametrize("wavelet", ["haar", "sym5", "coif10"])
def test_centres_rise_within_the_clip(wavelet: str) -> None:
    for level in (1, 4, 8):
        tree = PacketTree(wavelet, level)
        least = len(tree.lowpass) - 1 + 2 ** (level - 1)
        for samples in (least, least + 1, 5_000, 22_050, 22_051):
            centres = tree.centres(samples)
            assert centres.shape == (tree.lengths(samples)[-1],)
            assert (centres.diff() > 0).all()
            assert centres[0] >= 0
            assert centres[-1] <= samples - 1


def test_haar_frames_are_centred_on_their_blocks() -> None:
    assert PacketTree("haar", 2).centres(16).tolist() == [1.5, 5.5, 9.5, 13.5]
    assert PacketTree("haar", 3).centres(5).tolist() == [3.5]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("wavelet", "level"), [("haar", 6), ("sym5", 3), ("coif4", 8)])
def test_the_shortest_signal_that_a_margin_can_mirror(wavelet: str, level: int, mode: BoundaryMode) -> None:
    tree = PacketTree(wavelet, level, mode)
    least = len(tree.lowpass) - 1 + 2 ** (level - 1)
    signal = noise(1, least)
    np.testing.assert_allclose(
        tree(signal).numpy(), reference(signal, wavelet, level, mode, "frequency"), atol=1e-12
    )
    for attempt in (
        tree.lengths,
        tree.centres,
        lambda n: tree(noise(1, n)),
        lambda n: tree.inverse(signal, n),
    ):
        with pytest.raises(InputError, match=f"need at least {least}; lengthen"):
            attempt(least - 1)


def test_gradients_agree_with_differences() -> None:
    signal = noise(2, 61).requires_grad_()
    assert torch.autograd.gradcheck(PacketTree("db2", 3), (signal,))


def test_the_transform_is_one_graph_for_the_compiler() -> None:
    tree, signal = PacketTree("sym5", 3), noise(2, 501)
    compiled = torch.compile(tree, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(signal), tree(signal))


def test_one_clip_among_many_is_transformed_alike() -> None:
    tree, signal = PacketTree("sym5", 4), noise(5, 1_234).float()
    assert torch.equal(tree(signal)[2:3], tree(signal[2:3]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"wavelet": "sim5"}, "no discrete wavelet 'sim5' in PyWavelets; did you mean sym5"),
        ({"wavelet": "Haar"}, "did you mean haar"),
        ({"wavelet": "???"}, "haar, sym5 and coif4 are some"),
        ({"level": 0}, "1 to 14 levels deep, not level=0"),
        ({"level": 15}, "1 to 14 levels deep, not level=15"),
        ({"mode": "mirror"}, "no mode=mirror; use one of constant, zero, reflect"),
        ({"order": "gray"}, "no order=gray; use one of frequency, natural"),
    ],
)
def test_settings_without_meaning_are_refused(settings: dict[str, object], message: str) -> None:
    given = {"wavelet": "haar", "level": 3, **settings}
    with pytest.raises(InputError, match=message.replace("?", "[?]")):
        PacketTree(**given)  # type: ignore[arg-type]


def test_other_shapes_are_refused() -> None:
    tree = PacketTree("haar", 3)
    with pytest.raises(InputError, match=r"taken of \[batch, time\], not \[2, 1, 64\]"):
        tree(torch.zeros(2, 1, 64))
    with pytest.raises(InputError, match=r"64 samples have coefficients \[batch, 8, 8\], not \[2, 8, 7\]"):
        tree.inverse(torch.zeros(2, 8, 7), 64)
