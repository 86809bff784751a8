"""Texts for the figures of a backtest."""

from onrecall.calibration.metrics import Estimate

MEANINGS = {
    "hit_at_1": ("hit@1", "the first incident shown had the same cause"),
    "hit_at_3": ("hit@3", "one of the first three had the same cause"),
    "hit_at_5": ("hit@5", "one of the first five had the same cause"),
    "mrr": ("MRR", "one over the place of the first hit, on average: 1 is always first, 0.5 is second"),
    "cause_match": (
        "cause match",
        "the cause named, or the incident it rests on, was right; of those with something to find",
    ),
    "right_when_answered": (
        "right when answered",
        "the same, of all answers that claimed something; new incidents count as wrong",
    ),
    "step_match": ("step match", "a step shown was one that worked in the end"),
    "step_ceiling": ("step ceiling", "a step that worked in the end had worked before: more can't be matched"),
    "coverage": ("coverage", "answered as known or similar; the rest was called never seen"),
    "missed": ("missed", "called never seen, and there was something to find"),
    "false_recall": ("false recall", "new, and called seen by thresholds chosen on what came before"),
    "false_recall_answered": ("false recall in the replay", "new, and answered as known or similar"),
    "false_known": ("false known", "new, and answered as known in the replay"),
    "novelty_auroc": (
        "novelty AUROC",
        "how often what was seen before scores above what is new; 0.5 is a coin",
    ),
    "ece": ("calibration error", "how far the confidence shown lies from what came true, on average"),
    "brier": ("Brier score", "squared distance of confidence from truth; lower is better"),
    "confident_wrong": ("confident and wrong", "answers that claimed 70 % or more and were wrong"),
}
NOT_SHARES = {"mrr", "novelty_auroc", "brier", "ece"}
"""Figures that are not shares."""
SYSTEMS = {"most_frequent_cause": "usual cause", "bm25": "BM25 alone", "minilm": "MiniLM alone"}
"""The baselines; the usual cause is the one most frequent in that service until then."""
CHART_TEXTS = {
    "beside": (
        "Beside the baselines",
        "How often one of the first three had the same cause, with the 95 % interval, and how many were asked.",
    ),
    "over_time": (
        "Hit rate over time",
        "Hit@3 by when the incident opened: bigger dots rest on more incidents, the dashed line is the whole history.",
    ),
    "reliability": (
        "Reliability",
        "A dot on the dashed line means that the confidence shown came true as often as it said; below it, less often.",
    ),
    "risk_coverage": (
        "Risk and coverage",
        "How many answers would be wrong if only the surest were shown: from left to right ever more are shown.",
    ),
    "by_service": (
        "By service",
        "Hit@3 of the services with most to find, with its 95 % interval and how many were asked.",
    ),
    "learning": (
        "Learning",
        "{asked} later openings, asked of memories that stopped after so many {unit}; dashed: one that went on.",
    ),
}
"""Title and caption of each chart."""
BASELINES_INTRO = (
    "Asked at the same openings, with the same history to see. The usual cause is the one most frequent in that "
    "service until then. “Ahead” is our hit@3 less theirs, question by question."
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
