"""What a data set gives away without listening: leaks between its parts, shortcuts, and a trivial baseline.

A shortcut is a number that has nothing to do with how a spoof was made and yet tells the classes apart, as
silence did in ASVspoof (Müller et al., Speech is Silver, Silence is Golden, 2021,
https://arxiv.org/abs/2106.12914). Everything works on columns; no audio is opened.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from math import isnan, nan, sqrt
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rich.table import Table
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from bonafide.data.manifest import Manifest
from bonafide.data.split import TEST, TRAIN, VALIDATION
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer
from bonafide.metrics.intervals import interval
from bonafide.types import BONAFIDE, SPOOF, InputError

Rows = NDArray[np.int64]
Values = NDArray[np.float64]

LIMIT: Final = 0.75
"""AUC, or one minus it, from which a number is a shortcut."""

_CHANCE = 2.5  # standard errors: what a handful of files can show by accident is no warning
_MOST = 100_000  # training rows of the baseline; more move its EER by less than its interval
_DRAWS = 20_000_000  # of the bootstrap

_LENGTH = "cut clips of one length at random, data.clip_seconds below that of most files"
_TRIM = "data.condition.trim_seconds=0.025, more where the silence is longer"
_LEVEL = "data.condition.level_db=-26"
_HIGHPASS = "data.condition.highpass_hz=60"
_LOWPASS = "data.condition.lowpass_hz=7000"
_BAND = "data.sample_rate of the lower side, and data.condition.lowpass_hz below half of it"
_DITHER = "data.condition.dither=true"
_NOISE = "no condition removes it; train with noise at random levels"


class Feature(NamedTuple):
    """A trivial number.

    Args:
        title: for people.
        remedy: what removes it.
        of: makes it of the columns it is named for, in a scale on which it is spread evenly.
        columns: of the manifest.
    """

    title: str
    remedy: str
    of: Callable[..., Values]
    columns: tuple[str, ...]


def _as_is(values: Values) -> Values:
    return values


def _known(values: Values) -> Values:
    """0 stands for what is not known."""
    return np.where(values > 0, values, nan)


def _multiple(base: int) -> Callable[[Values], Values]:
    return lambda frames: np.where(frames > 0, frames % base == 0, nan)


def _plain(name: str, title: str, remedy: str) -> dict[str, Feature]:
    return {name: Feature(title, remedy, _as_is, (name,))}


FEATURES: Final[Mapping[str, Feature]] = {
    "duration": Feature(
        "duration",
        _LENGTH,
        lambda frames, rate: np.log(_known(frames) / _known(rate)),
        ("frames", "sample_rate"),
    ),
    "multiple_of_256": Feature("length divisible by 256", _LENGTH, _multiple(256), ("frames",)),
    "multiple_of_300": Feature("length divisible by 300", _LENGTH, _multiple(300), ("frames",)),
    **_plain("leading_silence", "leading silence", _TRIM),
    **_plain("trailing_silence", "trailing silence", _TRIM),
    "zeros_at_end": Feature("zeros at the end", _TRIM, np.log1p, ("zeros_at_end",)),
    "zeros": Feature("share of exact zeros", _DITHER, lambda share: np.log(share + 1e-5), ("zeros",)),
    **_plain("rms", "level", _LEVEL),
    **_plain("peak", "peak", _LEVEL),
    **_plain("crest", "peak over level", _NOISE),
    "dc": Feature("offset (DC)", _HIGHPASS, lambda mean: np.log(mean + 1e-8), ("dc",)),
    **_plain("below_40hz", "energy below 40 Hz", _HIGHPASS),
    **_plain("below_60hz", "energy below 60 Hz", _HIGHPASS),
    **_plain("from_7_to_8khz", "energy at 7–8 kHz", _LOWPASS),
    **_plain("above_7khz", "energy above 7 kHz", _LOWPASS),
    **_plain("top_band", "energy in the top 8 %", _BAND),
    **_plain("floor", "noise floor", f"{_LEVEL}; {_NOISE}"),
    "sample_rate": Feature("sample rate", _BAND, lambda rate: np.log(_known(rate)), ("sample_rate",)),
    "bits": Feature("bit depth", _DITHER, _known, ("bits",)),
}
KINDS: Final = {"container": ("container", _DITHER), "encoding": ("encoding", _DITHER)}
"""What has a name instead of a number, with its title and remedy."""

# Baevski et al. 2020 (wav2vec 2.0), Conneau et al. 2020 (XLSR-53), Babu et al. 2021 (XLS-R), Hsu et al. 2021,
# Chen et al. 2021 (WavLM), Radford et al. 2022, Gong et al. 2021 (AST), Chen et al. 2024 (EAT).
_WEB = "unlisted audio of the web"
PRETRAINED_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "wav2vec2": ("LibriSpeech",),
    "wav2vec2_large": ("Libri-Light",),
    "xlsr53": ("MLS", "Common Voice", "BABEL"),
    "xlsr": ("VoxPopuli", "MLS", "Common Voice", "VoxLingua107", "BABEL"),
    "hubert": ("LibriSpeech",),
    "hubert_large": ("Libri-Light",),
    "wavlm": ("LibriSpeech",),
    "wavlm_large": ("Libri-Light", "GigaSpeech", "VoxPopuli"),
    "whisper": (_WEB,),
    "ast": ("AudioSet",),
    "eat": ("AudioSet",),
}
"""Corpora that pretrained encoders heard; of those in two sizes, the name alone is the smaller."""

_FROM_LIBRIVOX = frozenset({"LibriSpeech", "MLS", "Libri-Light"})


class _Origin(NamedTuple):
    """Where bona fide recordings come from: corpora that hold them, and whether they are from LibriVox."""

    inside: tuple[str, ...] = ()
    librivox: bool = False


# LibriTTS is cut from the material of LibriSpeech, ASVspoof 5 from the English part of MLS; AudioCaps, and
# FakeSound with it, from AudioSet. LJSpeech and most of M-AILABS are LibriVox recordings. The last are VCTK
# and other studio recordings, in none of the corpora above.
_ORIGINS: Final[Mapping[str, _Origin]] = {
    "ljspeech": _Origin(librivox=True),
    "mailabs": _Origin(librivox=True),
    "librispeech": _Origin(("LibriSpeech",), librivox=True),
    "libritts": _Origin(("LibriSpeech",), librivox=True),
    "mls": _Origin(("MLS",), librivox=True),
    "asvspoof5": _Origin(("MLS",), librivox=True),
    "commonvoice": _Origin(("Common Voice",)),
    "voxpopuli": _Origin(("VoxPopuli",)),
    "gigaspeech": _Origin(("GigaSpeech",)),
    "audioset": _Origin(("AudioSet",)),
    "audiocaps": _Origin(("AudioSet",)),
    "fakesound": _Origin(("AudioSet",)),
    **dict.fromkeys(
        ("vctk", "jsut", "aishell3", "asvspoof2019la", "asvspoof2021la", "asvspoof2021df", "partialspoof"),
        _Origin(),
    ),
}


class Leak(NamedTuple):
    """Something that two parts, or two labels, share.

    Args:
        kind: `"recording"`, `"utterance"`, `"group"`, `"speaker"`, `"content"`, `"system"` or `"label"`.
        between: the names of the two parts.
        shared: how many different things.
        rows: recordings of the second part that share one.
        of: recordings of the second part.
        examples: up to three of the things shared.
        sentence: all of it in words, and what to do.
        warning: whether a result is in doubt; else it is only to be known.
    """

    kind: str
    between: tuple[str, str]
    shared: int
    rows: int
    of: int
    examples: tuple[str, ...]
    sentence: str
    warning: bool = True


class Overlap(NamedTuple):
    """A test group's recordings that an encoder may have heard.

    Args:
        group: of the test.
        corpus: of its bona fide recordings.
        verdict: `"contained"`, `"possible"` (both from one source, or the encoder's is not published), or
            `"unknown"`.
        sentence: in words.
    """

    group: str
    corpus: str
    verdict: str
    sentence: str


class Row(NamedTuple):
    """A system against the bona fide recordings of the same corpus; all systems if it is `"*"`."""

    corpus: str
    system: str
    bonafide: int
    spoof: int


class Shortcuts(NamedTuple):
    """How well each trivial number alone tells each system from bona fide recordings.

    Args:
        features: names in `FEATURES` and `KINDS`.
        rows: what each line of the matrices is about.
        auc: `[rows, features]`, chance that a spoof's number is the higher one, ties one half; NaN where it
            was not examined. A container or encoding counts as high where it is more common in spoofs.
        warned: `[rows, features]`, whether it is beyond `LIMIT` and beyond chance.
        not_examined: features that no recording has, since files were not decoded.
        unpaired: systems without bona fide recordings of their corpus.
    """

    features: tuple[str, ...]
    rows: tuple[Row, ...]
    auc: Values
    warned: NDArray[np.bool_]
    not_examined: tuple[str, ...]
    unpaired: tuple[str, ...]


class Trivial(NamedTuple):
    """The trivial baseline on one test group: counts, EER with 95 % bounds and AUC, fractions."""

    bonafide: int
    spoof: int
    eer: float
    low: float
    high: float
    auc: float


class Baseline(NamedTuple):
    """A detector that sees nothing but trivial numbers.

    Args:
        groups: by name, those with both classes.
        heaviest: the three features with the largest weights.
        absent: why there is none, or none for a group; empty if there are all.
    """

    groups: Mapping[str, Trivial]
    heaviest: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Findings(NamedTuple):
    """What an audit found; empty of warnings is good, but no proof of anything."""

    leaks: tuple[Leak, ...]
    overlaps: tuple[Overlap, ...]
    shortcuts: Shortcuts
    baseline: Baseline


def audit(
    manifest: Manifest,
    parts: NDArray[np.object_],
    *,
    training: Rows | None = None,
    groups: Mapping[str, Rows] | None = None,
    speakers_apart: bool = False,
    pretraining: Sequence[str] = (),
    seed: int = 0,
) -> Findings:
    """Looks for leaks and shortcuts, and scores the trivial baseline.

    Args:
        manifest: of usable files.
        parts: `"train"`, `"validation"` or `"test"` for each row.
        training: rows that are trained on; the whole part if None.
        groups: rows of each test group by name; the test part if None.
        speakers_apart: whether a speaker in two parts is a leak.
        pretraining: encoders (keys of `PRETRAINED_ON`) or corpora that the detector's encoder heard.
        seed: of the bootstrap, and of the choice among very many training rows.

    Raises:
        InputError: an encoder or corpus in `pretraining` is unknown.
    """
    train = np.flatnonzero(parts == TRAIN) if training is None else training
    tests = {TEST: np.flatnonzero(parts == TEST)} if groups is None else groups
    held = {TRAIN: train, VALIDATION: np.flatnonzero(parts == VALIDATION)}
    seen = _Seen(_numbers(manifest), {name: _codes(manifest, name) for name in KINDS})
    return Findings(
        tuple(_leaks(manifest, held, tests, speakers_apart=speakers_apart)),
        tuple(_overlaps(manifest, tests, _heard(pretraining))),
        _shortcuts(manifest, seen),
        _baseline(manifest, seen, train, tests, seed),
    )


class _Codes(NamedTuple):
    """A text column: a number for each row, -1 where it says nothing, and the text of each number."""

    of: NDArray[np.int64]
    text: Callable[[int], str]
    size: int


def _codes(manifest: Manifest, column: str, *, within: str = "", unknown: Sequence[str] = ("",)) -> _Codes:
    """A column's values as numbers, those of different values of `within` kept apart."""
    encoded = manifest.table.column(column).combine_chunks().dictionary_encode()
    texts, of = encoded.dictionary, encoded.indices.to_numpy().astype(np.int64)
    nothing = pc.is_in(texts, pa.array(unknown, pa.string())).to_numpy(zero_copy_only=False)[of]
    size = len(texts)
    if within:
        outer = _codes(manifest, within, unknown=())
        of, size = of + outer.of * size, size * outer.size
    return _Codes(np.where(nothing, -1, of), lambda code: str(texts[code % max(len(texts), 1)]), size)


class _Seen(NamedTuple):
    """The trivial features of every row."""

    numbers: Mapping[str, Values]
    kinds: Mapping[str, _Codes]


def _leaks(
    manifest: Manifest, held: Mapping[str, Rows], tests: Mapping[str, Rows], *, speakers_apart: bool
) -> Iterator[Leak]:
    label = manifest.strings("label")
    content = _content(manifest)
    keys = {
        "recording": _codes(manifest, "path"),
        "utterance": _codes(manifest, "utterance", within="corpus"),
        "group": _codes(manifest, "group", within="corpus"),
        "content": content,
    }
    advice = {
        "recording": "check data.tests: a group takes files of the training part (split: all)",
        "utterance": "data.split.rule=fixed divides by utterance",
        "group": "data.split.rule=fixed keeps groups together",
        "speaker": "divide by speaker, or report it as a test on known voices",
        "content": "the same audio lies under two names; leave one out",
    }
    nouns = {"recording": "file", "content": "identical recording"}
    if speakers_apart:
        keys["speaker"] = _codes(manifest, "speaker", within="corpus", unknown=("", "-"))
    pairs = [
        (TRAIN, VALIDATION, held[VALIDATION]),
        *((part, *test) for part in held for test in tests.items()),
    ]
    for kind, codes in keys.items():
        for part, name, rows in pairs:
            hit, shared = _shared(codes, held[part], rows)
            if not len(hit):
                continue
            if kind == "content":
                examples = tuple(_path(manifest, hit[codes.of[hit] == code][0]) for code in shared[:3])
            else:
                examples = tuple(codes.text(int(code)) for code in shared[:3])
            sentence = (
                f"{part} and {name} share {_many(len(shared), nouns.get(kind, kind))} ({len(hit):,} of the "
                f"{_many(len(rows), 'file')} of {name}), such as {examples[0]}: {advice[kind]}"
            )
            yield Leak(kind, (part, name), len(shared), len(hit), len(rows), examples, sentence)
    yield from _seen_systems(manifest, held[TRAIN], tests)
    yield from _two_labels(manifest, content, label)


def _content(manifest: Manifest) -> _Codes:
    """Files that are silent throughout all hold the same, which is no leak."""
    content = _codes(manifest, "content")
    return content._replace(of=np.where(manifest.numbers("peak") <= -200, -1, content.of))


def _shared(codes: _Codes, one: Rows, other: Rows) -> tuple[Rows, Rows]:
    """Rows of `other` whose value `one` has too, and these values."""
    present = np.zeros(codes.size + 1, dtype=bool)
    present[codes.of[one]] = True
    present[-1] = False  # where -1, which says nothing, has gone
    hit = other[present[codes.of[other]]]
    shared = np.zeros_like(present)
    shared[codes.of[hit]] = True
    return hit, np.flatnonzero(shared)


def _seen_systems(manifest: Manifest, train: Rows, tests: Mapping[str, Rows]) -> Iterator[Leak]:
    systems = _codes(manifest, "system", unknown=("", "-"))
    for name, rows in tests.items():
        hit, shared = _shared(systems, train, rows)
        if len(hit):
            there = systems.of[rows]
            total = len(np.unique(there[there >= 0]))
            examples = tuple(systems.text(int(code)) for code in shared[:3])
            sentence = (
                f"{len(shared)} of {_many(total, 'system')} of {name} seen in training, as {examples[0]}: "
                "other generators may fool it; data.train.leave_out keeps some for testing"
            )
            counts = (len(shared), len(hit), len(rows))
            yield Leak("system", (TRAIN, name), *counts, examples, sentence, warning=False)


def _two_labels(manifest: Manifest, content: _Codes, label: NDArray[np.object_]) -> Iterator[Leak]:
    known = np.flatnonzero(content.of >= 0)
    genuine, fake = known[label[known] == BONAFIDE], known[label[known] == SPOOF]
    hit, shared = _shared(content, genuine, fake)
    if len(hit):
        twins = [genuine[content.of[genuine] == code][0] for code in shared[:3]]
        fakes = [hit[content.of[hit] == code][0] for code in shared[:3]]
        examples = tuple(
            f"{_path(manifest, a)} = {_path(manifest, b)}" for a, b in zip(twins, fakes, strict=True)
        )
        sentence = (
            f"{_many(len(shared), 'recording')} with both labels, such as {examples[0]}: "
            "one of them is wrong; leave both out"
        )
        yield Leak("label", (BONAFIDE, SPOOF), len(shared), len(hit), len(fake), examples, sentence)


def _path(manifest: Manifest, row: int) -> str:
    return str(manifest.table.column("path")[int(row)])


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _heard(names: Sequence[str]) -> tuple[str, ...]:
    """The corpora behind the names."""
    corpora = sorted({corpus for heard in PRETRAINED_ON.values() for corpus in heard})
    found: dict[str, None] = {}
    for name in names:
        if name not in PRETRAINED_ON and name not in corpora:
            near = get_close_matches(name, [*PRETRAINED_ON, *corpora], 1)
            raise InputError(
                f"nothing is known of pretraining on {name}; {f'did you mean {near[0]}? ' if near else ''}"
                f"known are {', '.join([*PRETRAINED_ON, *corpora])}"
            )
        found |= dict.fromkeys(PRETRAINED_ON.get(name, (name,)))
    return tuple(found)


def _overlaps(manifest: Manifest, tests: Mapping[str, Rows], heard: Sequence[str]) -> Iterator[Overlap]:
    if not heard:
        return
    corpora, genuine = _codes(manifest, "corpus"), manifest.strings("label") == BONAFIDE
    for name, rows in tests.items():
        for code in np.unique(corpora.of[rows[genuine[rows]]]):
            corpus = corpora.text(int(code))
            verdict, why = _verdict(corpus, heard)
            if verdict:
                yield Overlap(name, corpus, verdict, f"{corpus}, bona fide side of {name}: {why}")


def _verdict(corpus: str, heard: Sequence[str]) -> tuple[str, str]:
    origin = _ORIGINS.get("".join(filter(str.isalnum, corpus.lower())))
    if origin is not None:
        inside = [each for each in heard if each in origin.inside]
        if inside:
            return "contained", f"the encoder was trained on {inside[0]}, where these recordings come from"
        related = sorted(_FROM_LIBRIVOX & set(heard)) if origin.librivox else []
        if related:
            return "possible", f"the encoder was trained on {related[0]}, and both are recordings of LibriVox"
    if _WEB in heard:
        return "possible", f"the encoder was trained on {_WEB}, which may hold anything that is public"
    if origin is None:
        return "unknown", f"where it comes from is not known here; compare it with {', '.join(heard)}"
    return "", ""


def _numbers(manifest: Manifest) -> dict[str, Values]:
    """The numeric features of every row."""
    return {
        name: np.asarray(
            feature.of(*(manifest.numbers(column).astype(np.float64) for column in feature.columns))
        )
        for name, feature in FEATURES.items()
    }


def _shortcuts(manifest: Manifest, seen: _Seen) -> Shortcuts:
    corpora, systems = _codes(manifest, "corpus"), _codes(manifest, "system")
    label = manifest.strings("label")
    names = (*seen.numbers, *seen.kinds)
    rows: list[Row] = []
    areas: list[Values] = []
    unpaired: list[str] = []
    for code in sorted(np.unique(corpora.of), key=lambda code: corpora.text(int(code))):
        inside, corpus = corpora.of == code, corpora.text(int(code))
        genuine, fake = (
            np.flatnonzero(inside & (label == BONAFIDE)),
            np.flatnonzero(inside & (label == SPOOF)),
        )
        present, member = np.unique(systems.of[fake], return_inverse=True)
        made = [systems.text(int(system)) for system in present]
        if not len(genuine):
            unpaired += made
        if not len(genuine) or not len(fake):
            continue
        columns = [_areas(values[genuine], values[fake], member) for values in seen.numbers.values()]
        columns += [
            _areas_of_kinds(codes.of[genuine], codes.of[fake], member) for codes in seen.kinds.values()
        ]
        order = [0, *(1 + place for place in sorted(range(len(made)), key=made.__getitem__))]
        order = order if len(made) > 1 else order[1:]
        counts = np.concatenate([[len(fake)], np.bincount(member)])
        rows += [Row(corpus, ("*", *made)[place], len(genuine), int(counts[place])) for place in order]
        areas.append(np.stack(columns, axis=1)[order])
    area = np.concatenate(areas) if areas else np.empty((0, len(names)))
    beyond = _strength(area, rows) > 1
    missing = tuple(name for name, column in zip(names, area.T, strict=True) if np.isnan(column).all())
    return Shortcuts(names, tuple(rows), area, beyond, missing, tuple(sorted(set(unpaired))))


def _strength(area: Values, rows: Sequence[Row]) -> Values:
    """How far from one half, re what makes a warning: `LIMIT`, and what chance shows under no difference."""
    chance = [sqrt((row.bonafide + row.spoof + 1) / (12 * row.bonafide * row.spoof)) for row in rows]
    strength: Values = np.abs(area - 0.5) / np.maximum(LIMIT - 0.5, _CHANCE * np.array(chance))[:, None]
    return strength


def _areas(genuine: Values, fake: Values, member: NDArray[np.int64]) -> Values:
    """AUC of all spoofs, then of each member, ties one half: `bonafide.metrics.auc` for many at once."""
    genuine = np.sort(genuine[~np.isnan(genuine)])
    known = ~np.isnan(fake)
    if not len(genuine):
        return np.full(member.max() + 2, nan)
    order = np.argsort(fake[known])  # neighbours are found faster
    fake, member_known = fake[known][order], member[known][order]
    wins = (np.searchsorted(genuine, fake, "left") + np.searchsorted(genuine, fake, "right")) / 2
    return _means(wins / len(genuine), member_known, member.max() + 1)


def _means(wins: Values, member: NDArray[np.int64], size: int) -> Values:
    totals, counts = np.bincount(member, wins, minlength=size), np.bincount(member, minlength=size)
    with np.errstate(invalid="ignore"):
        means: Values = np.concatenate([[totals.sum()], totals]) / np.concatenate([[counts.sum()], counts])
    return means


def _areas_of_kinds(genuine: NDArray[np.int64], fake: NDArray[np.int64], member: NDArray[np.int64]) -> Values:
    """The same for names, each comparison with its own order: the more spoofs among a kind, the higher."""
    size = max(int(genuine.max()), int(fake.max()), 0) + 1
    mine = np.bincount(genuine[genuine >= 0], minlength=size)
    theirs = np.zeros((member.max() + 2, size))
    np.add.at(theirs, (1 + member[fake >= 0], fake[fake >= 0]), 1)
    theirs[0] = theirs.sum(axis=0)
    if not mine.sum():
        return np.full(len(theirs), nan)
    found = []
    for counts in theirs:
        order = np.argsort(counts / np.maximum(counts + mine, 1), kind="stable")
        below = np.cumsum(mine[order]) - mine[order] / 2
        total = counts.sum()
        found.append(float(counts[order] @ below / (total * mine.sum())) if total else nan)
    return np.array(found)


def _baseline(manifest: Manifest, seen: _Seen, train: Rows, tests: Mapping[str, Rows], seed: int) -> Baseline:
    """Logistic regression on standardised numbers.

    Linear, because it must also hold with fifty recordings, and its weights say what it heard; a boosted tree
    would be no stronger on shortcuts that one threshold shows.
    """
    genuine = manifest.strings("label") == BONAFIDE
    if len(train) > _MOST:
        train = np.sort(np.random.default_rng(seed).choice(train, _MOST, replace=False))
    if genuine[train].all() or not genuine[train].any():
        return Baseline({}, absent=("the training rows lack a class, so there is no trivial baseline",))
    columns = {name: values for name, values in seen.numbers.items() if not np.isnan(values[train]).all()}
    owner = dict.fromkeys(columns, "")
    for name, codes in seen.kinds.items():
        for code in np.unique(codes.of[train])[
            1:
        ]:  # one fewer than there are: the first is known by the others
            columns[f"{name}={codes.text(int(code))}"] = (codes.of == code).astype(np.float64)
    names = [*owner, *(name for name in columns if name not in owner)]

    def table(rows: Rows) -> Values:
        return np.stack([columns[name][rows] for name in names], axis=1)

    model = make_pipeline(
        StandardScaler(),
        FunctionTransformer(np.clip, kw_args={"a_min": -8, "a_max": 8}),
        SimpleImputer(strategy="constant", fill_value=0.0),
        LogisticRegression(class_weight="balanced", max_iter=2000),
    ).fit(table(train), genuine[train])
    weights = np.abs(model[-1].coef_[0])
    found, absent = {}, []
    for name, rows in tests.items():
        if genuine[rows].all() or not genuine[rows].any():
            absent.append(f"{name} lacks a class, so there is no trivial baseline of it")
            continue
        score = model.decision_function(table(rows))
        found[name] = _measured(score[genuine[rows]], score[~genuine[rows]], seed)
    heaviest = tuple(names[place] for place in np.argsort(-weights, kind="stable")[:3])
    return Baseline(found, heaviest, tuple(absent))


def _measured(genuine: Values, fake: Values, seed: int) -> Trivial:
    draws = _DRAWS // (len(genuine) + len(fake))
    bounds = interval(eer, genuine, fake, replicates=min(1000, max(100, draws)), seed=seed)
    return Trivial(len(genuine), len(fake), eer(genuine, fake), *bounds, auc(genuine, fake))


def title(feature: str) -> str:
    """A feature's name for people."""
    return FEATURES[feature].title if feature in FEATURES else KINDS[feature][0]


def remedy(feature: str) -> str:
    """What removes it."""
    return FEATURES[feature].remedy if feature in FEATURES else KINDS[feature][1]


def warnings(findings: Findings) -> list[str]:
    """What puts results in doubt, a sentence each."""
    found = [leak.sentence for leak in findings.leaks if leak.warning]
    found += [overlap.sentence for overlap in findings.overlaps if overlap.verdict != "unknown"]
    for line in _worst(findings.shortcuts):
        if line.warned:
            found.append(
                f"{title(line.feature)} alone gives {line.warned} of {_many(line.systems, 'system')} away "
                f"(AUC {line.auc:.2f} for {line.row}): {remedy(line.feature)}"
            )
    for name, trivial in findings.baseline.groups.items():
        if trivial.high < 1 - LIMIT:
            found.append(
                f"trivial numbers alone ({', '.join(findings.baseline.heaviest)}) reach an EER of "
                f"{_percent(trivial)} on {name}"
            )
    return found


def lines(findings: Findings) -> list[str]:
    """All that is to be known, a plain line each, warnings first."""
    found = [f"warning: {sentence}" for sentence in warnings(findings)]
    found += [leak.sentence for leak in findings.leaks if not leak.warning]
    found += [overlap.sentence for overlap in findings.overlaps if overlap.verdict == "unknown"]
    shortcuts = findings.shortcuts
    if shortcuts.not_examined:
        told = ", ".join(title(name) for name in shortcuts.not_examined)
        found.append(f"not examined, since no file says: {told}; data.audit=full decodes every file")
    if shortcuts.unpaired:
        found.append(f"not examined, for want of bona fide recordings: {', '.join(shortcuts.unpaired)}")
    found += findings.baseline.absent
    found += [
        f"trivial baseline on {name}: EER {_percent(trivial)}, AUC {trivial.auc:.3f}"
        for name, trivial in findings.baseline.groups.items()
    ]
    return found


def tables(findings: Findings) -> list[Table]:
    """The shortcuts, strongest first, and the trivial baseline, for a terminal."""
    shortcuts = Table("trivial number", "strongest for", "AUC", "systems", "remedy", title="Shortcuts")
    for line in _worst(findings.shortcuts):
        style = "bold red" if line.warned else ""
        told = remedy(line.feature) if line.warned else ""
        shortcuts.add_row(
            title(line.feature),
            line.row,
            f"{line.auc:.2f}",
            f"{line.warned}/{line.systems}",
            told,
            style=style,
        )
    baseline = Table("test group", "bona fide", "spoofs", "EER, % [95 %]", "AUC", title="Trivial baseline")
    for name, trivial in findings.baseline.groups.items():
        counts = (f"{trivial.bonafide:,}", f"{trivial.spoof:,}")
        baseline.add_row(name, *counts, _percent(trivial), f"{trivial.auc:.3f}")
    return [table for table in (shortcuts, baseline) if table.row_count]


def summary(findings: Findings) -> dict[str, Any]:
    """All of it for JSON; what was not examined is null."""
    shortcuts = findings.shortcuts
    matrix = [
        {
            **row._asdict(),
            "auc": dict(zip(shortcuts.features, map(_number, area), strict=True)),
            "warned": [name for name, warned in zip(shortcuts.features, marks, strict=True) if warned],
        }
        for row, area, marks in zip(shortcuts.rows, shortcuts.auc, shortcuts.warned, strict=True)
    ]
    return {
        "warnings": warnings(findings),
        "leaks": [leak._asdict() for leak in findings.leaks],
        "overlaps": [overlap._asdict() for overlap in findings.overlaps],
        "shortcuts": {
            "rows": matrix,
            "not_examined": list(shortcuts.not_examined),
            "unpaired": list(shortcuts.unpaired),
        },
        "baseline": {
            "groups": {name: trivial._asdict() for name, trivial in findings.baseline.groups.items()},
            "heaviest": list(findings.baseline.heaviest),
            "absent": list(findings.baseline.absent),
        },
    }


class _Line(NamedTuple):
    feature: str
    row: str
    auc: float
    strength: float
    warned: int
    systems: int


def _worst(shortcuts: Shortcuts) -> list[_Line]:
    """Each feature with its strongest row; the strongest feature first."""
    several = {row.corpus for row in shortcuts.rows}
    single = np.array([row.system != "*" for row in shortcuts.rows], dtype=bool)
    found = []
    strengths = _strength(shortcuts.auc, shortcuts.rows)
    for name, area, strength, warned in zip(
        shortcuts.features, shortcuts.auc.T, strengths.T, shortcuts.warned.T, strict=True
    ):
        if np.isnan(area).all():
            continue
        place = int(np.nanargmax(strength))
        row = shortcuts.rows[place]
        system = "all systems" if row.system == "*" else row.system
        told = f"{system} of {row.corpus}" if len(several) > 1 else system
        # A pooled row may be beyond chance where no single system is.
        count = max(int((warned & single).sum()), int(warned.any()))
        found.append(_Line(name, told, float(area[place]), float(strength[place]), count, int(single.sum())))
    return sorted(found, key=lambda line: -line.strength)


def _number(value: float) -> float | None:
    return None if isnan(value) else float(value)


def _percent(trivial: Trivial) -> str:
    return f"{100 * trivial.eer:.1f} [{100 * trivial.low:.1f}, {100 * trivial.high:.1f}] %"
