"""What is planted is found, what is clean is left alone, and real confounds are those that were measured."""

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from rich.console import Console
from tests.corpora import real

from bonafide.audio.inspection import Inspection, inspect
from bonafide.audio.probe import Probe
from bonafide.data import audit as audits
from bonafide.data.audit import Findings, audit
from bonafide.data.audit.features import FEATURES, KINDS, title
from bonafide.data.audit.pretraining import PRETRAINED_ON
from bonafide.data.audit.shortcuts import LIMIT, Row, Shortcuts
from bonafide.data.manifest import SCHEMA, Manifest, columns
from bonafide.figures.audit import heatmap
from bonafide.figures.style import save
from bonafide.metrics.auc import auc
from bonafide.types import BONAFIDE, SPOOF, InputError, Label, Utterance

Parts = NDArray[np.object_]
UTTERANCES = 60
SYSTEMS = ("melgan", "pwg")


def table(utterances: Sequence[Utterance], inspections: Sequence[Inspection]) -> Manifest:
    """Rows as a listing would hold them, of files that were looked at."""
    found: pa.Table = columns(utterances)
    for name in Inspection._fields:
        values = [getattr(inspection, name) for inspection in inspections]
        found = found.append_column(name, pa.array(values, SCHEMA.field(name).type))
    return Manifest(Path(), found)


def utterance(number: int, system: str, **also: Any) -> Utterance:
    label: Label = BONAFIDE if system == "-" else SPOOF
    return Utterance(
        f"{system}/{number:03}.wav", f"u{number:03}", "lj", system, f"s{number % 6}", label, **also
    )


def inspection(seed: int, **also: Any) -> Inspection:
    """A plausible file, drawn from one distribution whatever its label."""
    generator = np.random.default_rng(seed)
    numbers = {name: float(generator.normal(-30, 5)) for name in Probe._fields[:-2]}
    numbers |= {
        name: float(generator.uniform(0, 0.4))
        for name in ("leading_silence", "trailing_silence", "dc", "zeros")
    }
    numbers |= {"zeros_at_end": float(generator.integers(0, 3)), "rms": float(generator.normal(-26, 3))}
    frames = int(generator.integers(16_000, 90_000))
    drawn = numbers | {"bits": 16, "content": f"{seed:016x}", "container": "WAV", "encoding": "PCM_16"}
    return Inspection(
        **{"frames": frames, "sample_rate": 16_000, "channels": 1, "problem": ""} | drawn | also
    )


def corpus(**planted: Any) -> tuple[Manifest, Parts]:
    """Sixty sentences, each recorded and made twice, clean but for what is planted in melgan's spoofs."""
    rows = [utterance(number, system) for number in range(UTTERANCES) for system in ("-", *SYSTEMS)]
    found = [
        inspection(1_000 + place, **(planted if row.system == "melgan" else {}))
        for place, row in enumerate(rows)
    ]
    parts = np.array(
        [("train", "validation", "test")[max(0, int(row.utterance[1:]) // 15 - 1)] for row in rows], object
    )
    return table(rows, found), parts


def replaced(manifest: Manifest, column: str, values: Mapping[int, Any]) -> Manifest:
    """The same with other values in some rows."""
    place = manifest.table.schema.get_field_index(column)
    cells = manifest.table.column(column).to_pylist()
    for row, value in values.items():
        cells[row] = value
    field = manifest.table.schema.field(place)
    return manifest._replace(table=manifest.table.set_column(place, field, pa.array(cells, field.type)))


def kinds(findings: Findings) -> list[tuple[str, tuple[str, str], int, int]]:
    return [(leak.kind, leak.between, leak.shared, leak.rows) for leak in findings.leaks if leak.warning]


def test_clean_data_give_no_warning() -> None:
    found = audit(*corpus())
    assert audits.warnings(found) == []
    (system,) = found.leaks
    assert (system.kind, system.shared, system.rows, system.of, system.warning) == (
        "system",
        2,
        30,
        45,
        False,
    )
    assert found.baseline.groups["test"].low < 0.5 < found.baseline.groups["test"].high + 0.15
    assert found.overlaps == ()


PLANTED: dict[str, tuple[dict[str, Any], str]] = {
    "duration": ({"frames": 12_003}, "data.clip_seconds"),
    "multiple_of_256": ({"frames": 256 * 200}, "data.clip_seconds"),
    "multiple_of_300": ({"frames": 300 * 171}, "data.clip_seconds"),
    "leading_silence": ({"leading_silence": 1.5}, "data.condition.trim_seconds=0.025"),
    "trailing_silence": ({"trailing_silence": 1.5}, "data.condition.trim_seconds=0.025"),
    "zeros_at_end": ({"zeros_at_end": 90.0}, "data.condition.trim_seconds=0.025"),
    "zeros": ({"zeros": 0.0}, "data.condition.dither=true"),
    "rms": ({"rms": -10.0}, "data.condition.level_db=-26"),
    "peak": ({"peak": 0.0}, "data.condition.level_db=-26"),
    "crest": ({"crest": 0.0}, "no condition removes it"),
    "dc": ({"dc": 0.0}, "data.condition.highpass_hz=60"),
    "below_40hz": ({"below_40hz": -120.0}, "data.condition.highpass_hz=60"),
    "below_60hz": ({"below_60hz": -120.0}, "data.condition.highpass_hz=60"),
    "from_7_to_8khz": ({"from_7_to_8khz": 0.0}, "data.condition.lowpass_hz"),
    "above_7khz": ({"above_7khz": 0.0}, "data.condition.lowpass_hz"),
    "top_band": ({"top_band": -120.0}, "data.condition.lowpass_hz"),
    "floor": ({"floor": -120.0}, "data.condition.level_db=-26"),
    "sample_rate": ({"sample_rate": 24_000}, "data.sample_rate"),
    "bits": ({"bits": 32}, "data.condition.dither=true"),
    "container": ({"container": "FLAC"}, "data.condition.dither=true"),
    "encoding": ({"encoding": "FLOAT"}, "data.condition.dither=true"),
}


@pytest.mark.parametrize("feature", [*FEATURES, *KINDS])
def test_a_planted_shortcut_is_found_with_what_removes_it(feature: str) -> None:
    planted, option = PLANTED[feature]
    found = audit(*corpus(**planted))
    sentences = [line for line in audits.warnings(found) if line.startswith(f"{title(feature)} alone")]
    assert len(sentences) == 1
    assert "gives 1 of 2 systems away" in sentences[0]
    assert "for melgan" in sentences[0]
    assert option in sentences[0]
    shortcuts = found.shortcuts
    row = [row.system for row in shortcuts.rows].index("melgan")
    assert abs(shortcuts.auc[row, shortcuts.features.index(feature)] - 0.5) > 0.4


def test_the_area_is_that_of_the_metric_ties_and_gaps_included() -> None:
    manifest, parts = corpus()
    generator = np.random.default_rng(3)
    coarse = {row: float(generator.integers(0, 4)) for row in range(0, manifest.table.num_rows, 2)}
    manifest = replaced(manifest, "rms", coarse | dict.fromkeys((0, 1, 2, 7, 11), float("nan")))
    found = audit(manifest, parts).shortcuts
    label, system, value = manifest.strings("label"), manifest.strings("system"), manifest.numbers("rms")
    known = ~np.isnan(value)
    place = found.features.index("rms")
    assert [row.system for row in found.rows] == ["*", *SYSTEMS]
    for row, area in zip(found.rows, found.auc[:, place], strict=True):
        own = (label == SPOOF) & ((system == row.system) | (row.system == "*"))
        assert area == pytest.approx(auc(value[own & known], value[(label == BONAFIDE) & known]), abs=1e-12)
        assert (row.bonafide, row.spoof) == (60, own.sum())


def test_a_constant_tells_nothing() -> None:
    found = audit(*corpus(rms=-26.0, frames=20_000)).shortcuts
    manifest, parts = corpus()
    everywhere = replaced(manifest, "rms", dict.fromkeys(range(manifest.table.num_rows), -26.0))
    constant = audit(everywhere, parts).shortcuts
    assert (constant.auc[:, constant.features.index("rms")] == 0.5).all()
    assert (found.auc[:, found.features.index("container")] == 0.5).all()


def test_a_kind_counts_wherever_it_stands_in_the_alphabet() -> None:
    manifest, parts = corpus()
    systems = manifest.strings("system")
    for names in ({"-": "B", "melgan": "A", "pwg": "C"}, {"-": "A", "melgan": "C", "pwg": "B"}):
        every = {row: names[system] for row, system in enumerate(systems)}
        found = audit(replaced(manifest, "container", every), parts).shortcuts
        assert (found.auc[:, found.features.index("container")] == 1).all()
    recorded, made = (np.flatnonzero(systems == system).tolist() for system in ("-", "pwg"))
    mixed = dict.fromkeys(recorded[:15] + made[:45], "FLAC")
    found = audit(replaced(manifest, "container", mixed), parts).shortcuts
    area = found.auc[:, found.features.index("container")]
    assert area[[row.system for row in found.rows].index("pwg")] == pytest.approx(0.75)


def test_a_corpus_is_compared_with_its_own_recordings() -> None:
    """Two corpora of opposite level: pooled, level would say everything; within each it says nothing."""
    rows = [
        utterance(number, system)._replace(corpus=name, path=f"{name}/{system}/{number}")
        for name in ("lj", "jsut") for number in range(40) for system in ("-", "pwg")
    ]  # fmt: skip
    rows = [
        row for row in rows if not (row.corpus == "jsut" and row.system == "-" and int(row.utterance[1:]) > 9)
    ]
    found = [inspection(place, rms=float(row.corpus == "lj") * 30) for place, row in enumerate(rows)]
    shortcuts = audit(table(rows, found), np.full(len(rows), "test", object)).shortcuts
    assert shortcuts.rows == (Row("jsut", "pwg", 10, 40), Row("lj", "pwg", 40, 40))
    assert (shortcuts.auc[:, shortcuts.features.index("rms")] == 0.5).all()


def test_a_handful_of_files_is_no_warning() -> None:
    manifest, parts = corpus(rms=0.0)
    few = np.isin(manifest.strings("utterance"), ["u000", "u050"])
    found = audit(manifest._replace(table=manifest.table.filter(pa.array(few))), parts[few]).shortcuts
    row, column = [row.system for row in found.rows].index("melgan"), found.features.index("rms")
    assert found.auc[row, column] == 1
    assert not found.warned.any()


def test_without_recordings_of_its_corpus_a_system_is_not_examined() -> None:
    rows = [utterance(number, "pwg") for number in range(5)]
    found = audit(table(rows, [inspection(place) for place in range(5)]), np.full(5, "test", object))
    assert (found.shortcuts.rows, found.shortcuts.unpaired) == ((), ("pwg",))
    assert "not examined, for want of bona fide recordings: pwg" in audits.lines(found)
    assert len(found.baseline.absent) == 1
    assert audits.tables(found) == []


@pytest.mark.parametrize("decoded", [False, True])
def test_what_headers_do_not_say_is_not_examined(decoded: bool) -> None:
    manifest, parts = corpus()
    if not decoded:
        blank = Probe()._asdict()
        for name, value in blank.items():
            manifest = replaced(manifest, name, dict.fromkeys(range(manifest.table.num_rows), value))
    found = audit(manifest, parts)
    expected = tuple(name for name in FEATURES if name in Probe._fields)
    assert found.shortcuts.not_examined == (() if decoded else expected)
    (told,) = [line for line in audits.lines(found) if line.startswith("not examined")] or [""]
    assert told.startswith("not examined, since no file says: leading silence, ") != decoded
    assert told.endswith("; data.inspect=full decodes every file") != decoded
    assert audits.warnings(found) == []
    assert "test" in found.baseline.groups
    json.dumps(audits.summary(found), allow_nan=False)


def test_an_utterance_in_two_parts() -> None:
    manifest, parts = corpus()
    crossed = parts.copy()
    crossed[manifest.strings("utterance") == "u059"] = ["train", "test", "test"]
    found = audit(manifest, crossed)
    assert kinds(found) == [("utterance", ("train", "test"), 1, 2)]
    (sentence,) = audits.warnings(found)
    assert sentence == (
        "train and test share 1 utterance (2 of the 44 files of test), such as u059: "
        "data.split.rule=fixed divides by utterance"
    )
    elsewhere = replaced(
        manifest, "corpus", dict.fromkeys(np.flatnonzero(crossed == "train").tolist(), "other")
    )
    assert kinds(audit(elsewhere, crossed)) == []


def test_validation_is_a_part_too() -> None:
    manifest, parts = corpus()
    parts[manifest.strings("path") == "pwg/000.wav"] = "validation"
    parts[manifest.strings("path") == "pwg/059.wav"] = "validation"
    assert kinds(audit(manifest, parts)) == [
        ("utterance", ("train", "validation"), 1, 1),
        ("utterance", ("validation", "test"), 1, 2),
    ]


def test_groups_cross_and_speakers_only_if_they_must_not() -> None:
    manifest, parts = corpus()
    assert kinds(audit(manifest, parts)) == []
    apart = audit(manifest, parts, speakers_apart=True)
    assert kinds(apart) == [
        ("speaker", ("train", "validation"), 6, 45),
        ("speaker", ("train", "test"), 6, 45),
        ("speaker", ("validation", "test"), 6, 45),
    ]
    unknown = replaced(manifest, "speaker", dict.fromkeys(range(manifest.table.num_rows), "-"))
    assert kinds(audit(unknown, parts, speakers_apart=True)) == []
    ends = {0: "session 1", manifest.table.num_rows - 1: "session 1"}
    found = audit(replaced(manifest, "group", ends), parts)
    assert kinds(found) == [("group", ("train", "test"), 1, 1)]
    assert found.leaks[0].examples == ("session 1",)


def test_rows_given_take_the_place_of_the_parts() -> None:
    manifest, parts = corpus()
    rows = np.arange(manifest.table.num_rows)
    melgan = manifest.strings("system") == "melgan"
    groups = {"other": rows[(parts == "test") & ~melgan], "all": rows}
    found = audit(
        manifest, parts, training=rows[(parts == "train") & (melgan | (rows % 3 == 0))], groups=groups
    )
    assert list(found.baseline.groups) == ["other", "all"]
    assert (found.baseline.groups["all"].bonafide, found.baseline.groups["all"].spoof) == (60, 120)
    shared = [leak for leak in found.leaks if leak.between == ("train", "all")]
    assert [(leak.kind, leak.rows) for leak in shared] == [
        ("recording", 60), ("utterance", 90), ("content", 60), ("system", 60),
    ]  # fmt: skip
    assert not [leak for leak in found.leaks if leak.between == ("train", "other")]


def test_the_same_audio_under_two_names_and_under_two_labels() -> None:
    manifest, parts = corpus()
    last = manifest.table.num_rows - 1
    twice = replaced(manifest, "content", {1: "same", last: "same"})
    found = audit(twice, parts)
    assert kinds(found) == [("content", ("train", "test"), 1, 1)]
    assert found.leaks[0].examples == ("pwg/059.wav",)
    labels = audit(replaced(manifest, "content", {0: "same", 1: "same"}), parts)
    assert kinds(labels) == [("label", ("bonafide", "spoof"), 1, 1)]
    assert "-/000.wav = melgan/000.wav" in audits.warnings(labels)[0]
    silent = replaced(twice, "peak", {1: -200.0, last: -200.0})
    assert kinds(audit(silent, parts)) == []
    undecoded = replaced(manifest, "content", dict.fromkeys(range(last + 1), ""))
    assert kinds(audit(undecoded, parts)) == []


@pytest.mark.parametrize(
    ("name", "heard", "verdict"),
    [
        ("asvspoof5", "xlsr", "contained"),
        ("LibriTTS", "wav2vec2", "contained"),
        ("LibriTTS", "wav2vec2_large", "contained"),
        ("LibriTTS", "wav2vec2_large_lv60", "possible"),
        ("gigaspeech", "wavlm_base_plus", "contained"),
        ("voxpopuli", "xlsr53", ""),
        ("fakesound", "eat", "contained"),
        ("AudioCaps", "AudioSet", "contained"),
        ("ljspeech", "xlsr", "possible"),
        ("M-AILABS", "hubert_large", "possible"),
        ("ljspeech", "BABEL", ""),
        ("asvspoof2019_la", "xlsr", ""),
        ("jsut", "wavlm_large", ""),
        ("in_the_wild", "xlsr", "unknown"),
        ("in_the_wild", "whisper", "possible"),
    ],
)
def test_what_an_encoder_heard(name: str, heard: str, verdict: str) -> None:
    manifest, parts = corpus()
    manifest = replaced(manifest, "corpus", dict.fromkeys(range(manifest.table.num_rows), name))
    found = audit(manifest, parts, pretraining=[heard])
    assert [(each.group, each.corpus, each.verdict) for each in found.overlaps] == (
        [("test", name, verdict)] if verdict else []
    )
    assert len(audits.warnings(found)) == (verdict in {"contained", "possible"})
    assert sum(name in line for line in audits.lines(found)) == bool(verdict)


def test_an_encoder_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="pretraining on xls-r; did you mean xlsr\\? known are wav2vec2, "):
        audit(*corpus(), pretraining=["xls-r"])
    assert all(PRETRAINED_ON.values())


def test_the_baseline_hears_a_shortcut_and_names_it() -> None:
    found = audit(*corpus(below_40hz=-90.0))
    only = found.baseline.groups["test"]
    assert found.baseline.heaviest[0] == "below_40hz"
    assert 0.65 < only.auc < 0.9, "one of two systems is given away"
    assert only.low <= only.eer <= only.high
    assert (only.bonafide, only.spoof) == (15, 30)
    both, parts = corpus()
    fake = np.flatnonzero(both.strings("label") == SPOOF).tolist()
    flac = audit(replaced(both, "container", dict.fromkeys(fake, "FLAC")), parts)
    assert flac.baseline.groups["test"].eer == 0
    assert any("reach an EER of 0.0 [0.0, 0.0] % on test" in line for line in audits.warnings(flac))


def test_the_same_seed_the_same_findings() -> None:
    manifest, parts = corpus(rms=-20.0)
    one, other = (audits.summary(audit(manifest, parts, seed=1)) for _ in range(2))
    assert json.dumps(one) == json.dumps(other)


def test_all_of_it_is_json_lines_and_tables() -> None:
    manifest, parts = corpus(rms=0.0)
    found = audit(replaced(manifest, "floor", dict.fromkeys(range(180), float("nan"))), parts)
    told = json.loads(json.dumps(audits.summary(found), allow_nan=False))
    assert told["warnings"] == audits.warnings(found)
    rows = {row["system"]: row for row in told["shortcuts"]["rows"]}
    assert rows["melgan"]["auc"]["rms"] == 1
    assert rows["melgan"]["auc"]["floor"] is None
    assert rows["melgan"]["warned"] == ["rms"]
    assert told["baseline"]["groups"]["test"]["spoof"] == 30
    lines = audits.lines(found)
    assert lines[0].startswith("warning: level alone")
    assert all("\n" not in line for line in lines)
    shortcuts, baseline = audits.tables(found)
    assert shortcuts.row_count == len(FEATURES) + len(KINDS) - 1
    assert next(iter(shortcuts.columns[0].cells)) == "level"
    assert list(baseline.columns[0].cells) == ["test"]
    console = Console(width=150, file=StringIO())
    console.print(shortcuts, baseline)
    assert "data.condition.level_db=-26" in console.file.getvalue()


def drawn(rows: int, *, gaps: bool = False) -> Shortcuts:
    """A matrix of AUCs with as many rows."""
    features = (*FEATURES, *KINDS)
    area = np.random.default_rng(rows).uniform(0.1, 0.9, (rows, len(features)))
    if gaps:
        area[:, 3:17] = np.nan
    names = [f"system_with_a_long_name_{number:02}" for number in range(rows)]
    described = tuple(
        Row("lj" if rows < 9 else f"corpus {n % 3}", name, 50, 60) for n, name in enumerate(names)
    )
    missing = features[3:17] if gaps else ()
    return Shortcuts(features, described, area, np.abs(area - 0.5) > LIMIT - 0.5, missing, ())


@pytest.mark.parametrize(("rows", "gaps"), [(1, False), (2, False), (2, True), (40, False), (90, True)])
def test_the_picture_frames_the_warnings_and_holds_its_labels(rows: int, gaps: bool, tmp_path: Path) -> None:
    shortcuts = drawn(rows, gaps=gaps)
    figure = heatmap(shortcuts)
    axes = figure.axes[0]
    shown = min(rows, 60)
    assert axes.images[0].get_array().shape == (shown, len(FEATURES) + len(KINDS) - 14 * gaps)
    framed = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(framed) == len(axes.texts)
    if rows <= 60:
        assert len(framed) == shortcuts.warned.sum()
    told = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert ("Not examined: leading silence" in told) == gaps
    assert ("30 rows with weaker shortcuts" in told) == (rows == 90)
    frame = figure.bbox.padded(2)
    for item in (*figure.axes, *figure.texts):
        held = item.get_tightbbox() if item in figure.axes else item.get_window_extent()
        assert held is not None
        assert frame.x0 <= held.x0 < held.x1 <= frame.x1
        assert frame.y0 <= held.y0 < held.y1 <= frame.y1
    save(figure, tmp_path / "audit.png")
    assert (tmp_path / "audit.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_compared_is_no_picture() -> None:
    shortcuts = drawn(2)
    with pytest.raises(InputError, match="the audit compared nothing"):
        heatmap(shortcuts._replace(rows=(), auc=shortcuts.auc[:0], warned=shortcuts.warned[:0]))
    with pytest.raises(InputError, match="the audit compared nothing"):
        heatmap(shortcuts._replace(auc=np.full_like(shortcuts.auc, np.nan)))


MEASURED = {
    "univnet-mos": {
        "duration": 0.50, "multiple_of_256": 0.50, "zeros_at_end": 0.00, "zeros": 0.44, "dc": 0.89,
        "below_40hz": 0.53, "rms": 0.38, "peak": 0.48, "floor": 0.49, "from_7_to_8khz": 0.48,
        "top_band": 0.49, "sample_rate": 0.50,
    },
    "pwg-demo": {
        "duration": 0.60, "multiple_of_256": 1.00, "zeros_at_end": 0.41, "zeros": 0.15, "dc": 0.79,
        "rms": 0.35, "peak": 0.44, "floor": 0.49, "from_7_to_8khz": 0.46, "sample_rate": 0.50,
    },
    "wavefake LJSpeech": {
        "duration": 0.56, "multiple_of_256": 1.00, "zeros_at_end": 0.50, "zeros": 0.17, "dc": 0.86,
        "rms": 0.27, "peak": 0.26, "floor": 0.31, "from_7_to_8khz": 0.53, "sample_rate": 0.50,
    },
    "wavefake JSUT": {
        "duration": 0.56, "multiple_of_256": 0.50, "zeros_at_end": 0.50, "zeros": 0.09, "dc": 0.72,
        "rms": 0.00, "peak": 0.31, "from_7_to_8khz": 0.62, "top_band": 1.00, "sample_rate": 0.00,
    },
}  # fmt: skip
"""Spoof against bona fide, as published with the audio; energies by frequency where windows matter little."""


@pytest.fixture(scope="module")
def pairs() -> Manifest:
    """Every recording and vocoder output of the pairs, the corpus being the set."""
    listing = real.SOURCE / "manifest.csv"
    if not listing.is_file():
        pytest.skip("no real audio: set BONAFIDE_REAL_AUDIO to its folder")
    rows = []
    with listing.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["path"].startswith("speech_pairs/"):
                continue
            name, _, sentence = Path(row["path"]).stem.partition("__")
            name = f"{name} {row['corpus']}" if name == "wavefake" else name
            label: Label = BONAFIDE if row["label"] == "bonafide" else SPOOF
            rows.append(
                Utterance(row["path"], sentence, name, row["generator"] or "-", row["speaker"] or "-", label)
            )
    rows.sort()
    return table(rows, [inspect(real.SOURCE / row.path, shortest_seconds=0.032) for row in rows])


def test_real_confounds_are_those_that_were_measured(pairs: Manifest) -> None:
    found = audit(pairs, np.full(pairs.table.num_rows, "test", object)).shortcuts
    pooled = {row.corpus: place for place, row in reversed(list(enumerate(found.rows)))}
    assert set(pooled) == set(MEASURED)
    for name, expected in MEASURED.items():
        areas = dict(zip(found.features, found.auc[pooled[name]], strict=True))
        assert {key: areas[key] for key in expected} == pytest.approx(expected, abs=0.03), name
    single = {(row.corpus, row.system): place for place, row in enumerate(found.rows)}
    rumble = found.auc[:, found.features.index("below_40hz")]
    assert rumble[single["pwg-demo", "pwg"]] == 1
    assert rumble[single["pwg-demo", "pwg_r9y9"]] == 0
    assert rumble[single["wavefake JSUT", "mb_melgan"]] < 0.25


def test_a_linear_classifier_needs_no_listening_on_real_pairs(pairs: Manifest) -> None:
    """As the sets are; every second sentence of each trains."""
    corpora, utterances = pairs.strings("corpus"), pairs.strings("utterance")
    parts = np.full(pairs.table.num_rows, "test", object)
    for name in MEASURED:
        parts[(corpora == name) & np.isin(utterances, sorted(set(utterances[corpora == name]))[::2])] = (
            "train"
        )
    groups = {name: np.flatnonzero((corpora == name) & (parts == "test")) for name in MEASURED}
    found = audit(pairs, parts, groups=groups)
    assert {name: group.auc for name, group in found.baseline.groups.items()} == pytest.approx(
        dict.fromkeys(MEASURED, 1), abs=0.02
    )
    assert len([line for line in audits.warnings(found) if line.startswith("trivial numbers alone")]) == 4
