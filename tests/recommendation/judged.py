"""The labelled commands, and how the classifier's labels compare with them."""

import csv
from collections import Counter
from pathlib import Path

from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import classify, classify_text

HERE = Path(__file__).parent


def labelled(name: str) -> list[tuple[str, str, str]]:
    """Rows of (command, risk, why); `\\n` stands for a line break and `\\\\` for a backslash."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [(_unescaped(command), risk, why) for command, risk, why in rows]


def _unescaped(text: str) -> str:
    return "\\".join(part.replace("\\n", "\n") for part in text.split("\\\\"))


def level(text: str, judge=classify) -> int:
    """The place of the label that a text is given, from 0 for read_only."""
    return RISKS.index(judge(text).risk)


def wrong(name: str, *, prose: bool = False) -> list[tuple[str, str, str, str]]:
    """Where the label differs: (intended, given, text, reason)."""
    judge = classify_text if prose else classify
    judged = [(risk, judge(text), text) for text, risk, _ in labelled(name)]
    return [
        (risk, assessment.risk, text, assessment.reason) for risk, assessment, text in judged if risk != assessment.risk
    ]


def confusion(name: str, *, prose: bool = False) -> str:
    """A table with the intended risk in rows and the given one in columns."""
    judge = classify_text if prose else classify
    counts = Counter((risk, judge(text).risk) for text, risk, _ in labelled(name))
    head = "intended \\ given".ljust(17) + "".join(r.rjust(12) for r in RISKS)
    rows = [r.ljust(17) + "".join(str(counts[r, actual]).rjust(12) for actual in RISKS) for r in RISKS]
    return "\n".join([head, *rows])
