import csv
import html.parser
import io
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console
from tests.scripts.command_line import Result, bonafide

from bonafide.corpora.folder import Folder
from bonafide.data.manifest import build
from bonafide.data.module import AudioData
from bonafide.explain.corpus import chunks
from bonafide.explain.corpus.profile import Settings
from bonafide.explain.corpus.tally import Tally
from bonafide.scripts.jobs import corpus_description

SMALL = ("data=folder", "hardware=cpu", "fingerprint.seconds=0.5", "fingerprint.level=8")
FIGURES = (
    "numbers", "spectra", "spectrum_overview", "spectrum_difference", "spectrum_difference_absolute",
    "packets", "packets_difference", "lines", "lines_difference", "similarity",
)  # fmt: skip


def describe(folder: Path, *words: str | Path) -> Result:
    env = {"BONAFIDE_CACHE": str(folder / "cache")}
    return bonafide(folder, "describe", *SMALL, *words, f"folder={folder}/found", env=env)


@pytest.fixture(scope="module")
def described(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("described")
    done = describe(folder, f"data.root={recordings}")
    assert done.code == 0, done.err
    assert "36/36" in done.err
    return folder / "found"


def lines(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "systems.csv").open(encoding="utf-8") as file:
        return {row["system"]: row for row in csv.DictReader(file)}


def test_every_figure_is_there_for_a_page_and_for_print(described: Path) -> None:
    for name in FIGURES:
        assert (described / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG"), name
        assert (described / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF"), name


def test_the_table_says_how_a_dull_system_differs(described: Path) -> None:
    found = lines(described)
    assert set(found) == {"-", "dull", "flat"}
    assert {row["recordings"] for row in found.values()} == {"12"}
    assert [found[name]["pairs"] for name in ("-", "dull", "flat")] == ["0", "12", "12"]
    assert float(found["dull"]["centroid_hz_difference_high"]) < -1000
    assert float(found["flat"]["rms_db_difference"]) == pytest.approx(10 * np.log10(0.4375), abs=0.1)
    assert float(found["dull"]["seconds_difference"]) == 0
    assert found["-"]["centroid_hz_difference"] == ""


def test_the_arrays_are_whole(described: Path) -> None:
    with np.load(described / "statistics.npz") as found:
        assert found["systems"].tolist() == ["bona fide", "dull", "flat"]
        assert found["spectrum"].shape == (3, 129) == found["difference"].shape
        flat = found["spectrum"][0, 1:-1]
        assert np.ptp(flat) < 2  # white noise
        assert np.isnan(found["difference"][0]).all()
        quarter = np.abs(found["hertz"] - 4000).argmin()  # where a mean of four samples hears nothing
        assert found["difference"][1, quarter] < -15
    for kind, size in (("packets", 256), ("lines", 4001)):
        with np.load(described / f"fingerprints_{kind}.npz") as found:
            assert found["magnitude"].shape == (3, size)
            assert found["differences"].tolist() == ["all generators", "dull", "flat"]
            assert found["similarity"].shape == (2, 2)
            assert (found["similarity"] > 0.5).all()  # one filter, at half its strength
            least = found["hertz"][found["difference"][1].argmin()]
            assert min(abs(least - 4000), abs(least - 8000)) < 100  # the zeros of the filter


def test_sounds_have_the_spectrum_of_the_fingerprint(described: Path) -> None:
    with np.load(described / "fingerprints_lines.npz") as found:
        magnitude, reference = found["magnitude"][1], found["reference"][1]
    with (described / "audible/levels.csv").open() as file:
        gains = {row["file"]: float(row["gain_db"]) for row in csv.DictReader(file)}
    for name, wanted in (
        ("fingerprint", magnitude),
        ("added", np.maximum(magnitude - reference, 0)),
        ("missing", np.maximum(reference - magnitude, 0)),
    ):
        file = f"dull_lines_{name}.wav"
        waveform, rate = soundfile.read(described / "audible" / file)
        assert rate == 16_000
        assert np.abs(waveform).max() <= 10 ** (-3 / 20) + 1e-6
        again = np.abs(np.fft.rfft(waveform)) / 10 ** (gains[file] / 20)
        np.testing.assert_allclose(again, wanted, atol=1e-3 * wanted.max())


def test_the_page_needs_nothing_else_and_can_be_heard(described: Path) -> None:
    text = (described / "description.html").read_text(encoding="utf-8")
    html.parser.HTMLParser().feed(text)
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert text.count("<audio") == 2 + 2 * 6 - text.count('<span class="soft">nothing')
    assert text.count("data:image/png") == len(FIGURES)
    assert "Fewer than 30 recordings" in text


def test_a_second_start_measures_nothing_again(recordings: Path, described: Path) -> None:
    done = describe(described.parent, f"data.root={recordings}")
    assert done.code == 0, done.err
    assert "describing" not in done.err


def test_an_interrupted_start_goes_on(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "_FILES", 8)
    data = AudioData(recordings, Folder, cache=tmp_path, workers=0)
    manifest = build(data.corpus, data.depth, data.cache)
    settings = Settings(16_000, level=6, seconds=0.1)
    heard: list[str] = []
    read = chunks.Chunks._read

    def interrupted(self: chunks.Chunks, name: str) -> np.ndarray:
        if len(heard) == 20:
            raise KeyboardInterrupt
        heard.append(name)
        return read(self, name)

    def tally() -> Tally:
        rows = chunks.choose(manifest, None, 0)
        return corpus_description.measured(data, manifest, rows, settings, Console(file=io.StringIO()))[0]

    monkeypatch.setattr(chunks.Chunks, "_read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tally()
    assert len(heard) == 20
    monkeypatch.setattr(chunks.Chunks, "_read", lambda self, name: (heard.append(name), read(self, name))[1])
    found = tally()
    assert len(heard) < 20 + 36  # two chunks were done
    assert len(set(heard)) == 36
    monkeypatch.setattr(chunks, "_FILES", 96)
    whole = tally()
    for key, moments in whole.moments.items():
        np.testing.assert_allclose(found.moments[key].mean, moments.mean, rtol=1e-5, atol=1e-5)


def test_faithful_is_as_published(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    for folder in ("real", "fake/quiet"):
        (root / folder).mkdir(parents=True)
        for number in range(3):
            soundfile.write(root / folder / f"u{number}.wav", np.zeros(30_000), 22_050)
    done = describe(
        tmp_path, f"data.root={root}", "data.sample_rate=22050", "faithful=true", "amount=2",
        "fingerprint.level=14", "fingerprint.seconds=1", "data.on_bad_file=skip",
    )  # fmt: skip
    assert done.code == 0, done.err
    with np.load(tmp_path / "found/statistics.npz") as found:
        np.testing.assert_allclose(found["spectrum"], -276.3102, atol=1e-4)
    with np.load(tmp_path / "found/fingerprints_packets.npz") as found:
        assert found["magnitude"].shape == (2, 16_384)
    assert {row["recordings"] for row in lines(tmp_path / "found").values()} == {"2"}
    waveform, rate = soundfile.read(tmp_path / "found/audible/quiet_published.wav")
    assert (len(waveform), rate) == (44_098, 22_050)


def test_without_references_the_systems_stand_alone(tmp_path: Path) -> None:
    listed = ["path,label,system,utterance,corpus"]
    for number in range(2):
        noise = 0.1 * np.random.default_rng(number).standard_normal(9000)
        soundfile.write(tmp_path / f"u{number}.wav", noise, 16_000)
        listed.append(f"u{number}.wav,spoof,one,u{number},c")
    (tmp_path / "manifest.csv").write_text("\n".join(listed))
    done = describe(tmp_path, "data=manifest", f"data.root={tmp_path}", f"phase={tmp_path}/u0.wav")
    assert done.code == 0, done.err
    page = (tmp_path / "found/description.html").read_text()
    assert "No bona fide recordings of their corpus" in page
    assert "the phase of u0.wav" in page
    assert not (tmp_path / "found/figures/numbers.png").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run=outputs/x"], "run= draws the front end of a run"),
        (["amount=0"], "amount=0 leaves nothing"),
        (["phase=nowhere.wav"], "phase=nowhere.wav is neither random nor a recording"),
        (["fingerprint.level=15"], "not level=15"),
        (["fingerprint.wavelet=harr"], "did you mean haar"),
        (["fingerprint.level=14"], "fingerprint.level=14 of haar needs 8193 samples"),
        (["spectrum.hop=0"], "spectrum.hop=0 makes no frames"),
    ],
)
def test_a_mistake_is_answered_before_anything_is_measured(
    words: list[str], said: str, recordings: Path, tmp_path: Path
) -> None:
    done = describe(tmp_path, f"data.root={recordings}", *words)
    assert done.code == 2
    assert said in done.line()
    assert not (tmp_path / "found").exists()
