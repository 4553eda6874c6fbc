"""The measures of localization in words: their names, how their numbers look, and what they mean."""

from typing import Final

from bonafide.evaluation.cells import percent, score
from bonafide.evaluation.words import Measure


def share(value: float) -> str:
    """A score or an F1, with three decimals.

    >>> share(0.67131)
    '0.671'
    """
    return f"{value:.3f}"


MEASURES: Final = (
    Measure(
        "score", "Score", share,
        "0.3 × clip accuracy + 0.7 × segment F1 at 1 s, as ADD 2023 (track 2) and FakeSound rank systems.",
    ),
    Measure(
        "accuracy", "Clip accuracy %", percent,
        "clips rightly called genuine or fake by their scores, at the threshold chosen on validation.",
    ),
    Measure(
        "accuracy_by_regions", "Accuracy by regions %", percent,
        "the same where a clip with any region called fake is fake.",
    ),
    Measure(
        "clip_eer", "Clip EER %", percent, "equal error rate of the scores of whole clips.",
    ),
    Measure(
        "lowest_frame_eer", "EER of the lowest frame %", percent,
        "the same where a clip has the score of its most suspicious frame.",
    ),
    Measure(
        "f1_1s", "F1, 1 s", share,
        "F1 of segments of 1 s, called fake against truly fake, over all clips together; a segment counts if "
        "a region touches it. Borders lie on whole milliseconds.",
    ),
    Measure("precision_1s", "Precision, 1 s", share, "share of the segments called fake that are."),
    Measure("recall_1s", "Recall, 1 s", share, "share of the fake segments that were found."),
    Measure(
        "f1_20ms", "F1, 20 ms", share,
        "the same of segments of 20 ms; finer than most front ends can tell.",
    ),
    Measure("precision_20ms", "Precision, 20 ms", share, "likewise."),
    Measure("recall_20ms", "Recall, 20 ms", share, "likewise."),
    Measure(
        "f1_1s_sed_eval", "F1, 1 s, sed_eval", share,
        "by the rules of sed_eval, whose borders are binary fractions; the one to set beside published "
        "figures.",
    ),
    Measure("f1_20ms_sed_eval", "F1, 20 ms, sed_eval", share, "likewise."),
    Measure(
        "event_f1", "Event F1", share,
        "F1 of whole regions: one is found if it starts within 0.25 s of the true start and ends within "
        "0.25 s, or half its length, of the true end.",
    ),
    Measure(
        "time_f1", "F1 of time", share, "F1 of seconds called fake against fake seconds, exact at borders."
    ),
    Measure(
        "time_f1_spoofed", "F1 of time, fakes only", share,
        "the same over clips that hold a fake region.",
    ),
    Measure(
        "range_eer", "Range EER %", percent,
        "equal error rate of time: as much genuine time called fake as fake time called genuine.",
    ),
    Measure(
        "frame_eer", "Frame EER %", percent,
        "equal error rate of frames at the model's own step; one is fake if a region touches it.",
    ),
)  # fmt: skip
"""In the order shown; the EER of longer or shorter segments follows."""

THRESHOLD: Final = Measure(
    "threshold",
    "Frame threshold",
    score,
    "log-odds below which a frame is called fake; chosen on validation.",
)

SEGMENTS: Final = (
    "Segment EER",
    "equal error rate of segments of 20 to 640 ms (PartialSpoof); a longer one has the lowest score of its "
    "frames and is fake if any of them is, which flatters.",
)

TRIVIAL: Final = (
    "All fake, all genuine",
    "detectors that do not listen, on the same clips: everything is called fake, or nothing. A model that is "
    "no better has located nothing.",
)

INTERVAL: Final = (
    "Interval of a localization measure",
    "of clips drawn anew (bootstrap); those that share a sentence or a recording are drawn together.",
)


def segment_title(seconds: float) -> str:
    """Name of the EER at a resolution.

    >>> segment_title(0.02)
    'EER of 20 ms segments %'
    """
    return f"EER of {round(1000 * seconds)} ms segments %"
