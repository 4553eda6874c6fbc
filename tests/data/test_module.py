"""The data module: named groups, divisions, bad files, and the same clips wherever one asks."""

import random
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.corpora import miniature

from bonafide.corpora.folder import Folder
from bonafide.corpora.wavefake import WaveFake
from bonafide.data.clips import Clips
from bonafide.data.module import AudioData
from bonafide.data.order import Draw
from bonafide.data.windows import Clipped
from bonafide.frontends.cepstrum import LFCC
from bonafide.models.lcnn import LCNN
from bonafide.types import InputError

MELGAN, HIFIGAN, JSUT = "ljspeech_melgan", "ljspeech_hifiGAN", "jsut_multi_band_melgan"
GROUPS: Mapping[str, Mapping[str, Any]] = {
    "in_distribution": {"systems": "seen"},
    "out_of_distribution": {"systems": "held_out"},
    "jsut": {"systems": ["jsut_*"]},
    "tts": {"systems": ["common_voices_*"], "split": "all"},
}


@pytest.fixture(scope="session")
def wavefake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    systems = (MELGAN, HIFIGAN, JSUT, miniature.TTS)
    return miniature.wavefake(tmp_path_factory.mktemp("wavefake"), 10, systems, seconds=0.1)


@pytest.fixture
def make(tmp_path: Path, wavefake: Path) -> partial[AudioData]:
    cache = tmp_path / "cache"
    return partial(AudioData, wavefake, WaveFake, clip_seconds=0.05, cache=cache, tests=GROUPS)


def column(data: AudioData, name: str, clips: Clipped) -> list[str]:
    assert data.manifest is not None
    found: list[str] = data.manifest.strings(name)[clips.rows].tolist()
    return found


def stand_in(data: AudioData, rank: int, world: int) -> AudioData:
    """As if this were one of several processes."""
    data.trainer = SimpleNamespace(global_rank=rank, world_size=world)  # type: ignore[assignment]
    return data


def test_groups_hold_the_systems_they_name_and_their_own_recordings(make: partial[AudioData]) -> None:
    data = make(train={"generators": [MELGAN]})
    groups = data.groups()
    assert list(groups) == list(GROUPS)
    held = {name: set(column(data, "system", rows)) for name, rows in groups.items()}
    assert held == {
        "in_distribution": {"-", MELGAN},
        "out_of_distribution": {"-", HIFIGAN},
        "jsut": {"-", JSUT},
        "tts": {"-", miniature.TTS},
    }
    assert set(column(data, "corpus", groups["jsut"])) == {"jsut"}
    for name in ("in_distribution", "out_of_distribution", "tts"):
        assert set(column(data, "corpus", groups[name])) == {"ljspeech"}
    assert column(data, "system", groups["tts"]).count(miniature.TTS) == 10
    assert column(data, "label", groups["jsut"]).count("bonafide") == 2


def test_loaders_come_in_the_order_of_the_groups_and_hold_each_trial_once(make: partial[AudioData]) -> None:
    data = make(batch_size=3)
    for clips, loader in zip(data.groups().values(), data.test_dataloader(), strict=True):
        assert torch.cat([batch.index for batch in loader]).tolist() == list(range(len(clips)))


def test_a_group_without_recordings_is_left_out(make: partial[AudioData]) -> None:
    groups = {**GROUPS, "nobody": {"systems": ["*_by_nobody"]}}
    assert list(make(tests=groups).groups()) == [name for name in GROUPS if name != "out_of_distribution"]
    with pytest.raises(InputError, match=r"data\.tests"):
        make(tests={"nobody": {"systems": ["*_by_nobody"]}}).groups()


def test_systems_left_out_of_training_are_those_held_out(make: partial[AudioData]) -> None:
    data = make(train={"leave_out": [HIFIGAN]}, split={"validation": 0.3})
    for part in ("train", "validation"):
        assert set(column(data, "system", data.clips(part))) == {"-", MELGAN}
    assert data.seen == (MELGAN,)
    assert set(column(data, "system", data.groups()["out_of_distribution"])) == {"-", HIFIGAN}


def test_a_fixed_division_lets_no_sentence_cross(make: partial[AudioData]) -> None:
    data = make(split={"rule": "fixed", "validation": 0.3})
    parts = [set(column(data, "utterance", data.clips(part))) for part in ("train", "validation")]
    parts.append(set(column(data, "utterance", data.groups()["in_distribution"])))
    assert all(parts)
    assert sum(len(part) for part in parts) == len(set.union(*parts)) == 10


def test_a_faithful_division_is_the_published_one(make: partial[AudioData]) -> None:
    """Tests on the last fifth of every folder; validates on files whose sentence may be trained on."""
    data = make(split={"rule": "faithful", "validation": 0.3})
    train, validation = data.clips("train"), data.clips("validation")
    tests = data.groups()["in_distribution"]
    assert set(column(data, "split", train) + column(data, "split", validation)) == {"train"}
    assert set(column(data, "split", tests)) == {"test"}
    assert set(column(data, "utterance", tests)) == {"LJ001-0009", "LJ001-0010"}
    assert len(tests) == 6
    assert not set(train.rows) & set(validation.rows)
    assert len(train) + len(validation) == 24
    assert set(column(data, "utterance", train)) & set(column(data, "utterance", validation))


def test_counts_are_those_of_the_training_part(make: partial[AudioData]) -> None:
    data = make()
    assert data.counts() == (14, 7)
    targets = torch.cat([batch.target for batch in data.train_dataloader()])
    assert (int((targets == 0).sum()), int(targets.sum())) == (14, 7)
    assert make(train={"utterances": 3}).counts() == (6, 3)


def test_a_part_without_both_classes_is_refused(make: partial[AudioData]) -> None:
    data = make(split={"validation": 0.0})
    with pytest.raises(InputError, match=r"validation part .* data\.split"):
        data.clips("validation")


@pytest.mark.parametrize("word", ["on_bad_file", "inspect"])
def test_a_word_that_does_not_exist_is_refused_with_those_that_do(
    word: str, make: partial[AudioData]
) -> None:
    with pytest.raises(InputError, match=f"data.{word}=maybe .* choose"):
        make(**{word: "maybe"})


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Ten utterances, one bona fide file of which is text."""
    root = miniature.folder(tmp_path / "folder", utterances=10, seconds=0.1)
    (root / "real/utterance_004.wav").write_text("words, not sound\n" * 50)
    return root


def test_a_bad_file_stops_or_is_left_out(broken: Path, tmp_path: Path) -> None:
    make = partial(AudioData, broken, Folder, clip_seconds=0.05, cache=tmp_path / "cache")
    with pytest.raises(InputError, match=r"1 of 30 .*real/utterance_004\.wav.*data\.on_bad_file=skip"):
        make(on_bad_file="fail").prepare_data()
    data = make(on_bad_file="skip", tests={"test": {"split": "all"}})
    assert "real/utterance_004.wav" not in column(data, "path", data.groups()["test"])
    assert len(data.groups()["test"]) == 29
    (line,) = data.skipped
    assert line.startswith("real/utterance_004.wav: ")


def test_a_bad_file_does_not_move_the_others(broken: Path, tmp_path: Path) -> None:
    """The division goes by sentence, so leaving a file out changes nobody else's part."""

    def parts() -> dict[str, list[str]]:
        data = AudioData(broken, Folder, clip_seconds=0.05, cache=tmp_path / "cache", on_bad_file="skip")
        return {part: column(data, "path", data.clips(part)) for part in ("train", "validation")}

    without = parts()
    miniature.folder(broken, utterances=10, seconds=0.1)
    mended = {
        part: [name for name in names if name != "real/utterance_004.wav"] for part, names in parts().items()
    }
    assert mended == without


def test_the_score_of_a_trial_does_not_depend_on_its_company(tmp_path: Path) -> None:
    root = miniature.folder(tmp_path / "folder", utterances=6, seconds=0.5)
    data = AudioData(root, Folder, clip_seconds=0.4, cache=tmp_path / "cache", tests={"t": {"split": "all"}})
    rows = data.groups()["t"]
    assert data.manifest is not None
    clips = Clips(data.manifest, rows, data.form, crop=False)
    frontend = LFCC(16_000)
    torch.manual_seed(0)
    model = LCNN(frontend.shape(data.form.samples)).eval()

    def scores(size: int, order: list[int]) -> torch.Tensor:
        found = torch.empty(len(rows))
        for start in range(0, len(order), size):
            items = order[start : start + size]
            batch = clips.__getitems__([Draw(item, 0) for item in items])
            with torch.no_grad():
                logits = model(frontend(batch.waveform))
            found[items] = logits[:, 1] - logits[:, 0]
        return found

    straight = list(range(len(rows)))
    alone = scores(1, straight)
    assert alone.unique().numel() == len(rows)
    for size in (2, 5, len(rows)):
        mixed = random.Random(size).sample(straight, len(rows))  # noqa: S311 - an order, no secret
        torch.testing.assert_close(scores(size, mixed), alone, atol=1e-5, rtol=0)


def test_a_sample_is_the_same_in_any_place(make: partial[AudioData]) -> None:
    """And whatever was drawn before: all processes learn the same statistics from it."""
    first = torch.cat(list(make(batch_size=4).sample(10)))
    assert first.shape == (10, 800)
    for rank in (0, 1):
        torch.manual_seed(rank)
        data = stand_in(make(batch_size=4), rank, 2)
        torch.testing.assert_close(torch.cat(list(data.sample(10))), first, atol=0, rtol=0)
    assert len(torch.cat(list(make().sample(1_000)))) == sum(make().counts())


def test_processes_share_the_trials_of_a_group_exactly_once(make: partial[AudioData]) -> None:
    whole = make()
    shares = [stand_in(make(batch_size=2), rank, 2).test_dataloader() for rank in (0, 1)]
    for place, rows in enumerate(whole.groups().values()):
        found = torch.cat([batch.index for share in shares for batch in share[place]])
        assert sorted(found.tolist()) == list(range(len(rows)))


def test_a_group_with_fewer_trials_than_processes_is_refused(make: partial[AudioData]) -> None:
    """A process without a trial would wait for the others for ever."""
    data = stand_in(make(), 0, 100)
    with pytest.raises(
        InputError, match=r"in_distribution has [0-9]+ clips for 100 processes; use fewer devices"
    ):
        data.test_dataloader()


@pytest.mark.parametrize(
    ("shares", "bonafide"), [(None, 1 / 2), ({"-": 3, "ljspeech_*": 1}, 3 / 4), ({"*": 1}, None)]
)
def test_counts_are_of_what_is_drawn(
    make: partial[AudioData], shares: dict[str, float] | None, bonafide: float | None
) -> None:
    by = "label" if shares is None else "system"
    every = make(train={"generators": [MELGAN, HIFIGAN]})
    data = make(train={"generators": [MELGAN, HIFIGAN], "share_by": by, "shares": shares})
    there = every.counts()
    assert there.spoof == 2 * there.bonafide
    wanted = bonafide or 1 / 3
    assert data.counts().bonafide == round(wanted * sum(there))
    assert sum(data.counts()) == sum(there)
    drawn = [float(batch.target.sum()) for batch in data.train_dataloader()]
    assert sum(drawn) == pytest.approx(wanted * sum(there), abs=1)
