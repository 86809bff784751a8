"""Commands of Redis: the table `redis` says what each does."""

import re
from collections.abc import Sequence

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import Assessment, destructive, from_table, read_only, worst
from onrecall.recommendation.risk.programs.table import Node, find_program


def _commands() -> Node:
    program = find_program("redis:commands")
    assert program is not None
    return program[0]


def is_redis(name: str) -> bool:
    """Whether a word in capitals is a command of Redis."""
    return name.isupper() and name.lower() in _commands().children


def judge_redis(words: Sequence[str]) -> Assessment:
    """How dangerous one command is."""
    node = _commands()
    operands = list(words)
    while operands and (child := node.child(operands[0].lower())) is not None:
        node = child
        operands.pop(0)
    command = " ".join(words)
    if node.risk is None:
        return evidence.suspect(command, f"the Redis command `{command[:40]}`")
    if node.path.endswith("config set") and (lost := _lost_by_setting(operands)) is not None:
        return lost
    worse = [
        from_table(rule.risk, command[:40])
        for rule in node.operand_rules
        if rule.risk and any(rule.pattern.match(word.lower()) for word in operands)
    ]
    if node.check == "script" and (sign := evidence.find_loss_sign(command)):
        worse.append(destructive(f"the script says “{sign}”"))
    return worst([from_table(node.risk, node.path.partition(" ")[2]), *worse]) or read_only("")


def _lost_by_setting(operands: Sequence[str]) -> Assessment | None:
    """What `CONFIG SET` loses: keys with little memory, all that is not saved."""
    name, value = operands[:1], " ".join(operands[1:2]).strip("\"'")
    if name == ["maxmemory"] and not re.fullmatch(r"0|\d+[gG][bB]?|\d{10,}", value):
        return destructive("little memory: keys are evicted")
    return destructive("nothing is saved any more") if name == ["save"] and not value and operands[1:] else None


def judge_redis_lines(text: str) -> Assessment:
    """How dangerous the commands of a text are, one a line."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return worst(judge_redis([word.strip("\"'") for word in line]) for line in lines) or read_only("nothing is asked")
