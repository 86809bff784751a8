"""The tables of SQL: how statements begin, what they do, and which functions only read."""

import re
from functools import cache
from typing import NamedTuple

from onrecall.domain.recommendation import Risk
from onrecall.recommendation.risk.assessment import Assessment, risk_named
from onrecall.recommendation.risk.sections import lines, words


class SqlRule(NamedTuple):
    """What a statement, a function or a client's own command does whose text fits."""

    pattern: re.Pattern[str]
    risk: Risk
    reason: str


def first_rule(table: str, text: str) -> Assessment | None:
    """What the first rule of a table says that fits."""
    rule = next((rule for rule in _rules(table) if rule.pattern.match(text)), None)
    return Assessment(rule.risk, rule.reason) if rule else None


def begins_statement(text: str) -> bool:
    """Whether a text begins as a statement does."""
    return any(start.match(text) for start in _starts())


@cache
def known_functions() -> frozenset[str]:
    """Functions that only read or calculate, in capitals."""
    return frozenset(name.upper() for name in words("languages/sql_functions.txt", "functions"))


@cache
def _starts() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(line, 0 if line.startswith("(?-i:") else re.IGNORECASE)
        for line in lines("languages/sql_statements.txt", "start")
    )


@cache
def _rules(table: str) -> tuple[SqlRule, ...]:
    rules = []
    for line in lines("languages/sql_statements.txt", table):
        name, _, definition = line.partition(" | ")
        pattern, _, reason = definition.rpartition(" | ")
        rules.append(SqlRule(re.compile(pattern), risk_named(name), reason))
    return tuple(rules)
