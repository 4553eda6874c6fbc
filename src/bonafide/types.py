"""The words every floor shares: what an utterance, a batch and a feature shape are.

All are `NamedTuple`s, so Hydra, Lightning and `DataLoader` workers pass them on untouched.
"""

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

Label = Literal["bonafide", "spoof"]

BONAFIDE: Final = "bonafide"
SPOOF: Final = "spoof"


class InputError(ValueError):
    """Something the user can mend: what is wrong, where, and what to do, in one line.

    The command line prints the message alone and exits with code 2.
    """


class Segment(NamedTuple):
    """A manipulated stretch of an utterance, in seconds from its start."""

    start: float
    end: float


class Utterance(NamedTuple):
    """One recording of a corpus: a row of its table.

    Args:
        path: below the corpus root, with forward slashes; absolute if it lies elsewhere.
        utterance: the sentence spoken; a recording and its resyntheses share it, and splits go by it.
        corpus: the collection the *bona fide* side comes from (a spoof is paired with its own).
        system: generator or attack that made a spoof; `"-"` for bona fide.
        speaker: who speaks, `"-"` if unknown.
        label: `"bonafide"` or `"spoof"`.
        split: the published part (`"train"`, `"validation"`, `"test"`), `""` if none is published.
        segments: manipulated stretches of a partial spoof; empty when the whole is of one kind.
        fixed: the part where the published division is sound (or the corpus mends it itself); `""` leaves the
            division to a hash of `group`.
        group: what must stay in one part, such as a speaker; the utterance if `""`.
        subset: a named piece of a part, as its publishers report it (`"progress"`, `"hard"`, `"C7"`).
        codec: transmission or compression that the recording went through, `"-"` for none or unknown.
        language: as the corpus writes it, `"-"` if unknown.
        family: kind of system, as its publishers group them, `"-"` if they do not.
        listed: `file:line` of the protocol that names the recording, `""` if a folder lists it.
    """

    path: str
    utterance: str
    corpus: str
    system: str
    speaker: str
    label: Label
    split: str = ""
    segments: tuple[Segment, ...] = ()
    fixed: str = ""
    group: str = ""
    subset: str = ""
    codec: str = "-"
    language: str = "-"
    family: str = "-"
    listed: str = ""


class Download(NamedTuple):
    """Files that anyone may fetch.

    Args:
        title: what they are.
        place: `zenodo:RECORD`, `huggingface:OWNER/DATASET`, or the address of one file.
        into: folder below the corpus root that they are unpacked (or put) into; `""` for the root itself.
        files: patterns of those wanted, of a record or data set; all if empty.
        checksum: `md5:…` or `sha256:…` of the one file at an address, where its publisher states one.
        licence: in a few words.
    """

    title: str
    place: str
    into: str = ""
    files: tuple[str, ...] = ()
    checksum: str = ""
    licence: str = ""


class ByHand(NamedTuple):
    """Files that a person must ask for.

    Args:
        title: what they are.
        place: page where they are to be had.
        into: where below the corpus root they belong.
        why: what stands between: a form, a log-in, a purchase.
    """

    title: str
    place: str
    into: str
    why: str


class Batch(NamedTuple):
    """Clips on their way to the model.

    Args:
        waveform: `[batch, time]` float32 in [-1, 1] at `data.sample_rate`.
        target: `[batch]` float32; bona fide 1, spoof 0.
        length: `[batch]` int64; samples that were there before the clip was repeated to `time`.
        index: `[batch]` int64; place among the clips of its loader.
        regions: `[batch, regions, 2]` int64; spoofed stretches of each clip in samples from its start,
            `[start, end)` within `length`; rows without one hold (0, 0), and a clip that is wholly spoofed
            has the one region (0, length). None where nobody asks.
    """

    waveform: "Tensor"
    target: "Tensor"
    length: "Tensor"
    index: "Tensor"  # type: ignore[assignment]  # of the clip, not the method of tuples
    regions: "Tensor | None" = None


class FeatureShape(NamedTuple):
    """What a front end makes of a clip: `[batch, channels, bins, frames]` without the batch."""

    channels: int
    bins: int
    frames: int
