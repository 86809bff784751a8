"""Say in one sentence how often answers like this one were right, and what that is counted on."""

from onrecall.domain.count_noun import count_noun
from onrecall.domain.incident import Recommendation


def confidence_sentence(answer: Recommendation) -> str:
    """Return the confidence of an answer as a frequency without a full stop, or why it is unknown.

    With `never_seen` it tells how often the nearest precedent is right all the same. Figures from public data say so.
    """
    measured, reason = answer.confidence, answer.confidence_reason
    if measured is None:
        return reason or "not measured yet"
    low, high = round(measured.low * 100), round(measured.high * 100)
    subject = "the nearest precedent is still right" if answer.verdict == "never_seen" else "right"
    public = f" on public data; {reason}" if measured.basis == "public" else ""
    return f"{subject} {measured.right} of {count_noun(measured.of, 'time')} at this level ({low}–{high} %){public}"
