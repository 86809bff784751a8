"""Say in one sentence how often answers like this one were right, and what that is counted on."""

from math import ceil

from onrecall.domain.count_noun import count_noun
from onrecall.domain.recommendation import CountedShare, Recommendation


def confidence_sentence(answer: Recommendation) -> str:
    """Return the confidence of an answer as a frequency without a full stop, or why it is unknown.

    With `never_seen` it tells how often the nearest record is right all the same, apart for systems on record and for
    others. Figures from public data say so.
    """
    if answer.nearest_rates is not None:
        on_record, elsewhere = (
            _counted(share) for share in (answer.nearest_rates.on_record, answer.nearest_rates.elsewhere)
        )
        return (
            f"on public data, the nearest record was right {on_record} in questions about systems on record, "
            f"and {elsewhere} in questions about other systems"
        )
    measured, reason = answer.confidence, answer.confidence_reason
    if measured is None:
        return reason or "not measured yet"
    low, high = round(measured.low * 100), round(measured.high * 100)
    public = f" on public data; {reason}" if measured.basis == "public" else ""
    return f"right {measured.right} of {count_noun(measured.of, 'time')} at this level ({low}–{high} %){public}"


def _counted(share: CountedShare) -> str:
    low, high = round(share.low * 100), ceil(share.high * 100)
    return f"{share.right} of {count_noun(share.of, 'time')} ({low}–{high} %)"
