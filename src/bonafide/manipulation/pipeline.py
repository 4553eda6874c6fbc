"""One clip through all stages: grounder → selector → mask → inpainter → enhancer → splicer → writer."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from zlib import crc32

import numpy as np

from bonafide import __version__
from bonafide.audio import frames
from bonafide.manipulation import encoding
from bonafide.manipulation.encoding import Clip
from bonafide.manipulation.enhancer import Enhancer
from bonafide.manipulation.grounder import Grounded, Grounder
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.provenance import Record
from bonafide.manipulation.selector import Selector
from bonafide.manipulation.sources import Source
from bonafide.manipulation.splicer import Splicer
from bonafide.manipulation.stage import Stage, Waveform
from bonafide.types import InputError, Segment

Twins = Literal["copy", "link", "source", "none"]

AUDIO: Final = "audio"
"""Folder of the results."""

_APART = 0.2  # seconds between two regions of a clip


class Stages(NamedTuple):
    """The exchangeable parts."""

    grounder: Grounder
    selector: Selector
    inpainter: Inpainter
    enhancer: Enhancer
    splicer: Splicer


class Plan(NamedTuple):
    """What decides a result beside the clip and the stages.

    Args:
        source: folder of the clips.
        out: folder that everything goes to.
        seed: of all draws.
        regions: of each clip, at the most.
        twins: how the genuine side of a pair is given: `copy` writes it as its spoof is written, `link` links
            the source where that is the same, `source` names the source, `none` leaves it out.
        channel: to take from files with several; None averages two.
        licence: of the sources, in the user's words.
    """

    source: Path
    out: Path
    seed: int
    regions: int
    twins: Twins
    channel: int | None
    licence: str


class Task(NamedTuple):
    """A clip to be done."""

    source: Source
    caption: str


class Outcome(NamedTuple):
    """What became of a clip.

    Args:
        record: for the provenance; None if there is a problem.
        problem: why nothing could be made, in words that follow the clip's path.
    """

    record: Record | None
    problem: str = ""


def manipulate(task: Task, stages: Stages, plan: Plan) -> Outcome:
    """Reads a clip, makes its manipulated version and its genuine twin, and writes both whole.

    What it gives depends on the clip's name and content, its caption, the stages and the plan alone.

    Raises:
        InputError: a file cannot be written.
    """
    file = plan.source / task.source.path
    try:
        clip = encoding.read(file, plan.channel)
        seconds = frames.to_seconds(clip.waveform.size, clip.sample_rate)
        generator = np.random.default_rng([plan.seed, crc32(task.source.name.encode())])
        grounded = _grounded(clip, task.caption, stages.grounder)
        chosen = _regions(stages.selector, grounded, seconds, plan.regions, generator)
        seeds = [int(generator.integers(2**31)) for _ in chosen]
        about: Record = {
            "source": task.source.name,
            "file": task.source.path,
            "stamp": list(task.source.stamp),
            "source_sha256": encoding.digest(file),
            "caption": task.caption,
            "licence": plan.licence,
            "seed": plan.seed,
            "bonafide": __version__,
        }
        if not chosen:
            return Outcome({**about, "left_out": "no stretch of it makes a region"})
        made, parts = clip.waveform, []
        for region, seed in zip(chosen, seeds, strict=True):
            made, part = _regenerated(clip._replace(waveform=made), region, task.caption, seed, stages)
            parts.append({**part, "probability": _probability(region, grounded)})
        made = _checked(stages.splicer, stages.splicer.finish(made, clip.sample_rate), clip.waveform.size)
        twin = stages.splicer.finish(clip.waveform, clip.sample_rate)
    except InputError as error:
        return Outcome(None, str(error).removeprefix(f"{file} "))
    name = f"{task.source.name}_{named(chosen)}"
    fake = plan.out / AUDIO / f"{name}.wav"
    encoding.write(fake, made, clip.sample_rate, clip.subtype)
    genuine = _twin(task.source, clip, twin, plan)
    return Outcome(
        {
            **about,
            "audio_id": name,
            "path": f"{AUDIO}/{name}.wav",
            "bytes": fake.stat().st_size,
            "sha256": encoding.digest(fake),
            "genuine": genuine,
            "genuine_bytes": (plan.out / genuine).stat().st_size if genuine else 0,
            "genuine_sha256": encoding.digest(plan.out / genuine) if genuine else "",
            "sample_rate": clip.sample_rate,
            "samples": int(clip.waveform.size),
            "encoding": clip.subtype,
            "regions": parts,
            **{
                kind: described(getattr(stages, kind))
                for kind in ("grounder", "selector", "enhancer", "splicer")
            },
        }
    )


def named(regions: Sequence[Segment]) -> str:
    """As FakeSound writes a region, and FakeSound 2 several: numbers in seconds, unpadded.

    >>> named([Segment(6.12, 7.4)]), named([Segment(0.0, 1.0), Segment(2.5, 3.0)])
    ('6.12_7.4', '0-1_2.5-3')
    """
    written = [(number(start), number(end)) for start, end in regions]
    return "_".join(written[0]) if len(written) == 1 else "_".join(map("-".join, written))


def number(seconds: float) -> str:
    """To the microsecond, without zeros at the end.

    >>> number(7.4), number(10.0)
    ('7.4', '10')
    """
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def described(stage: Stage) -> dict[str, str]:
    """What the manifest tells of a stage."""
    return {"name": stage.name, "version": stage.version, **stage.provenance()}


def _grounded(clip: Clip, caption: str, grounder: Grounder) -> list[Grounded]:
    if grounder.needs_caption and not caption:
        raise InputError(f"has no caption, which grounder={grounder.name} needs")
    return grounder.ground(clip.waveform, clip.sample_rate, caption)


def _regions(
    selector: Selector,
    grounded: Sequence[Grounded],
    seconds: float,
    wanted: int,
    generator: np.random.Generator,
) -> list[Segment]:
    """The regions in order of time: each next one is chosen among what the others leave."""
    left, chosen = list(grounded), list[Segment]()
    while len(chosen) < wanted:
        region = selector.select(left, seconds, generator)
        if region is None or any(region.start < end and start < region.end for start, end in chosen):
            break
        chosen.append(region)
        left = [
            Grounded(start, end, probability)
            for first, last, probability in left
            for start, end in (
                (first, min(last, region.start - _APART)),
                (max(first, region.end + _APART), last),
            )
            if start < end
        ]
    return sorted(chosen)


def _probability(region: Segment, grounded: Sequence[Grounded]) -> float:
    """Of the stretch that a region has most in common with."""
    common = [min(region.end, stretch.end) - max(region.start, stretch.start) for stretch in grounded]
    return round(float(grounded[int(np.argmax(common))].probability), 6)


def _regenerated(
    clip: Clip, region: Segment, caption: str, seed: int, stages: Stages
) -> tuple[Waveform, dict[str, Any]]:
    """The clip with one region made anew, and what is to be told of it."""
    original, sample_rate = clip.waveform, clip.sample_rate
    start = frames.to_samples(region.start, sample_rate)
    end = min(original.size, frames.to_samples(region.end, sample_rate))
    inpainter = stages.inpainter.chosen(seed)
    if inpainter.needs_caption and not caption:
        raise InputError(f"has no caption, which inpainter={inpainter.name} needs")
    heard = original.copy()
    if inpainter.masked:
        heard[start:end] = 0.0
    filled = _checked(
        inpainter, inpainter.fill(heard, sample_rate, start, end, caption=caption, seed=seed), original.size
    )
    better = _checked(stages.enhancer, stages.enhancer.enhance(filled, sample_rate, seed), original.size)
    told = {
        "start": region.start,
        "end": region.end,
        "seed": seed,
        "inpainter": described(inpainter) | inpainter.account(heard, sample_rate, start, end, seed=seed),
    }
    return stages.splicer.splice(original, better, start, end, sample_rate), told


def _checked(stage: Stage, waveform: Waveform, samples: int) -> Waveform:
    """What a stage gave, if it is what it promised."""
    if waveform.shape != (samples,) or not np.isfinite(waveform).all():
        raise InputError(
            f"came out of {stage.name} with shape {list(waveform.shape)} instead of [{samples}], or with "
            "samples that are not numbers; choose another one or other settings"
        )
    return waveform


def _twin(source: Source, clip: Clip, twin: Waveform, plan: Plan) -> str:
    """Puts the genuine side of the pair where it belongs; its path from `out`, `""` if there is none."""
    if plan.twins == "none":
        return ""
    if plan.twins == "source":
        return str((plan.source / source.path).absolute())
    path = f"{AUDIO}/{source.name}.wav"
    place = plan.out / path
    if plan.twins == "link" and clip.as_is:
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # another disk, or one without links: a copy then
            place.unlink(missing_ok=True)
            os.link(plan.source / source.path, place)
            return path
    encoding.write(place, twin, clip.sample_rate, clip.subtype)
    return path
