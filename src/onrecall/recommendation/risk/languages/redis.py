"""Commands of Redis: the table `redis` says what each does."""

import re
from collections.abc import Sequence

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import Assessment, destructive, known, read_only, worst
from onrecall.recommendation.risk.programs.table import Node, find_program


def _commands() -> Node:
    found = find_program("redis:commands")
    assert found is not None
    return found[0]


def is_redis(name: str) -> bool:
    """Whether a word in capitals is a command of Redis."""
    return name.isupper() and name.lower() in _commands().children


def judge_redis(words: Sequence[str]) -> Assessment:
    """How dangerous one command is."""
    node = _commands()
    rest = list(words)
    while rest and (child := node.child(rest[0].lower())) is not None:
        node = child
        rest.pop(0)
    said = " ".join(words)
    if node.risk is None:
        return evidence.suspected(said, f"the Redis command `{said[:40]}`")
    if (
        node.path.endswith("config set")
        and rest[:1] == ["maxmemory"]
        and not re.fullmatch(r"0|\d+[gG][bB]?|\d{10,}", " ".join(rest[1:2]))
    ):
        return destructive("little memory: keys are evicted")
    worse = [
        known(rule.risk, said[:40])
        for rule in node.operand_rules
        if rule.risk and any(rule.pattern.match(word.lower()) for word in rest)
    ]
    if node.check == "script" and (sign := evidence.destroys(said)):
        worse.append(destructive(f"the script says “{sign}”"))
    return worst([known(node.risk, node.path.partition(" ")[2]), *worse]) or read_only("")


def judge_redis_lines(text: str) -> Assessment:
    """How dangerous the commands of a text are, one a line."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return worst(judge_redis([word.strip("\"'") for word in line]) for line in lines) or read_only("nothing is asked")
