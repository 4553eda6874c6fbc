"""EAT against torchaudio's filter bank and torch's own transformer, published values, and strict loading."""

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch
from tests.frontends import tiny_eat
from tests.frontends.tiny_eat import DEPTH, HEADS, HIDDEN, IMAGE, LAYOUTS, WIDTH, Layout
from torch import Tensor, nn
from torch.nn import functional as F
from torchaudio.compliance.kaldi import fbank

from bonafide import assembly
from bonafide.frontends.eat import EAT
from bonafide.frontends.eat_encoder import Block, EATEncoder, positions
from bonafide.frontends.eat_filterbank import KaldiFilterbank
from bonafide.types import FeatureShape, InputError

TEN_SECONDS = 160_000


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_eat.write(tmp_path_factory.mktemp("eat")))


def noise(batch: int, samples: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(batch, samples, generator=generator)


def tone() -> Tensor:
    n = torch.arange(TEN_SECONDS, dtype=torch.float64)
    return (0.1 * torch.sin(2 * math.pi * 440 * n / 16_000)).float()[None]


def kaldi(clip: Tensor, *, centred: bool = True) -> Tensor:
    """The filter bank of one clip `[time]`, as the authors of EAT compute it if it is centred before."""
    return fbank(
        (clip - clip.mean() if centred else clip)[None],
        htk_compat=True,
        sample_frequency=16_000,
        use_energy=False,
        window_type="hanning",
        num_mel_bins=128,
        dither=0.0,
        frame_shift=10,
    )


def reference(
    rows: Tensor, *, depth: int = DEPTH, real: int | None = None, state: dict[str, Tensor] | None = None
) -> Tensor:
    """The encoder out of torch's own parts, `[batch, rows, 128]` → `[batch, 1 + tokens, width]`.

    Args:
        rows: normalized.
        depth: blocks that are run.
        real: tokens of the clip; attention to later ones is masked.
        state: weights under the names of a pre-training checkpoint.
    """
    state = tiny_eat.encoder_state() if state is None else state
    local = f"{IMAGE}local_encoder.proj."
    grid = F.conv2d(rows[:, None], state[f"{local}weight"], state[f"{local}bias"], stride=16)
    tokens = grid.flatten(2).mT + state[f"{IMAGE}fixed_positional_encoder.positions"][:, : grid[0, 0].numel()]
    tokens = torch.cat([state[f"{IMAGE}extra_tokens"].expand(len(rows), 1, -1), tokens], dim=1)
    norm = f"{IMAGE}context_encoder.norm."
    tokens = F.layer_norm(tokens, (WIDTH,), state[f"{norm}weight"], state[f"{norm}bias"], 1e-6)
    masked = None if real is None else (torch.arange(tokens.shape[1]) > real).expand(len(rows), -1)
    for i in range(depth):
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, HIDDEN, dropout=0.0, activation="gelu", layer_norm_eps=1e-6, batch_first=True
        )
        names = {"self_attn.in_proj_": "attn.qkv.", "self_attn.out_proj.": "attn.proj."}
        names |= {"linear1.": "mlp.fc1.", "linear2.": "mlp.fc2.", "norm1.": "norm1.", "norm2.": "norm2."}
        layer.load_state_dict(
            {
                f"{a}{kind}": state[f"blocks.{i}.{b}{kind}"]
                for a, b in names.items()
                for kind in ("weight", "bias")
            }
        )
        tokens = layer(tokens, src_key_padding_mask=masked)
    return tokens.detach()


def spectrum(waveform: Tensor, *, filled: int = 1024) -> Tensor:
    """Normalized rows of the reference, zeros appended before."""
    rows = torch.stack([kaldi(clip) for clip in waveform])
    return (F.pad(rows, (0, 0, 0, filled - rows.shape[1])) + 4.268) / (2 * 4.569)


def test_the_filter_bank_agrees_with_torchaudio_clip_by_clip() -> None:
    chirp = torch.sin(torch.linspace(0, 200, 12_345) ** 2)
    clips = torch.stack([noise(1, 12_345)[0], 30 * noise(1, 12_345, 1)[0], chirp + 0.3, 1e-4 * chirp])
    clips[0, 4_000:6_000] = 0
    found = KaldiFilterbank()(clips)
    assert found.shape == (4, KaldiFilterbank.frames(12_345), 128)
    torch.testing.assert_close(
        found, torch.stack([kaldi(clip, centred=False) for clip in clips]), atol=1e-4, rtol=0
    )
    # With the mean of the clip taken away before, single precision rounds otherwise.
    centred = torch.stack([kaldi(clip) for clip in clips[:2]])
    torch.testing.assert_close(found[:2], centred, atol=2e-3, rtol=0)


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(399, 0), (400, 1), (160_000, 998), (160_080, 999), (163_999, 1023), (164_080, 1024), (164_240, 1025)],
)
def test_frames_of_the_filter_bank(samples: int, frames: int) -> None:
    assert KaldiFilterbank.frames(samples) == frames
    if frames:
        assert KaldiFilterbank()(torch.zeros(1, samples)).shape == (1, frames, 128)


def test_the_filter_bank_of_a_tone_has_published_values(source: str) -> None:
    rows = KaldiFilterbank()(tone())[0]
    assert rows.shape == (998, 128)
    assert rows.mean().item() == pytest.approx(-14.33909, abs=1e-3)
    assert rows.std().item() == pytest.approx(3.78954, abs=1e-3)
    assert rows.min().item() == pytest.approx(-15.94238, abs=1e-5)
    assert rows.max().item() == pytest.approx(0.68993, abs=1e-4)
    assert rows[:3].argmax(dim=1).tolist() == [23, 23, 23]
    expected = [-12.9298, -12.4081, -11.9210, -11.5247, -12.1394, -13.4446]
    torch.testing.assert_close(rows[500, 10:16], torch.tensor(expected), atol=1e-3, rtol=0)
    filled = EAT(16_000, source=source)._rows(tone())[0]
    assert filled.shape == (1024, 128)
    assert filled.mean().item() == pytest.approx(-1.06227, abs=1e-4)
    assert filled[:998].mean().item() == pytest.approx(-1.10211, abs=1e-4)
    assert filled[500, 12].item() == pytest.approx(-0.837490, abs=1e-4)
    torch.testing.assert_close(filled[998:], torch.full((26, 128), 0.467061), atol=1e-6, rtol=0)


def test_positions_have_published_values() -> None:
    table = positions(64, 768)
    assert table.shape == (512, 768)
    assert table.double().sum().item() == pytest.approx(171_206.74, abs=0.05)
    assert torch.equal(table[0], torch.tensor([0.0, 1.0]).repeat_interleave(192).repeat(2))
    torch.testing.assert_close(table[1, [0, 1, 384]], torch.tensor([0.841471, 0.815251, 0.0]))
    torch.testing.assert_close(table[8, [0, 384, 385]], torch.tensor([0.0, 0.841471, 0.815251]))
    assert torch.equal(positions(768, 768)[:512], table)


@pytest.mark.parametrize(
    ("size", "block", "whole"),
    [((768, 12, 12, 3072), 7_087_872, 85_254_144), ((1024, 24, 16, 4096), 12_596_224, 302_575_616)],
)
def test_released_sizes_have_published_counts(
    size: tuple[int, int, int, int], block: int, whole: int
) -> None:
    def count(module: nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    width, depth, heads, hidden = size
    with torch.device("meta"):
        encoder = EATEncoder(width, depth, heads, hidden)
        assert count(Block(width, heads, hidden, 1e-6)) == block
    assert count(encoder) == whole
    assert encoder.table.device.type == "cpu"
    assert encoder.to("meta")(torch.empty(1, 1024, 128, device="meta"))[-1].shape == (1, 513, width)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_encoder_that_torch_would_build(layout: Layout, tmp_path: Path) -> None:
    frontend = EAT(16_000, source=str(tiny_eat.write(tmp_path, layout)), output="tokens")
    waveform = noise(2, TEN_SECONDS)
    features = frontend(waveform)
    assert features.shape == (2, 1, WIDTH, 500) == (2, *frontend.shape(TEN_SECONDS))
    expected = reference(spectrum(waveform))[:, 1:501]
    torch.testing.assert_close(features[:, 0].mT, expected, atol=1e-4, rtol=1e-4)


def test_outputs_are_the_same_tokens_in_other_order(source: str) -> None:
    waveform = noise(2, TEN_SECONDS)
    tokens = reference(spectrum(waveform))
    steps = tokens[:, 1:].unflatten(1, (64, 8))[:, :63]  # the 64th holds padding only
    frames, mean, clip = (
        EAT(16_000, source=source, output=output)(waveform) for output in ("frames", "mean", "clip")
    )
    assert frames.shape == (2, 1, 8 * WIDTH, 63)
    for band in range(8):
        heard = frames[:, 0, band * WIDTH : (band + 1) * WIDTH].mT
        torch.testing.assert_close(heard, steps[:, :, band], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(mean[:, 0].mT, steps.mean(dim=2), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(clip[:, 0, :, 0], tokens[:, 0], atol=1e-4, rtol=1e-4)


def test_padding_after_normalizing_is_of_average_level(source: str) -> None:
    waveform = noise(1, 16_000)
    rows = spectrum(waveform, filled=98)
    expected = reference(F.pad(rows, (0, 0, 0, 926)))[:, 1:51]
    features = EAT(16_000, source=source, output="tokens", padding="after")(waveform)
    torch.testing.assert_close(features[:, 0].mT, expected, atol=1e-4, rtol=1e-4)


def test_no_padding_equals_a_mask_over_padded_tokens(source: str) -> None:
    waveform = noise(2, 50_000)  # 311 rows, which begin 20 patches
    expected = reference(spectrum(waveform), real=160)[:, 1:161].unflatten(1, (20, 8)).flatten(2)
    features = EAT(16_000, source=source, padding="none")(waveform)
    torch.testing.assert_close(features[:, 0].mT, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("output", ["frames", "mean"])
def test_steps_are_repeated_to_finer_frames(source: str, output: Any) -> None:
    once, often = (EAT(16_000, source=source, output=output, repeat=repeat) for repeat in (1, 8))
    waveform = noise(2, TEN_SECONDS)
    features = often(waveform)
    assert features.shape == (2, *often.shape(TEN_SECONDS))
    assert features.shape[-1] == 500
    step = torch.arange(500) // 8
    torch.testing.assert_close(features, once(waveform)[..., step], atol=0, rtol=0)
    torch.testing.assert_close(
        often.times(TEN_SECONDS), (torch.arange(500, dtype=torch.float64) + 0.5) * 0.02
    )
    length = torch.tensor([100_000, 20_000])
    padded = often.padded(waveform, length)
    for row, samples in enumerate(length.tolist()):
        alone = often(waveform[row : row + 1, :samples])
        torch.testing.assert_close(padded[row : row + 1, ..., : alone.shape[-1]], alone, atol=1e-4, rtol=1e-4)
        assert not padded[row, ..., alone.shape[-1] :].any()


@pytest.mark.parametrize("settings", [{"repeat": 0}, {"repeat": 8, "output": "tokens"}])
def test_what_cannot_be_repeated_is_refused(source: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"frontend\.repeat="):
        EAT(16_000, source=source, **settings)


@pytest.mark.parametrize("padding", ["before", "after", "none"])
@pytest.mark.parametrize("output", ["frames", "mean", "tokens", "clip"])
def test_announced_shapes_and_times_hold_at_every_length(source: str, output: Any, padding: Any) -> None:
    frontend = EAT(16_000, source=source, output=output, padding=padding, window_seconds=0.32)
    for samples in (400, 2_559, 2_879, 2_880, 2_960, 5_359, 5_520, 12_345):
        shape, times = frontend.shape(samples), frontend.times(samples)
        assert frontend(noise(1, samples)).shape == (1, *shape)
        assert times.shape == (shape.frames,)
        assert times.dtype == torch.float64
        assert times[0] > 0
        assert (times.diff() > 0).all()
        assert times[-1] <= samples / 16_000


@pytest.mark.parametrize("output", ["frames", "tokens"])
def test_a_click_is_felt_most_at_its_time(source: str, output: Any) -> None:
    frontend = EAT(16_000, source=source, output=output, layers=1)
    silence = torch.zeros(1, 80_000)
    click = silence.clone()
    click[0, 52_000] = 1.0
    felt = (frontend(click) - frontend(silence)).abs().sum(dim=(0, 1, 2))
    loudest = frontend.times(80_000)[felt.argmax()].item()
    assert loudest == pytest.approx(52_000 / 16_000, abs=0.09 if output == "frames" else 0.16)


def test_a_step_is_centred_in_the_audio_it_hears(source: str) -> None:
    times = EAT(16_000, source=source).times(TEN_SECONDS)
    # 16 rows span 15 hops and a frame of 25 ms; the 63rd step holds the last 6 rows.
    torch.testing.assert_close(times[:62], 0.0875 + 0.16 * torch.arange(62, dtype=torch.float64))
    assert times[62].item() == pytest.approx(62 * 0.16 + (5 * 0.01 + 0.025) / 2)
    read_as_frames = EAT(16_000, source=source, output="tokens").times(TEN_SECONDS)
    torch.testing.assert_close(read_as_frames, 0.01 + 0.02 * torch.arange(500, dtype=torch.float64))


def test_a_longer_clip_is_heard_window_by_window(source: str) -> None:
    waveform = noise(2, 400_000)
    frontend = EAT(16_000, source=source)
    whole = frontend(waveform)
    assert whole.shape == (2, 1, 8 * WIDTH, 157)
    for number, start in enumerate((0, 163_840)):
        window = frontend(waveform[:, start : start + 164_080])
        torch.testing.assert_close(whole[..., 64 * number :][..., :64], window, atol=1e-4, rtol=1e-4)
    rest = frontend(waveform[:, 2 * 163_840 :])
    torch.testing.assert_close(whole[..., 128:], rest, atol=1e-4, rtol=1e-4)
    clip = EAT(16_000, source=source, output="clip")
    assert clip(waveform).shape == (2, 1, WIDTH, 3)
    unfilled = EAT(16_000, source=source, padding="none")(waveform)
    torch.testing.assert_close(unfilled[..., :128], whole[..., :128], atol=1e-4, rtol=1e-4)


def test_a_longer_window_continues_the_positions(source: str) -> None:
    waveform = noise(1, 200_000)
    features = EAT(16_000, source=source, window_seconds=20.48, padding="none")(waveform)
    rows = spectrum(waveform, filled=1248)
    state = tiny_eat.encoder_state() | {
        f"{IMAGE}fixed_positional_encoder.positions": positions(128, WIDTH)[None]
    }
    expected = reference(rows, state=state)[:, 1:].unflatten(1, (78, 8)).flatten(2)
    torch.testing.assert_close(features[:, 0].mT, expected, atol=1e-4, rtol=1e-4)


def test_an_inner_block_is_read_and_those_above_are_not_built(source: str) -> None:
    frontend = EAT(16_000, source=source, output="tokens", layers=2)
    assert len(frontend.encoder.blocks) == 2
    waveform = noise(1, TEN_SECONDS)
    expected = reference(spectrum(waveform), depth=2)[:, 1:501]
    torch.testing.assert_close(frontend(waveform)[:, 0].mT, expected, atol=1e-4, rtol=1e-4)


def test_several_blocks_are_channels_and_a_mixture_is_learnt(source: str) -> None:
    waveform = noise(2, 400_000)
    for output in ("frames", "mean", "tokens", "clip"):
        frontend = EAT(16_000, source=source, output=output, layers=[3, 0])
        features = frontend(waveform)
        assert features.shape == (2, *frontend.shape(400_000))
        for channel, layer in enumerate((3, 0)):
            alone = EAT(16_000, source=source, output=output, layers=layer)(waveform)
            torch.testing.assert_close(features[:, channel], alone[:, 0])
    mixed = EAT(16_000, source=source, layers="weighted")
    mixed(waveform).square().sum().backward()
    assert [name for name, value in mixed.named_parameters() if value.grad is not None] == ["layers.logits"]


def test_one_clip_keeps_its_batch_axis_and_its_features(source: str) -> None:
    for output in ("frames", "tokens", "clip"):
        frontend = EAT(16_000, source=source, output=output)
        waveform = noise(3, 20_001)
        among, alone = frontend(waveform), frontend(waveform[:1])
        assert alone.shape == (1, *frontend.shape(20_001))
        torch.testing.assert_close(among[:1], alone, atol=1e-5, rtol=1e-5)
        beside_loud = frontend(torch.cat([waveform[:1], 1_000 * waveform[1:]]))
        torch.testing.assert_close(beside_loud[:1], alone, atol=1e-5, rtol=1e-5)


def test_gradients_reach_the_waveform_but_not_frozen_weights(source: str) -> None:
    frontend = EAT(16_000, source=source, padding="none").train()
    waveform = noise(1, 12_345).requires_grad_()
    (frontend(waveform) * torch.randn(frontend.shape(12_345))).sum().backward()
    assert waveform.grad is not None
    assert (waveform.grad[0, 400:-400] != 0).float().mean() > 0.99
    assert all(parameter.grad is None for parameter in frontend.parameters())
    silence = torch.zeros(1, 12_345, requires_grad=True)
    frontend(silence).square().sum().backward()
    assert silence.grad is not None
    assert silence.grad.isfinite().all()


def test_gradients_agree_with_differences() -> None:
    filterbank = KaldiFilterbank()
    waveform = noise(1, 1_000).requires_grad_()
    (gradient,) = torch.autograd.grad(filterbank(waveform).square().mean(), waveform)
    direction = gradient / gradient.norm()
    step = 3e-3
    with torch.no_grad():
        ahead, behind = (filterbank(waveform + s * direction).square().mean() for s in (step, -step))
    assert ((ahead - behind) / (2 * step)).item() == pytest.approx(gradient.norm().item(), rel=0.02)


def test_weights_that_stay_out_of_checkpoints_are_known_by_their_file(source: str) -> None:
    frontend = EAT(16_000, source=source)
    digest = hashlib.sha256(Path(source).read_bytes()).hexdigest()
    assert frontend.external == {"encoder.": digest}
    assert set(frontend.state_dict()) == {f"encoder.{name}" for name in frontend.encoder.state_dict()}
    assert not any(parameter.requires_grad for parameter in frontend.parameters())


def test_fine_tuning_trains_every_weight(source: str) -> None:
    frontend = EAT(16_000, source=source, frozen=False, output="clip")
    assert frontend.external == {}
    frontend(noise(2, 8_000)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in frontend.parameters())


def test_lower_blocks_can_stay_as_they_are(source: str) -> None:
    upper = EAT(16_000, source=source, frozen=2)
    trained = {name for name, value in upper.named_parameters() if value.requires_grad}
    assert trained == {name for name, _ in upper.named_parameters() if name.startswith("encoder.blocks.2.")}
    assert upper.external == {}
    assert [group.lr_scale for group in upper.parameter_groups()] == [0.1]
    but_patches = EAT(16_000, source=source, frozen=0)
    kept = {name for name, value in but_patches.named_parameters() if not value.requires_grad}
    assert kept == {"encoder.patch.weight", "encoder.patch.bias"}
    with pytest.raises(InputError, match=r"frontend\.frozen=4"):
        EAT(16_000, source=source, frozen=4)


@pytest.mark.parametrize("padding", ["before", "after", "none"])
@pytest.mark.parametrize("output", ["frames", "mean", "tokens", "clip"])
def test_a_clip_among_longer_ones_is_as_alone(source: str, output: Any, padding: Any) -> None:
    frontend = EAT(16_000, source=source, output=output, padding=padding, window_seconds=0.64)
    lengths = [400, 2_880, 12_345, 20_480, 20_720, 30_000]
    waveform = noise(len(lengths), 30_000)  # what follows a clip is noise as well
    features = frontend(waveform, torch.tensor(lengths))
    for clip, length, found in zip(waveform, lengths, features, strict=True):
        alone = frontend(clip[None, :length])[0]
        torch.testing.assert_close(found[..., : alone.shape[-1]], alone, atol=1e-4, rtol=1e-4)
        assert not found[..., alone.shape[-1] :].any()


def test_lengths_must_fit(source: str) -> None:
    frontend = EAT(16_000, source=source)
    with pytest.raises(InputError, match="9000 samples does not fit into 8000"):
        frontend(noise(2, 8_000), torch.tensor([8_000, 9_000]))
    with pytest.raises(InputError, match="399 samples is shorter"):
        frontend(noise(2, 8_000), torch.tensor([8_000, 399]))


def test_loaded_weights_are_a_copy(tmp_path: Path) -> None:
    file = tiny_eat.write(tmp_path)
    frontend = EAT(16_000, source=str(file))
    before = frontend(noise(1, 8_000))
    file.write_bytes(b"\0" * file.stat().st_size)
    assert torch.equal(frontend(noise(1, 8_000)), before)


def test_single_precision_comes_out_under_autocast(source: str) -> None:
    frontend, waveform = EAT(16_000, source=source), noise(2, 16_000)
    expected = frontend(waveform)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = frontend(waveform)
        assert torch.equal(frontend._rows(waveform), EAT(16_000, source=source)._rows(waveform))
    assert features.dtype == torch.float32
    assert F.cosine_similarity(features.flatten(), expected.flatten(), dim=0) > 0.99


def test_less_than_a_frame_is_refused(source: str) -> None:
    frontend = EAT(16_000, source=source)
    for attempt in (frontend.shape, frontend.times, lambda n: frontend(torch.zeros(1, n))):
        with pytest.raises(InputError, match="399 samples is shorter than one frame of 400"):
            attempt(399)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sample_rate": 8_000}, "set data.sample_rate=16000"),
        ({"source": None}, "frontend.source=FILE"),
        ({"source": "/nowhere/eat.pt"}, "/nowhere/eat.pt does not exist; name an EAT checkpoint"),
        ({"output": "steps"}, "frontend.output=steps is not one of frames, mean, tokens, clip"),
        ({"padding": "zeros"}, "frontend.padding=zeros is not one of before, after, none"),
        ({"window_seconds": 10.0}, "multiple of 0.16 s"),
        ({"window_seconds": 0.0}, "multiple of 0.16 s"),
        ({"layers": 4}, "EAT has layers 0 to 3, not layer 4"),
    ],
)
def test_settings_without_meaning_are_refused(source: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        EAT(**{"sample_rate": 16_000, "source": source} | settings)


def without(name: str) -> Callable[[dict[str, Tensor]], object]:
    return lambda state: state.pop(name)


def having(name: str, *size: int) -> Callable[[dict[str, Tensor]], object]:
    return lambda state: state.update({name: torch.ones(size)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("blocks.1.attn.qkv.bias"), r"weights 1 missing \(blocks.1.attn.qkv.bias\)"),
        (without(f"{IMAGE}context_encoder.norm.weight"), r"1 missing \(norm.weight\)"),
        (without(f"{IMAGE}extra_tokens"), "no token for the whole"),
        (
            having("blocks.7.norm1.weight", WIDTH),
            r"missing \(blocks.3.attn.*left over \(blocks.7.norm1.weight",
        ),
        (having("blocks.2.mlp.fc2.bias", 7), r"1 of another size \(blocks.2.mlp.fc2.bias\)"),
        (
            having(f"{IMAGE}context_encoder.blocks.0.norm1.bias", 3),
            r"1 weights have no place in it \(.*norm1.bias",
        ),
        (having("model.blocks.0.norm1.bias", WIDTH), "1 weights have no place in it"),
        (having(f"{IMAGE}local_encoder.proj.weight", WIDTH, 3, 16, 16), r"patches of \(3, 16, 16\)"),
        (
            having(f"{IMAGE}fixed_positional_encoder.positions", 1, 512, WIDTH),
            "other positions than the sines",
        ),
        (having(f"{IMAGE}fixed_positional_encoder.positions", 1, 7, WIDTH), "not those of 8 bands"),
    ],
)
def test_a_file_of_another_encoder_is_refused(
    change: Callable[[dict[str, Tensor]], object], message: str, tmp_path: Path
) -> None:
    state = tiny_eat.encoder_state()
    change(state)
    file = tiny_eat.write(tmp_path, state=state)
    with pytest.raises(InputError, match=message):
        EAT(16_000, source=str(file))


def test_positions_of_later_files_are_longer(tmp_path: Path) -> None:
    state = tiny_eat.encoder_state() | {
        f"{IMAGE}fixed_positional_encoder.positions": positions(768, WIDTH)[None]
    }
    EAT(16_000, source=str(tiny_eat.write(tmp_path, state=state)))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"num_heads": HEADS, "layer_norm_first": True}, "normalizes before each block"),
        ({"num_heads": 5}, "32 values, which 5 heads cannot share"),
        ({}, "32 values, which 0 heads cannot share; give the checkpoint with its configuration"),
        ([], "is not a configuration"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(config: Any, message: str, tmp_path: Path) -> None:
    folder = tiny_eat.write(tmp_path, "hugging_face")
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=message):
        EAT(16_000, source=str(folder / "model.safetensors"))


def test_the_configuration_decides_what_shapes_do_not_tell(tmp_path: Path) -> None:
    folder = tiny_eat.write(tmp_path, "hugging_face")
    (folder / "config.json").write_text(json.dumps({"num_heads": 2, "norm_eps": 1e-5}))
    encoder = EAT(16_000, source=str(folder)).encoder
    assert encoder.blocks[0].get_submodule("attn").heads == 2
    assert {module.eps for module in encoder.modules() if isinstance(module, nn.LayerNorm)} == {1e-5}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.safetensors", b"\0" * 8, "model.safetensors is damaged"),
        ("pytorch_model.bin", b"PK", "pytorch_model.bin is damaged|holds more than tensors"),
        ("config.json", b"{", "config.json cannot be read as JSON"),
    ],
)
def test_damaged_files_are_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    folder = tiny_eat.write(tmp_path, "hugging_face_bin" if name.endswith(".bin") else "hugging_face")
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        EAT(16_000, source=str(folder))


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither model.safetensors nor pytorch_model.bin"):
        EAT(16_000, source=str(tmp_path))


def test_a_table_of_other_things_is_refused(tmp_path: Path) -> None:
    torch.save({"weights": 3}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match="not a table of weights"):
        EAT(16_000, source=str(tmp_path))
    torch.save({"weights": Path("x")}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match="refused for safety"):
        EAT(16_000, source=str(tmp_path))


def test_a_repository_is_found_in_the_local_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=r"someone/tiny-eat cannot be fetched .*frontend.source=FOLDER"):
        EAT(16_000, source="someone/tiny-eat")
    revision = "0" * 40
    snapshot = tmp_path / "models--someone--tiny-eat" / "snapshots" / revision
    snapshot.mkdir(parents=True)
    (refs := tmp_path / "models--someone--tiny-eat" / "refs").mkdir()
    (refs / "main").write_text(revision)
    tiny_eat.write(snapshot, "hugging_face")
    frontend = EAT(16_000, source="someone/tiny-eat")
    assert frontend.shape(TEN_SECONDS) == FeatureShape(1, 8 * WIDTH, 63)


def test_the_config_asks_for_its_source() -> None:
    with pytest.raises(InputError, match=r"frontend\.source is not set"):
        assembly.task(assembly.compose(["frontend=eat"]))
