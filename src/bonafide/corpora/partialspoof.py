"""PartialSpoof (Zhang, Wang, Cooper, Evans and Yamagishi, 2022, https://arxiv.org/abs/2204.05177)."""

import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, final

import numpy as np
from numpy.lib import format as npy

from bonafide.corpora import protocol, tree
from bonafide.corpora.corpus import Corpus
from bonafide.types import BONAFIDE, Download, InputError, Segment, Utterance

_SYSTEM: Final = "CON"
_SPLITS: Final = {"train": "train", "dev": "validation", "eval": "test"}
_ROWS: Final = {"train": 25_380, "dev": 24_844, "eval": 71_237}
_FINEST: Final = 0.01
_SPOOF, _GENUINE = ord("0"), ord("1")
_GET: Final = "python prepare.py data=partialspoof gets and unpacks it, or set data.root"


@final
class PartialSpoof(Corpus):
    """Utterances of ASVspoof 2019 LA in which stretches of speech were replaced by synthetic ones.

    ======================  ==========================================================================
    spoofs                  108,978: train 22,800, dev 22,296, eval 63,882; each has spoofed and, as a rule,
                            bona fide stretches
    bona fide               12,483 of ASVspoof 2019 LA (VCTK): 2,580, 2,548, 7,355
    speakers                as in ASVspoof 2019 LA: 20, 20 and 67, no speaker in two parts
    systems                 one, `CON`; inserted are A01 to A06 in train and dev, A07 to A19 in eval
    rates                   16,000 Hz
    format                  WAV
    segment labels          at 0.01, 0.02, 0.04, 0.08, 0.16, 0.32 and 0.64 s
    download                https://zenodo.org/records/5766198 (version 1.2)
    ======================  ==========================================================================

    ::

        root/
        └── database/                                   or root is this folder itself
            ├── {train,dev,eval}/con_wav/CON_T_0000029.wav, LA_T_9497115.wav
            ├── {train,dev,eval}/<part>.lst
            ├── protocols/PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm.{train,dev,eval}.trl.txt
            └── segment_labels/{train,dev,eval}_seglab_{0.01,…,0.64}.npy

    Traps:

    * `"0"` is spoof and `"1"` is bona fide in the segment labels, and one public reader has it the other way
      round. A file in which a bona fide utterance holds a `"0"`, or a spoof holds none, is refused.
    * The `.npy` files are pickles, which could run anything: they are read by an unpickler that knows arrays
      and text alone. Eval's at 0.01 s takes some two gigabytes while it is read; at 0.16 s a sixteenth.
    * A label stands for a whole step, and a step is spoof as soon as a sample of it is. A segment may so be
      up to a step longer at either end than what was inserted, and the last one may end after the file does.
    * `eval.lst` names two utterances that the protocol does not (`CON_E_0034982`, `CON_E_0058039`): they are
      left out and counted.
    * The protocol does not say which utterances a spoof was made from; parts are disjoint in speakers, so the
      published division holds.

    Args:
        root: folder with `database`, or that folder.
        segments: read the segment labels; without them (`false`) a spoof has no segments, which stands for
            spoof throughout: good for whole-utterance detection only.
        resolution: of the segment labels in seconds; the finest that is here if None.
    """

    def __init__(self, root: str | Path, *, segments: bool = True, resolution: float | None = None) -> None:
        super().__init__(root)
        self._segments = segments
        self._resolution = resolution
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=partialspoof`."""
        return "partialspoof"

    @property
    def notes(self) -> Sequence[str]:
        """Parts left out, lists of another length than published, segments that are coarse or not read."""
        return tuple(self._notes)

    @property
    def sources(self) -> Sequence[Download]:
        """Zenodo's record; each archive unpacks into `database`."""
        return (
            Download(
                "PartialSpoof 1.2",
                "zenodo:5766198",
                files=(
                    *(f"database_{part}.tar.gz" for part in _SPLITS),
                    "database_protocols.tar.gz",
                    "database_segment_labels_v1.2.tar.gz",
                ),
            ),
        )

    def utterances(self) -> Sequence[Utterance]:
        """Every recording of the protocols whose part is here, sorted by path.

        Raises:
            InputError: no audio, no protocol, no or unfit segment labels, a malformed line, a name twice.
        """
        self._notes = []
        base = self.root / "database" if (self.root / "database").is_dir() else self.root
        rows: list[Utterance] = []
        absent: list[str] = []
        for part in _SPLITS:
            found = tree.by_stem(base / part / "con_wav")
            if found:
                rows += self._rows(base, part, found)
            else:
                absent.append(f"{part}/con_wav")
        if not rows:
            raise InputError(f"PartialSpoof has no audio in {base}: looked for {', '.join(absent)}; {_GET}")
        if absent:
            self._note(f"left out, for there is no audio in {base}: {', '.join(absent)}")
        if not self._segments:
            self._note("segment labels were not read (data.corpus.segments=false): spoofs have no segments")
        return sorted(rows, key=lambda row: row.path)

    def _rows(self, base: Path, part: str, found: Mapping[str, str]) -> list[Utterance]:
        """The lines of a protocol; files that are not there as well, the engine names them."""
        file = base / "protocols/PartialSpoof_LA_cm_protocols" / f"PartialSpoof.LA.cm.{part}.trl.txt"
        above = tree.below(self.root, base / part / "con_wav")
        once, rows = protocol.Once("utterance"), {}
        for line in protocol.lines(file, 5):
            speaker, utterance, _, system, key = line.fields
            once(utterance, line)
            label = line.label(key)
            line.one_of(system, ("-",) if label == BONAFIDE else (_SYSTEM,), f"system of a {label} line")
            rows[utterance] = Utterance(
                path=f"{above}/{found.get(utterance, f'{utterance}.wav')}",
                utterance=utterance,
                corpus="asvspoof2019_la",
                system=system,
                speaker=speaker,
                label=label,
                split=_SPLITS[part],
                fixed=_SPLITS[part],
                language="en",
                listed=line.place,
            )
        self._note(protocol.counted(len(rows), _ROWS[part], file.name))
        self._compare(base / part / f"{part}.lst", rows)
        if not self._segments:
            return list(rows.values())
        return list(self._with_segments(base / "segment_labels", part, rows))

    def _compare(self, file: Path, rows: Mapping[str, Utterance]) -> None:
        """Notes what the list of a part names beyond its protocol, which leads."""
        if file.exists():
            more = [line.fields[0] for line in protocol.lines(file, 1) if line.fields[0] not in rows]
            if more:
                names = ", ".join(more[:3]) + (", …" if len(more) > 3 else "")
                self._note(
                    f"{file.name} names {len(more):,} utterances that the protocol does not: {names}; "
                    "left out"
                )

    def _with_segments(self, folder: Path, part: str, rows: Mapping[str, Utterance]) -> Iterator[Utterance]:
        """The rows with their spoofed stretches, after a check of what the labels mean.

        Raises:
            InputError: labels contradict the protocol, or a row has none.
        """
        file, step = self._labels(folder, part)
        runs = _read(file)
        without = [utterance for utterance in rows if utterance not in runs]
        if without:
            raise InputError(
                f"{file} has no labels for {len(without):,} of the protocol's {len(rows):,} utterances, "
                f"such as {without[0]}; get it again"
            )
        for utterance, row in rows.items():
            spoofed = runs[utterance]
            if bool(spoofed) == (row.label == BONAFIDE):
                has = "holds a '0'" if spoofed else "holds no '0'"
                raise InputError(
                    f"{file}: {utterance} is {row.label} in {row.listed} and {has}, where '0' should mean "
                    "spoof; get both files again (a copy with '0' and '1' swapped is of no use)"
                )
            yield row._replace(segments=tuple(_segment(run, step) for run in spoofed))

    def _labels(self, folder: Path, part: str) -> tuple[Path, float]:
        """The file of segment labels to read, and its step in seconds."""
        form = re.compile(rf"{part}_seglab_(\d+\.\d+)\.npy")
        names = tree.files(folder, deep=False) if folder.is_dir() else ()
        steps = {float(match[1]): name for name in names if (match := form.fullmatch(name))}
        step = min(steps, default=_FINEST) if self._resolution is None else self._resolution
        if step not in steps:
            here = f" (here: {', '.join(map(str, sorted(steps)))} s)" if steps else ""
            raise InputError(
                f"the segment labels of {part} at {step:g} s are missing: looked for "
                f"{folder / f'{part}_seglab_{step:g}.npy'}{here}; python prepare.py data=partialspoof gets "
                "them, or set data.corpus.resolution, or data.corpus.segments=false to go without"
            )
        if self._resolution is None and step > _FINEST:
            self._note(
                f"segments of {part} are known to {step:g} s only; the finest labels have {_FINEST:g} s"
            )
        return folder / steps[step], step

    def _note(self, note: str) -> None:
        if note:
            self._notes.append(note)


class _Run(NamedTuple):
    """Neighbouring steps that are spoof, the last one excluded."""

    first: int
    end: int


def _segment(run: _Run, step: float) -> Segment:
    # A float's product with 0.01 is off in the sixteenth place, which would turn up in every table.
    return Segment(round(run.first * step, 6), round(run.end * step, 6))


class _UnfitError(Exception):
    """What a file of segment labels holds that it should not."""


@final
class _Kind:
    """Stands in for `numpy.dtype` while a pickle is read: remembers its arguments, does nothing."""

    def __init__(self, name: str, *_: object) -> None:
        self.name = name
        self.order = "|"

    def __setstate__(self, state: Sequence[Any]) -> None:
        self.order = state[1]


@final
class _Array:
    """Stands in for `numpy.ndarray` while a pickle is read; keeps the runs of spoof, not the labels.

    A label takes 84 bytes in the file (21 characters of four bytes).
    """

    def __init__(self) -> None:
        self.runs: tuple[_Run, ...] = ()
        self.content: list[Any] | None = None

    def __setstate__(self, state: Sequence[Any]) -> None:
        _, shape, kind, _, data = state
        if isinstance(data, list):
            self.content = data
            return
        if type(kind) is not _Kind or not re.fullmatch(r"U[1-9]\d*", kind.name) or len(shape) != 1:
            raise _UnfitError("an array is no row of texts")
        characters = np.frombuffer(data, f"{'>' if kind.order == '>' else '<'}u4")
        characters = characters.reshape(shape[0], int(kind.name[1:]))
        spoof = characters[:, 0] == _SPOOF
        if not (spoof | (characters[:, 0] == _GENUINE)).all() or characters[:, 1:].any():
            raise _UnfitError("a label is neither '0' nor '1'")
        borders = np.flatnonzero(np.diff(spoof.astype(np.int8), prepend=0, append=0)).tolist()
        self.runs = tuple(map(_Run, borders[::2], borders[1::2]))


def _encoded(text: str, encoding: str) -> bytes:
    """Bytes as pickles of the second protocol hold them."""
    if encoding != "latin1":
        raise _UnfitError(f"bytes are encoded as {encoding}")
    return text.encode("latin1")


@final
class _Reader(pickle.Unpickler):
    """Reads dictionaries, texts and numpy arrays; anything else that a pickle names is refused, not run."""

    _KNOWN: Final[Mapping[tuple[str, str], Callable[..., object]]] = {
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Kind,
        ("numpy.core.multiarray", "_reconstruct"): lambda *_: _Array(),
        ("numpy._core.multiarray", "_reconstruct"): lambda *_: _Array(),
        ("_codecs", "encode"): _encoded,
    }

    def find_class(self, module: str, name: str) -> Any:
        found = self._KNOWN.get((module, name))
        if found is None:
            raise _UnfitError(f"it asks for {module}.{name}, which no label file needs")
        return found


def _read(file: Path) -> Mapping[str, tuple[_Run, ...]]:
    """Runs of spoof by utterance.

    Raises:
        InputError: it is no dictionary of label arrays, or asks for anything that could run.
    """
    try:
        with file.open("rb") as stream:
            _skip_header(stream)
            content = _Reader(stream).load().content
        (labels,) = content
        if not isinstance(labels, dict):
            raise _UnfitError("it is no dictionary")  # noqa: TRY301 - one message for all that is unfit
        return {_text(utterance): _runs(array) for utterance, array in labels.items()}
    except _UnfitError as error:
        raise InputError(f"{file} holds no segment labels: {error}; get it again") from error
    except (
        pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError, KeyError,
        ImportError, OverflowError, OSError,
    ) as error:  # fmt: skip
        raise InputError(f"{file} cannot be read as segment labels ({error}); get it again") from error


def _skip_header(stream: IO[bytes]) -> None:
    major, _ = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0
    shape, _, kind = read(stream)
    if shape != () or not kind.hasobject:
        raise _UnfitError("it is an array of numbers")


def _text(utterance: object) -> str:
    if not isinstance(utterance, str):
        raise _UnfitError(f"{utterance!r} is no utterance's name")
    return utterance


def _runs(array: object) -> tuple[_Run, ...]:
    if type(array) is not _Array or array.content is not None:
        raise _UnfitError("labels of an utterance are no array of texts")
    return array.runs
