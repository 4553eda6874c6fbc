"""Perturbed clips: the draws belong to the clip, whoever hears it, in whatever batch and severity."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tests.corpora import miniature
from torch import Tensor

from bonafide import assembly
from bonafide.augment.chain import Chain
from bonafide.augment.codec import Codec
from bonafide.augment.gain import Gain
from bonafide.augment.masking import Masking
from bonafide.augment.quantization import Quantization
from bonafide.augment.room import Room
from bonafide.augment.white_noise import WhiteNoise
from bonafide.data.perturbed import Perturbation, PerturbedData
from bonafide.types import InputError

RATE = 16_000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return miniature.folder(tmp_path_factory.mktemp("perturbed") / "corpus", utterances=8, seconds=0.6)


def heard(corpus: Path, change: Any, *words: str, seed: int = 0) -> dict[str, Tensor]:
    """Waveforms by recording, as a detector with these options hears them."""
    where = ["data=folder", f"data.root={corpus}", f"data.cache={corpus.parent}/cache"]
    given = [
        "data.batch_size=4",
        "data.clip_seconds=0.5",
        "hardware.workers=0",
        "data.split.test=0.5",
        *words,
    ]
    data = assembly.data(assembly.compose([*where, *given]))
    data.prepare_data()
    perturbed = PerturbedData(data, None if change is None else Perturbation(Chain({"it": change}), seed))
    perturbed.trainer = SimpleNamespace(global_rank=0, world_size=1)  # type: ignore[assignment]
    found = {}
    for number, (name, loader) in enumerate(zip(data.groups(), perturbed.test_dataloader(), strict=True)):
        clips = data.groups()[name]
        assert data.manifest is not None
        paths = data.manifest.strings("path")[clips.rows]
        for raw in loader:
            batch = perturbed.on_after_batch_transfer(raw, number)
            found |= dict(zip(paths[batch.index.numpy()], batch.waveform, strict=True))
    assert len(found) > 4
    return found


@pytest.mark.parametrize(
    "change",
    [
        WhiteNoise((10, 10)),
        Room(RATE, rt60_seconds=(0.2, 0.2)),
        Codec(RATE, ["mp3"], kbps=(16, 64)),
        Chain({"codec": Codec(RATE, ["mulaw"]), "noise": WhiteNoise((0, 30)), "gain": Gain((-9, 9))}),
    ],
    ids=["noise", "room", "codec", "chain"],
)
def test_every_detector_hears_the_same(change: Any, corpus: Path) -> None:
    """Whatever its batches, and however many processes read for it."""
    first = heard(corpus, change)
    for words in (["data.batch_size=3"], ["hardware.workers=1"]):
        other = heard(corpus, change, *words)
        assert first.keys() == other.keys()
        for path, waveform in first.items():
            torch.testing.assert_close(waveform, other[path], atol=1e-6, rtol=1e-5)
    assert not torch.equal(next(iter(first.values())), next(iter(heard(corpus, None).values())))


def test_another_seed_is_another_draw_and_each_clip_has_its_own(corpus: Path) -> None:
    clean, one = heard(corpus, None), heard(corpus, WhiteNoise((10, 10)))
    two = heard(corpus, WhiteNoise((10, 10)), seed=1)
    noises = [(one[path] - clean[path]) / (one[path] - clean[path]).norm() for path in clean]
    assert all(not torch.allclose(one[path], two[path], atol=1e-3) for path in clean)
    alike = torch.stack(noises) @ torch.stack(noises).mT
    assert float((alike - torch.eye(len(noises))).abs().max()) < 0.1


def test_severities_differ_in_their_strength_alone(corpus: Path) -> None:
    clean = heard(corpus, None)
    mild, strong = (heard(corpus, WhiteNoise((snr, snr))) for snr in (20, 0))
    for path in clean:
        torch.testing.assert_close(
            strong[path] - clean[path], 10 * (mild[path] - clean[path]), atol=1e-4, rtol=0
        )


def test_nothing_happens_to_clean_clips(corpus: Path) -> None:
    data = assembly.data(
        assembly.compose(["data=folder", f"data.root={corpus}", f"data.cache={corpus.parent}/cache",
                          "data.clip_seconds=0.5", "hardware.workers=0", "data.split.test=0.5"])
    )  # fmt: skip
    data.prepare_data()
    plain = torch.cat([batch.waveform for loader in data.test_dataloader() for batch in loader])
    assert torch.equal(plain, torch.stack(list(heard(corpus, None).values())))


def test_a_condition_comes_after_the_perturbation(corpus: Path) -> None:
    """A detector that sets every level itself does not hear a gain; one that does not, does."""
    level = "data.condition.level_db=-30"
    clean, louder = heard(corpus, None, level), heard(corpus, Gain((6, 6)), level)
    for path, waveform in clean.items():
        torch.testing.assert_close(louder[path], waveform, atol=1e-5, rtol=0)
    without, with_gain = heard(corpus, None), heard(corpus, Gain((6, 6)))
    for path, waveform in without.items():
        torch.testing.assert_close(with_gain[path], waveform * 10**0.3, atol=1e-5, rtol=1e-4)


def test_a_condition_is_the_same_where_the_perturbation_does_nothing(corpus: Path) -> None:
    """Dither included, also for clips that are shorter than the detector's and so repeated."""
    words = ["data.condition.dither=true", "data.condition.highpass_hz=60", "data.clip_seconds=0.9"]
    clean, same = heard(corpus, None, *words), heard(corpus, Gain((0, 0)), *words)
    for path, waveform in clean.items():
        np.testing.assert_array_equal(same[path].numpy(), waveform.numpy())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Masking(), "changes features"),
        (WhiteNoise(p=0.5), "p=0.5"),
        (Quantization(only="spoof"), "only=spoof"),
    ],
)
def test_what_is_a_cue_by_itself_is_refused(change: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Perturbation(Chain({"it": change}), 0)
