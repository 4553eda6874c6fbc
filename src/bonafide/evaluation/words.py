"""The measures of a report in words: their names, how their numbers look, and what they mean."""

from typing import Final, NamedTuple

from bonafide.evaluation.cells import Form, number, percent, score


class Measure(NamedTuple):
    """A measure of a group.

    Args:
        key: in metrics.json.
        title: for people, with the unit.
        form: of its number.
        meaning: a sentence.
    """

    key: str
    title: str
    form: Form
    meaning: str


MEASURES: Final = (
    Measure(
        "eer", "EER %", percent,
        "equal error rate: as many bona fide trials rejected as spoofs accepted; interpolated, ties as one "
        "point. 0 is perfect, 50 % is chance.",
    ),
    Measure(
        "eer_official", "Official EER %", percent,
        "by the rule of the ASVspoof scorer, without interpolation; the one to set beside published figures.",
    ),
    Measure(
        "eer_rocch", "Hull EER %", percent,
        "on the convex hull of the ROC; never above 50 %, so it hides an inverted detector.",
    ),
    Measure(
        "auc", "AUC", number,
        "how often a bona fide trial outscores a spoof; 1 is perfect, 0.5 is chance.",
    ),
    Measure(
        "min_dcf", "minDCF", number,
        "detection cost of ASVspoof 5 (spoof prior 0.05, costs 1 and 10) at the best threshold; 1 is a "
        "constant answer.",
    ),
    Measure(
        "act_dcf", "actDCF", number,
        "the same cost at the threshold that log-odds imply; it may exceed 1.",
    ),
    Measure("cllr", "Cllr", number, "cost of the scores as log-likelihood ratios, in bits; 1 says nothing."),
    Measure(
        "cllr_min", "min Cllr", number,
        "Cllr after the best recalibration: what discrimination alone costs.",
    ),
    Measure(
        "ece_at_prior", "Calibration error %", percent,
        "expected calibration error: how far probabilities lie from the shares they promise, both classes "
        "weighing the same.",
    ),
    Measure(
        "brier", "Brier score", number,
        "mean squared error of the probabilities; 0.25 is a constant one half.",
    ),
    Measure(
        "frr_at_far_1", "FRR at FAR 1 %", percent,
        "% of bona fide trials rejected where at most 1 % of the spoofs are accepted.",
    ),
    Measure(
        "frr_at_far_5", "FRR at FAR 5 %", percent,
        "the same where at most 5 % of the spoofs are accepted.",
    ),
    Measure(
        "far_at_frr_1", "FAR at FRR 1 %", percent,
        "% of spoofs accepted where at most 1 % of the bona fide trials are rejected.",
    ),
    Measure(
        "far_at_frr_5", "FAR at FRR 5 %", percent,
        "the same where at most 5 % of the bona fide trials are rejected.",
    ),
    Measure(
        "accuracy", "Accuracy %", percent,
        "right decisions at the threshold, which was chosen on other trials; ruled by the larger class.",
    ),
    Measure("balanced_accuracy", "Balanced accuracy %", percent, "the same, both classes weighing the same."),
    Measure(
        "threshold", "Threshold", score,
        "of the decisions: a trial is accepted when its score reaches it.",
    ),
    Measure("eer_threshold", "EER threshold", score, "where these very trials have their equal error rate."),
)  # fmt: skip
"""In the order shown."""

FORMS: Final = {measure.key: measure.form for measure in MEASURES}
TITLES: Final = {measure.key: measure.title for measure in MEASURES}

INTERVAL: Final = "95 % interval"
CROSSED: Final = "speakers × systems"

SCORE: Final = ("Score", "log-odds, high when the audio is genuine.")
INTERVALS: Final = (
    INTERVAL,
    "of trials redrawn within each class (bootstrap). Where no error was seen, an EER reaches up to the rate "
    "that shows none one time in twenty.",
)
CROSSED_MEANING: Final = (
    CROSSED,
    "the interval of the EER over redrawn speakers and systems: what new ones would do. The one to rest a "
    "claim on.",
)
TRIVIAL: Final = (
    "Trivial EER %",
    "of a linear classifier that knows only the level, offset, length, silence, spectrum edges and the like "
    "of each clip. A detector that is not well below it may have learnt no more.",
)
