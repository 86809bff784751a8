"""How dangerous a step is that is told in words.

A step only looks where each of its clauses begins with a verb of looking or telling and the rest is known words, names
and numbers. Anything else is at least disruptive; a verb that changes something says how much worse.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    disruptive,
    not_understood,
    read_only,
    unknown,
    worst,
)
from onrecall.recommendation.risk.characters import first_strange, unmask
from onrecall.recommendation.risk.programs.table import find_program
from onrecall.recommendation.risk.prose.clause import CODE, Clause
from onrecall.recommendation.risk.prose.deeds import is_change_verb, judge_change_verb
from onrecall.recommendation.risk.prose.english import verb_list, word_list
from onrecall.recommendation.risk.prose.rest import find_problem_after_verb
from onrecall.recommendation.risk.sections import words

_MAX_LENGTH = 4_000
_MAX_CLAUSE_LENGTH = 400
_FENCE = re.compile(r"```\w*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
_SENTENCE = re.compile(r"[.;!?](?=\s|$)|:(?=\s|$)|\n|→|=>|->|\s[–—-]\s|—")
CONDITION = re.compile(
    r"^\s*(if|when|whenever|once|before|after|until|unless|while|since|as soon as|in case|because)\b([^,]*)(?:,|$)",
    re.IGNORECASE,
)
_AND = re.compile(r"[,()&+]|\b(?:and|then|or|but|else|otherwise|plus)\b", re.IGNORECASE)
NEGATED = re.compile(
    r"^(?:do not|don't|don’t|never|avoid|must not|should not|no need to|cannot|did not|not)\s+", re.IGNORECASE
)
_PURPOSE = re.compile(rf"(?:run|execute|use|try|call|enter|issue)\s+{CODE}\s+to\s+(.+)", re.IGNORECASE | re.DOTALL)
"""What code is run for."""
_TRIAL = re.compile(
    r"\b(?:if|whether)\b(.*?)\b(?:helps?|fix(?:es)?|solves?|cures?|does the trick|makes? (?:a|any) difference)\b",
    re.IGNORECASE,
)
_TOLD_SECRET = re.compile(
    r"\b(passwords?|credentials?|passphrases?|private keys?|secrets?)\b[^.]{0,40}\b(?:and|then)\b[^.]{0,20}"
    r"\b(?:tell|share|post|announce|report|mention|read|give|send|mail|dictate)\b[^.]{0,40}"
    r"\b(?:channel|every(?:one|body)|slack|customers?|vendor|public|chat|tickets?|outside)\b",
    re.IGNORECASE,
)
"""A secret that is looked up, and then told."""
BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)]|\[[ x]\])\s+", re.MULTILINE)


def judge_prose(text: str, judge_command: Callable[[str], Assessment]) -> Assessment:
    """The worst of what a step tells to do; `judge_command` judges the code in it."""
    if len(text) > _MAX_LENGTH:
        return evidence.suspect(text, "the text is too long to judge")
    strange = first_strange(text.replace("\r\n", "\n"), prose=True)
    if strange is not None:
        suspected = evidence.suspect(text, strange, recognised=True)
        return worst([suspected, _judge_text(unmask(text), judge_command)]) or suspected
    return _judge_text(text, judge_command)


def _judge_text(text: str, judge_command: Callable[[str], Assessment]) -> Assessment:
    assessments = [judge_command(code) for code in _FENCE.findall(text) if code.strip()]
    without_fences = _FENCE.sub("\n", text)
    spans = list(SPAN.finditer(without_fences))
    assessments += [
        judged for span in spans if (judged := _judge_span(span, without_fences, judge_command)) is not None
    ]
    without_code = SPAN.sub(
        lambda span: f" {CODE} " if _is_command(span[1]) else f" {_as_name(span[1])} ", without_fences
    )
    assessments += _judge_sentences(BULLET.sub("", without_code))
    return worst(assessments) or unknown("what it does")


def _judge_span(span: re.Match[str], text: str, judge_command: Callable[[str], Assessment]) -> Assessment | None:
    """The code in backticks: a command, or only the name of something."""
    code = span[1].strip()
    before = text[: span.start()].rstrip().rpartition(" ")[2].lower()
    if (
        _is_command(code)
        or before in word_list("instruments")
        or before in words("programs/kinds.txt", "prose running")
    ):
        return judge_command(code)
    return evidence.suspect(code, f"`{code[:40]}`") if evidence.find_loss_sign(code) else None


def _is_command(code: str) -> bool:
    """Whether code in backticks is more than a name."""
    first = code.strip().split(maxsplit=1)[0] if code.strip() else ""
    return (
        " " in code.strip()
        or find_program(first.rpartition("/")[2]) is not None
        or (first.isupper() and first.isalpha())
    )


def _as_name(code: str) -> str:
    return re.sub(r"[^\w./-]", "_", code.strip()) + "_"


def _judge_sentences(text: str) -> Iterator[Assessment]:
    if (match := _TOLD_SECRET.search(text)) is not None:
        yield disruptive(f"“{match[1]}” is told to many")
    for sentence in _SENTENCE.split(text):
        condition = CONDITION.match(sentence)
        if condition is not None:
            yield from _judge_condition(condition[1].lower(), condition[2])
        yield from _judge_clauses(sentence[condition.end() :] if condition is not None else sentence)


def _judge_condition(conjunction: str, text: str) -> Iterator[Assessment]:
    """What stands in "if …,": nothing may be told to be done in it."""
    question = conjunction if conjunction == "before" else "whether"
    problem = find_problem_after_verb(Clause.read(f"check {question} {text}")) if text.strip() else None
    if problem is not None:
        yield problem


def _judge_clauses(sentence: str) -> Iterator[Assessment]:
    """Each clause of a sentence; a list of things goes on with the verb before it."""
    looks = False
    verb = bare = ""
    for text in _AND.split(sentence):
        clause = Clause.read(text)
        if not clause.words or (looks and (clause.is_list_of_things() or clause.goes_on_telling())):
            continue
        if bare and (shared := judge_change_verb(bare, f"{bare} {text.lower()}")) is not None:
            yield shared  # "drop and recreate the index"
        bare = clause.words[0] if len(clause.words) == 1 and is_change_verb(clause.words[0]) else ""
        if is_change_verb(clause.words[0]):
            verb = clause.words[0]
        elif verb and (goes_on := judge_change_verb(verb, f"{verb} {text.lower()}")) is not None:
            yield goes_on  # "remove the lock and the data folder"
        judged = _judge_clause(clause)
        looks = judged is not None and judged.risk == "read_only"
        if judged is not None:
            yield judged


def _judge_clause(clause: Clause) -> Assessment | None:
    """What one clause tells to do; None where it only runs code, which is judged by itself."""
    if len(clause.text) > _MAX_CLAUSE_LENGTH:
        return evidence.suspect(clause.text, "a clause that is too long")
    negated = NEGATED.match(clause.text.strip())
    if negated is not None:
        return _judge_prohibition(Clause.read(clause.text.strip()[negated.end() :]))
    purpose = _PURPOSE.match(clause.text.strip())
    if purpose is not None:
        return _judge_verb(Clause.read(purpose[1]))
    return None if _only_runs_code(clause) else _judge_verb(clause)


def _judge_verb(clause: Clause) -> Assessment:
    """What the verb of a clause says, and the words after it."""
    head = clause.words[0]
    assessment = judge_change_verb(head, clause.text.lower()) if is_change_verb(head) else None
    if clause.looks() and assessment is None:
        problem = find_problem_after_verb(clause) or _judge_trial(clause)
        return problem or read_only(f"“{head}” only looks or tells")
    if assessment is None:
        return _judge_unknown_clause(clause)
    problem = find_problem_after_verb(clause, changes=True)
    return (worst([assessment, problem]) if problem is not None else None) or assessment


def _judge_trial(clause: Clause) -> Assessment | None:
    """What is to be tried out: "see if a restart helps"."""
    trial = _TRIAL.search(clause.text)
    tried = re.findall(r"[a-z-]+", trial[1].lower()) if trial is not None else []
    judged = (judge_change_verb(word, clause.text.lower()) for word in tried)
    return worst(assessment for assessment in judged if assessment is not None)


def _only_runs_code(clause: Clause) -> bool:
    if CODE not in clause.tokens:
        return False
    running = words("programs/kinds.txt", "prose running")
    last = len(clause.tokens) - clause.tokens[::-1].index(CODE)
    runs = all(
        written == CODE or word in running for written, word in zip(clause.tokens[:last], clause.words, strict=False)
    )
    return runs and (last == len(clause.tokens) or _says_where(clause.tokens[last:]))


def _says_where(tokens: Sequence[str]) -> bool:
    """Whether words after code only say where it runs: "on the host", "in the api container"."""
    place = Clause.read(f"look {' '.join(tokens)}")
    return place.kinds[1:2] == ("preposition",) and find_problem_after_verb(place) is None


def _judge_prohibition(clause: Clause) -> Assessment:
    """What is told not to be done: harmless where one known verb is all that is forbidden."""
    head = clause.words[0] if clause.words else ""
    if not (is_change_verb(head) or head in verb_list("states") or (clause.words and clause.looks())):
        return _judge_unknown_clause(clause)
    later = next((word for word in clause.words[1:] if is_change_verb(word) and word not in word_list("things")), None)
    if later is not None:
        return judge_change_verb(later, clause.text.lower()) or not_understood(f"“{later}”")
    return read_only("says what not to do")


def _judge_unknown_clause(clause: Clause) -> Assessment:
    """A clause whose first word is no known verb; a verb further on may say how bad it is."""
    text = clause.text.strip()
    assessments = [
        assessment for word in clause.words if (assessment := judge_change_verb(word, text.lower())) is not None
    ]
    suspected = evidence.suspect(text, f"“{text[:40]}”")
    return worst([suspected, *assessments]) or suspected
