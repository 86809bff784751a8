"""What stands after the verb of a clause: known words, or something that is not known to be harmless."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import Assessment, destructive, not_understood
from onrecall.recommendation.risk.programs.table import find_program
from onrecall.recommendation.risk.prose.clause import CODE, OBJECTS, Clause
from onrecall.recommendation.risk.prose.deeds import is_change_verb, judge_change_verb
from onrecall.recommendation.risk.prose.english import verb_list, word_list

_BEFORE_NOUN = frozenset(["determiner", "preposition", "quality", "number"])
_OPTION = re.compile(r"-{1,2}[A-Za-z][\w-]*")
_RUNNERS = ("command", "shell", "later", "out")


def find_problem_after_verb(clause: Clause, *, changes: bool = False) -> Assessment | None:
    """Return what after the verb is not known to be harmless; None if all of it is.

    `changes` where the verb changes something itself: then other such words only name what is changed.
    """
    states = clause.states_to_ensure()
    if states is not None and not changes and states.isdisjoint(clause.words[1:]):
        return _suspect(clause, clause.text.strip()[:40])
    kinds = clause.kinds
    places = (_WordPlace(clause, kinds, place, changes) for place in range(1, len(kinds)))
    return next((problem for place in places if (problem := place.problem()) is not None), None)


@dataclass(frozen=True, slots=True)
class _WordPlace:
    """One word of a clause among its neighbours."""

    clause: Clause
    kinds: Sequence[str]
    place: int
    changes: bool

    @property
    def word(self) -> str:
        return self.clause.words[self.place]

    @property
    def kind(self) -> str:
        return self.kinds[self.place]

    @property
    def before(self) -> str:
        return self.kinds[self.place - 1]

    @property
    def after(self) -> str:
        return self.kinds[self.place + 1] if self.place + 1 < len(self.kinds) else ""

    def problem(self) -> Assessment | None:
        """Why this word is not known to be harmless."""
        written = self.clause.tokens[self.place]
        if written == CODE or self._goes_on_by_itself() or self._is_put_back():
            return None
        if self.kind == "quote":
            return self._problem_of_quote(written)
        is_object = self.word in OBJECTS and self.before in ("thing", "name", "unknown", "number")
        if self.kind == "loss" or is_object or self._acts_by_option(written):
            return _suspect(self.clause, written)
        if self.kind == "deed" or (self.kind in ("thing", "state", "quality") and is_change_verb(self.word)):
            harmless = (self.changes and self.kind != "deed") or self._names_or_tells()
            return (
                None
                if harmless
                else judge_change_verb(self.word, self.clause.text.lower()) or not_understood(f"“{written}”")
            )
        harmless = self.kind != "unknown" or self._is_known_by_its_place()
        return None if harmless else _suspect(self.clause, written)

    def _acts_by_option(self, option: str) -> bool:
        """Whether it is an option with which the program before it does more than look: "iptables -F"."""
        earlier = self.clause.words[: self.place] if _OPTION.fullmatch(option) else ()
        program = next((node for word in reversed(earlier) if (node := find_program(word)) is not None), None)
        if program is None:
            return False
        listed = program[0].option(option)
        return program[0].risk != "read_only" or (listed is not None and listed.risk is not None)

    def _is_put_back(self) -> bool:
        """Whether it is a command in capitals that code has again: "put EXPIRE back"."""
        later = self.clause.words[self.place + 1 : self.place + 4]
        return self.changes and self.clause.tokens[self.place].isupper() and "back" in later

    def _goes_on_by_itself(self) -> bool:
        """Whether it tells how something is or was: "is running", "ran"."""
        is_going = self.kind in ("state", "quality") and self.before == "auxiliary" and self.word.endswith("ing")
        return is_going or self.word in word_list("pasts") or self._is_progressing()

    def _is_progressing(self) -> bool:
        """Whether it tells what goes on: "that the queue is draining"."""
        goes_on = self.word.endswith("ing") and self.clause.words[self.place - 1] in ("is", "are", "was", "were")
        return goes_on and not self.changes and self.clause.states_to_ensure() is None

    def _problem_of_quote(self, token: str) -> Assessment | None:
        """Words in quotes: what is searched for may be anything."""
        if " " not in token or self.clause.words[0].startswith(("search", "grep", "look")):
            return None
        sign = evidence.find_loss_sign(token)
        return destructive(f"“{sign}” stands in quotes") if sign else None

    def _is_known_by_its_place(self) -> bool:
        """Whether an unknown word can only be a noun, or part of one, where it stands."""
        if _is_read_only_program(self.word):
            return True
        if find_program(self.word) is not None or self.word.startswith("-") or len(self.word) == 1:
            return False
        if self.clause.words[self.place - 1] == "to" and self.after != "preposition":
            return False
        if self.before in _BEFORE_NOUN or (self.place > 1 and self.before == "name"):
            return True
        modifies = self.before in ("instrument", "name", "question") or self.place == 1
        return self.after in ("thing", "name") and modifies

    def _names_or_tells(self) -> bool:
        """Whether a verb that changes something only names a thing here, or tells what has happened."""
        if self._tells_a_quality() or (self.word in word_list("things") and self._is_noun()):
            return True
        if self.word.endswith("ed") and self.after == "thing" and self.before in {*_BEFORE_NOUN, "look"}:
            return True
        if self.word in word_list("happenings") and (
            self.before == "auxiliary" or self.clause.words[self.place - 1] == "not"
        ):
            return True
        if self.clause.words[self.place - 1] == "before" and self.word.endswith("ing"):
            deed = judge_change_verb(self.word, self.clause.text.lower())
            return deed is None or deed.risk != "destructive" or self.after == ""
        inflected = self.word.endswith(("ed", "s", "en", "ew", "ran", "ut")) and not self.word.endswith("ss")
        return inflected and self._is_asked()

    def _tells_a_quality(self) -> bool:
        """Whether it says how a thing is: "the free space", or in a question, "whether the disk is clean"."""
        if self.kind != "quality":
            return False
        if self.after in ("thing", "quality", "name"):
            return self.before in {*_BEFORE_NOUN, "look"} or self._is_first_and_no_deed()
        has_question = not word_list("questions").isdisjoint(self.clause.words[1 : self.place])
        return has_question and self._is_asked() and self.before == "auxiliary" and self.after == ""

    def _is_first_and_no_deed(self) -> bool:
        """Whether it stands right behind the verb and no row says what it does here: "check free disk space"."""
        return self.place == 1 and judge_change_verb(self.word, self.clause.text.lower()) is None

    def _is_noun(self) -> bool:
        is_verb = self.after == "determiner" or self.before == "auxiliary" or self.clause.words[self.place - 1] == "to"
        return not is_verb and (self.before != "instrument" or self.after == "thing")

    def _is_asked(self) -> bool:
        """Whether the verb is in a question or a relative clause, not in what is asserted."""
        earlier = self.clause.words[1 : self.place]
        questions = [word for word in earlier if word in word_list("questions")]
        if any(word not in ("if", "whether") for word in questions):
            return True
        if "whether" in questions and self.clause.looks() and self.clause.states_to_ensure() is None:
            return True
        if " ".join(earlier[-2:]) in ("until it", "until they", "until this", "until that"):
            return True
        asks = bool(questions) or "that" in earlier[1:] or self._is_told_of_nobody()
        return self.clause.words[0] in verb_list("asking") and asks

    def _is_told_of_nobody(self) -> bool:
        """Whether the verb has no doer: "that no one has dropped the index"."""
        earlier = " ".join(self.clause.words[: self.place])
        return earlier.endswith(("no one", "no one has", "no one had", "nobody", "nobody has", "nobody had"))


def _is_read_only_program(word: str) -> bool:
    """Whether it is the name of a program that can do nothing but read."""
    program = find_program(word)
    if program is None:
        return False
    node, before = program
    harmless = node.risk == "read_only" and not node.children and node.input is None and not before
    return harmless and not any(slot.startswith(_RUNNERS) for slot in node.slots or ())


def _suspect(clause: Clause, words: str) -> Assessment:
    return evidence.suspect(clause.text, f"“{words}”", recognised=True)
