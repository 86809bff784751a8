"""How dangerous a command or a step is, by a closed world: what is not understood to the end is at least disruptive.

- read_only: it changes nothing.
- reversible: a change that can be undone at once and interrupts nobody: scaling up, a setting whose old value is known.
- disruptive: it interrupts service or sessions, or is hard to notice: restart, kill, failover, terminate, scale down.
- destructive: data or resources are lost.

A text is parsed; every node of its tree is understood or not; every simple command is matched against the table of its
program; the result is the least upper bound of all these. A wrong label towards danger costs a moment, one towards
safety may cost the data: in doubt the worse one is given.
"""

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import Assessment, not_understood, read_only, worst
from onrecall.recommendation.risk.characters import OUTPUT, VARIABLE, first_strange, unmask
from onrecall.recommendation.risk.judge import Judge
from onrecall.recommendation.risk.placeholders import is_only_comments, prepare, without_comment_signs
from onrecall.recommendation.risk.prose.step import judge_prose
from onrecall.recommendation.risk.reading import detect_reading
from onrecall.recommendation.risk.shell.tree import MAX_LENGTH

__all__ = ["Assessment", "assess", "classify", "classify_text"]


def assess(text: str) -> Assessment:
    """How dangerous something is that may be a command or a step in words; in doubt the worse of the two readings."""
    reading = detect_reading(text)
    if reading == "command" or len(text) > MAX_LENGTH:
        return classify(text)
    if reading == "words":
        return classify_text(text)
    return worst([classify(text), classify_text(text)]) or classify(text)


def classify(command: str) -> Assessment:
    """How dangerous a command line, a few lines of shell, or a database statement is."""
    if len(command) > MAX_LENGTH:
        return evidence.suspect(command, "the text is too long to judge")
    marks = VARIABLE in command or OUTPUT in command
    text = prepare(command.replace("\r\n", "\n").replace(VARIABLE, "?").replace(OUTPUT, "?"))
    strange = first_strange(text.replace(VARIABLE, "")) or ("a character that stands for another" if marks else None)
    if strange is not None:
        return worst(
            [_judge_readings(unmask(text)), _judge_readings(unmask(text, breaks=False)), not_understood(strange)]
        ) or not_understood(strange)
    return _judge_readings(text)


def classify_text(text: str) -> Assessment:
    """How dangerous a step told in words is; commands in backticks are judged as commands."""
    return judge_prose(text, classify)


def _judge_readings(text: str) -> Assessment:
    """The worst of the ways in which a text can be read."""
    if not text.strip():
        return read_only("nothing to run")
    if is_only_comments(text):
        text = without_comment_signs(text)
    readings = [Judge().text(text)]
    if "\\\n" in text:
        readings.append(Judge().text(text.replace("\\\n", "")))
    return worst(readings) or readings[0]
