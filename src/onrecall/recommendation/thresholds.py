"""Where the verdict changes: by match and by probability, and how an answer says so."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the verdict changes. The defaults are chosen by `onrecall bench prior` on public tasks left out of the fit;
    those of the own history are passed in.

    A match says how like the situation something is, a probability how likely it is right: many alike speak for none of
    them. Evidence without a probability goes by its match alone.
    """

    similar: float = 0.5
    """Match score from which evidence is about something like this; below it, it is a near miss."""
    known: float = 0.8
    """Match score from which it is the same, where no probability is at hand or the own history chose this score."""
    doubtful: float = 0.2
    """Below this probability no match makes it similar: one right precedent repays reading four that are not."""
    near: float = 0.3
    """Match score that is enough where evidence is `likely`: few or misspelt words match weakly."""
    likely: float = 0.6
    terse: float = 0.3
    """Length up to which a question is terse, as evidence has it: five weighted terms."""
    terse_near: float = 0.4
    """Match score that is enough for a terse question where its evidence is `terse_likely`."""
    terse_likely: float = 0.3
    """With it 1.5 % of foreign questions count as similar on tasks left out, without it 1.4 %."""
    sure: float = 0.83
    """Probability from which something like it is the same: on tasks left out, nine of ten such answers were right."""
    floor: float = 0.0
    """Match score below which no probability makes it the same; 0 unless the own history chose one."""
    same: float = 0.5
    """Probability from which an incident is the same that bears the very title and service of what is asked."""
    contested: float = 0.7
    """Another cause that weighs at least this share of the first contests it: both are only similar."""

    def measured(self, similar: float, known: float) -> "Thresholds":
        """These with the match scores of a history; where they were measured there, `similar` rests on them alone.

        `known` needs the probability besides, and a history on which no score was right often enough asks for no more.
        """
        if (similar, known) == (self.similar, self.known):
            return self
        floor = 0.0 if known == max(similar, self.known) else known
        return replace(self, similar=similar, known=known, doubtful=0.0, near=similar, terse_near=similar, floor=floor)

    def serves(self, score: float, probability: float | None, length: float = 1.0) -> bool:
        """Whether evidence is about something like this; `length` is how long the question is, 0 to 1."""
        if probability is None:
            return score >= self.similar
        needed = self.needed_probability(score, length)
        return needed is not None and probability >= needed

    def needed_probability(self, score: float, length: float = 1.0) -> float | None:
        """The least probability with which a match is about something like this; None: no probability is enough."""
        if score >= self.similar:
            return self.doubtful
        if score >= self.terse_near and length <= self.terse:
            return min(self.terse_likely, self.likely)
        return self.likely if score >= self.near else None

    def least_match(self, length: float = 1.0) -> float:
        """The match below which no probability is enough."""
        return min(self.similar, self.near, self.terse_near if length <= self.terse else self.near)

    def describe_probability(self, score: float, probability: float, length: float = 1.0) -> str:
        """Return which probability a match needs and which it has, both rounded down: 59.6 % is not 60 %."""
        needed = self.needed_probability(score, length)
        match = f"a match below {show_threshold(self.similar)}" if score < self.similar else "a match"
        assert needed is not None, "no probability is enough for this match"
        terse = " for so short a question" if needed < self.likely and score < self.similar else ""
        return f"{match} needs a probability of {_percent(needed)}{terse}, and this one's is {_percent(probability)}"

    def knows(self, score: float, probability: float | None, *, is_named: bool = False) -> bool:
        """Whether evidence is about the same; `is_named` if it bears the very title and service of what is asked."""
        if probability is None:
            return score >= self.known
        if is_named and score >= self.known and probability >= self.same:
            return True
        return score >= max(self.similar, self.floor) and probability >= self.sure


def show_threshold(match: float) -> str:
    """Return a match score with two digits, or three if it has them: those of the own history are thousandths."""
    return f"{match:.3f}".removesuffix("0")


def _percent(probability: float) -> str:
    return f"{math.floor(100 * probability + 1e-9)} %"
