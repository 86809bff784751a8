"""SQL texts: whether a text is one, and how dangerous it is."""

import re

from onrecall.recommendation.risk.assessment import Assessment
from onrecall.recommendation.risk.languages.sql_tables import begins_statement

DIALECTS = {
    "sql": "postgres",
    "mysql": "mysql",
    "sqlite": "sqlite",
    "tsql": "tsql",
    "clickhouse": "clickhouse",
    "cql": "postgres",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "influxql": "postgres",
    "trino": "trino",
}
"""The kinds of SQL that the tables of programs name, and the grammar each is read with."""

_LEADING = re.compile(r"(?:\s|--[^\n]*\n|/\*(?!M?!)(?:[^*]|\*(?!/))*\*/|\((?=\s*(?:select|with)\b))+", re.IGNORECASE)
_CLIENT_COMMAND = re.compile(
    r"\s*\\(?:d(?:[abCDEfgilLmnopPstTuvxXy]|A[cfop]?|e[stuw]?|F[dpt]?|R[ps]|rds|rg)?S?\+?|l\+|conninfo"
    r"|timing|watch|x|o|out|w|i|ir|g|gx|gexec|copy|s[fv](?=\+?[ \t]+\S+\s*\Z)\+?|pset|password)"
    r"(?:[ \t][^\n;&|`$]*)?;?\s*"
)
"""One line with a command of psql, apart from those whose name a shell may run, such as `\\c`, `\\dc` and `\\l`.

`sv restart app` is one of runit, and `sf data delete record` one of Salesforce; psql's take one name.
"""


def is_sql(text: str) -> bool:
    """Whether a text begins as an SQL statement does, or is a command of psql itself."""
    if _CLIENT_COMMAND.fullmatch(text):
        return True
    leading = _LEADING.match(text)
    return begins_statement(text[leading.end() if leading else 0 :])


def judge_sql(text: str, kind: str | None = None) -> Assessment:
    """The worst of the statements of a text; without a kind, as PostgreSQL and as MySQL would read it."""
    from onrecall.recommendation.risk.languages.sql_judge import judge  # noqa: PLC0415 - sqlglot takes long to import, and few steps are SQL

    return judge(text, kind)
