"""SQL statements as sqlglot reads them: their words, the functions they call, the parts of a query."""

import logging
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlglot import Token, TokenType, exp, parse
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from onrecall.recommendation.risk.languages.sql_tables import known_functions
from onrecall.recommendation.risk.sections import words

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # that a statement is read as words only is no news

_QUOTED = (
    TokenType.STRING,
    TokenType.IDENTIFIER,
    TokenType.NATIONAL_STRING,
    TokenType.HEREDOC_STRING,
    TokenType.RAW_STRING,
)
_RECURSION_CLAUSES = re.compile(
    r"\bCYCLE\s+\w+(?:\s*,\s*\w+)*\s+SET\s+\w+\s+USING\s+\w+"
    r"|\bSEARCH\s+(?:DEPTH|BREADTH)\s+FIRST\s+BY\s+\w+\s+SET\s+\w+",
    re.IGNORECASE,
)
"""Clauses of a recursive query that sqlglot doesn't know; they hold nothing but names."""
_QUALIFIERS = frozenset(["PG_CATALOG", "INFORMATION_SCHEMA", "SYS", "PERFORMANCE_SCHEMA"])
_PARTS = tuple(getattr(exp, name) for name in sorted(words("programs/kinds.txt", "sql parts")))


class SqlStatement(NamedTuple):
    """One statement."""

    words: list[str]
    """Its words in capitals; "" for a string or a quoted name."""
    tokens: list[Token]
    text: str

    def text_from(self, word: str) -> str:
        """The text from the first such word on."""
        match = re.search(rf"\b{word}\b", self.text, re.IGNORECASE)
        return self.text[match.start() :] if match else ""


def read_statements(text: str, dialect: str) -> list[SqlStatement] | None:
    """The statements of a text; None when it can't be read."""
    try:
        return [_to_statement(tokens, text, dialect) for tokens in _split_statements(_tokenize(text, dialect))]
    except SqlglotError:
        return None


def _tokenize(text: str, dialect: str) -> list[Token]:
    return Dialect.get_or_raise(dialect).tokenize(text)


def _split_statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token in tokens:
        if token.token_type != TokenType.SEMICOLON:
            part.append(token)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _to_statement(tokens: list[Token], text: str, dialect: str) -> SqlStatement:
    statement_text = text[tokens[0].start : tokens[-1].end + 1]
    after_first = statement_text[len(tokens[0].text) :].lstrip()
    if len(tokens) == 2 and tokens[1].token_type == TokenType.STRING and after_first[:1] not in ("'", '"', "$"):
        # the tokenizer leaves what follows EXPLAIN, SHOW, CALL and the like as one string: take it apart as well
        tokens = [tokens[0], *_tokenize(tokens[1].text, dialect)]
    words = [
        "" if token.token_type in _QUOTED else word for token in tokens for word in (token.text.upper().split() or [""])
    ]
    return SqlStatement(words, tokens, statement_text)


def unknown_functions(statement: SqlStatement) -> list[str]:
    """The names before a parenthesis that are neither known functions nor words of the grammar."""
    tokens = statement.tokens
    return [name for place in range(1, len(tokens)) if (name := _unknown_call(tokens, place)) is not None]


def _unknown_call(tokens: Sequence[Token], place: int) -> str | None:
    """The name of the function that is called by the parenthesis at this place, where it is not known."""
    if tokens[place].token_type != TokenType.L_PAREN:
        return None
    before = tokens[place - 1]
    name = before.text
    quoted = before.token_type == TokenType.IDENTIFIER
    if before.token_type in (TokenType.STRING, TokenType.NUMBER) or not re.fullmatch(r"[\w$#. -]+", name):
        return name if before.token_type in (TokenType.STRING, TokenType.IDENTIFIER) else None
    qualified = place >= 2 and tokens[place - 2].token_type == TokenType.DOT
    if qualified and tokens[place - 3].text.upper() not in _QUALIFIERS:
        return f"{tokens[place - 3].text}.{name}"
    if place >= 2 and tokens[place - 2].text == "&":  # U&"…" spells a name in code points
        return name
    if (not quoted and name.upper() in words("programs/kinds.txt", "sql openers")) or _is_alias(tokens, place):
        return None
    return None if name.upper() in known_functions() else name


def _is_alias(tokens: Sequence[Token], place: int) -> bool:
    """Whether the name before this parenthesis is one that the query gives: `WITH x(a) AS`, `AS t(x int)`."""
    before = tokens[place - 2].text.upper() if place >= 2 else ""
    return before in ("AS", "WITH", "RECURSIVE") or (before == "," and _begins_cte(tokens, place))


def _begins_cte(tokens: Sequence[Token], place: int) -> bool:
    """Whether `name (columns) AS (` follows."""
    closing = next((n for n in range(place, len(tokens)) if tokens[n].token_type == TokenType.R_PAREN), len(tokens))
    return [token.text.upper() for token in tokens[closing + 1 : closing + 3]] == ["AS", "("]


def first_unknown_function(statement: SqlStatement) -> str | None:
    """The first unknown function in a statement that is no query; a name with its columns is none."""
    tokens = statement.tokens
    for place in range(1, len(tokens)):
        name = _unknown_call(tokens, place)
        if name is not None and not _names_columns(tokens, place):
            return name
    return None


def _names_columns(tokens: Sequence[Token], place: int) -> bool:
    """Whether the parenthesis at this place holds the columns of the table, index or type before it."""
    start = place - 1
    while start >= 2 and tokens[start - 1].token_type == TokenType.DOT:
        start -= 2
    return start >= 1 and tokens[start - 1].text.upper() in words("programs/kinds.txt", "sql before columns")


def unknown_part(statement: SqlStatement, dialect: str) -> str | None:
    """What of a query is no part that only reads; None where all of it is."""
    try:
        trees = parse(_RECURSION_CLAUSES.sub("", statement.text), dialect=dialect)
    except SqlglotError:
        return "a query that can't be read"
    except RecursionError:
        return "a query that is nested too deeply"
    for tree in trees:
        if not isinstance(tree, exp.Query | exp.Values | exp.Subquery):
            return "what kind of statement it is"
        odd = next((node for node in tree.walk() if not isinstance(node, _PARTS)), None)
        if odd is not None:
            return "Lock" if isinstance(odd, exp.Lock) else f"`{type(odd).__name__}` in a query"
    return None
