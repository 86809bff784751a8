"""Whether a text is a command or a step told in words."""

import re
from typing import Literal

from onrecall.recommendation.risk.languages.mongo import is_mongo
from onrecall.recommendation.risk.languages.redis import is_redis
from onrecall.recommendation.risk.languages.sql import is_sql
from onrecall.recommendation.risk.placeholders import prepare
from onrecall.recommendation.risk.programs.table import find_program
from onrecall.recommendation.risk.prose.clause import Clause
from onrecall.recommendation.risk.prose.deeds import is_change_verb
from onrecall.recommendation.risk.prose.step import BULLET, CONDITION, NEGATED, SPAN
from onrecall.recommendation.risk.sections import words

Reading = Literal["command", "words", "either"]
_HEAD_LENGTH = 400
"""So much of a text is looked at."""
_SHELL = re.compile(r"[~./$]|\w*[=/$]|[({\[!<>|&;:#\\'\"`]|-\w")
"""How no sentence begins: with a path, a variable, an assignment, an option, a sign of the shell."""
_SHELL_INSIDE = re.compile(r"\s['\"\\$]*-['\"\\]*-?['\"\\]*[A-Za-z]|\\|''|\"\"|\$[\w({'\"]")
"""What no sentence holds: an option, however it is quoted, an escape, an empty string, a variable."""


def detect_reading(text: str) -> Reading:
    """How a text is to be read; `either` in doubt."""
    head = BULLET.sub("", prepare(text[:_HEAD_LENGTH]), count=1)
    head_words = re.split(r"[\s;|&()<>]+", head.strip())
    if not head_words[0] or text.lstrip().startswith("```"):
        return "command"
    if "```" in text:
        return "words"
    if _begins_command(head_words[0]) or is_sql(head) or is_mongo(head):
        is_english = head_words[1:2] and head_words[1].lower() in words("programs/kinds.txt", "english second words")
        begins_sentence = head_words[0] == "Set"  # "Set retention to a day" reads as a statement of SQL as well
        return "either" if is_english or begins_sentence else "command"
    if _SHELL.match(head_words[0]):
        return "command"
    is_sentence = _SHELL_INSIDE.search(SPAN.sub("CODE", head)) is None
    return "words" if len(head_words) > 1 and is_sentence and _begins_sentence(head) else "either"


def _begins_command(word: str) -> bool:
    is_keyword = word in words("programs/kinds.txt", "shell keywords")
    return is_keyword or find_program(word.rpartition("/")[2]) is not None or is_redis(word)


def _begins_sentence(head: str) -> bool:
    """Whether it begins with a verb that steps begin with, or forbids one."""
    clause = Clause.read(head)
    begins = bool(clause.words) and (clause.looks() or is_change_verb(clause.words[0]))
    return begins or NEGATED.match(head.strip()) is not None or CONDITION.match(head) is not None
