"""Texts for the figures of a backtest."""

from onrecall.calibration.metrics import Estimate

MEANINGS = {
    "hit_at_1": ("hit@1", "the first incident shown had the same cause"),
    "hit_at_3": ("hit@3", "one of the first three had the same cause"),
    "hit_at_5": ("hit@5", "one of the first five had the same cause"),
    "mrr": ("MRR", "mean of 1 divided by the rank of the first hit: 1 is always first, 0.5 is second"),
    "cause_match": (
        "cause match",
        "the cause named, or the incident it rests on, was right; of those with something to find",
    ),
    "right_when_answered": (
        "right when answered",
        "the same, of all answers that name a cause; new incidents count as wrong",
    ),
    "step_match": ("step match", "a step shown was one that worked in the end"),
    "step_ceiling": ("step ceiling", "a step that worked in the end had worked before: the upper limit of step match"),
    "coverage": ("coverage", "answered as known or similar; the others were called never seen"),
    "missed": ("missed", "called never seen, although a predecessor was on record"),
    "false_recall": ("false recall", "new, but called seen by thresholds chosen on earlier incidents"),
    "false_recall_answered": ("false recall in the replay", "new, but answered as known or similar"),
    "false_known": ("false known", "new, but answered as known in the replay"),
    "novelty_auroc": (
        "novelty AUROC",
        "how often a seen incident scores above a new one; 0.5 is chance",
    ),
    "ece": ("calibration error", "mean distance between the stated confidence and the share that was right"),
    "brier": ("Brier score", "mean squared difference between confidence and truth; lower is better"),
    "confident_wrong": ("confident and wrong", "answers that claimed 70 % or more and were wrong"),
}
NOT_SHARES = {"mrr", "novelty_auroc", "brier", "ece"}
"""Figures that are not shares."""
SYSTEMS = {"most_frequent_cause": "usual cause", "bm25": "BM25 alone", "minilm": "MiniLM alone"}
"""The baselines; the usual cause is the one most frequent in that service until then."""
CHART_TEXTS = {
    "beside": (
        "Compared with the baselines",
        "How often one of the first three had the same cause, with the 95 % interval and the number of questions.",
    ),
    "over_time": (
        "Hit rate over time",
        "Hit@3 by when the incident opened: larger dots rest on more incidents; the dashed line is the whole history.",
    ),
    "reliability": (
        "Reliability",
        "A dot on the dashed line means that answers were right as often as stated; below it, less often.",
    ),
    "risk_coverage": (
        "Risk and coverage",
        "Share of wrong answers if only the most confident are shown; from left to right, more answers are shown.",
    ),
    "by_service": (
        "By service",
        "Hit@3 of the services with the most recurrences, with its 95 % interval and the number of questions.",
    ),
    "learning": (
        "Learning",
        (
            "{asked} later openings, asked of memories that stopped learning after this many {unit}; "
            "dashed: one that kept learning."
        ),
    ),
}
"""Title and caption of each chart."""
BASELINES_INTRO = (
    "Asked at the same openings, with the same history. The usual cause is the one most frequent in that "
    "service until then. “Ahead” is the hit@3 of OnRecall minus theirs, question by question."
)
FLAWS_INTRO = (
    "How the rates differ without the flaw, on the same openings. What is missing can't be made up: there, what the "
    "flawed incidents lack was taken from as many others, and the loss is what mending would gain."
)


def format_estimate(estimate: Estimate, *, share: bool = True) -> str:
    """Format a figure with its interval."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "not measured"
    if share:
        return f"{format_percent(estimate.value)} ({format_percent(estimate.low)[:-2]}–{format_percent(estimate.high)})"
    return f"{estimate.value:.3f} ({estimate.low:.3f}–{estimate.high:.3f})"


def format_percent(value: float) -> str:
    """Format a share as a percentage."""
    return f"{100 * value:.0f} %"
