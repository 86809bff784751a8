"""SQL in words, one list for each statement, read with sqlglot's tokenizer. Apart, for sqlglot takes long to import."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sqlglot import Token, TokenType
from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError

_QUOTED = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NATIONAL_STRING, TokenType.HEREDOC_STRING)


class Statement(NamedTuple):
    """One statement."""

    words: list[str]
    """The words outside of strings and quoted names, in capitals."""
    rest: str
    """All that follows its first word, as it was written."""


def read(text: str) -> list[Statement] | None:
    """The statements of a text; None when it can't be read."""
    try:
        parts = [_opened(part) for part in _split(_tokens(text))]
    except SqlglotError:
        return None
    return [Statement(_words(part), " ".join(token.text for token in part[1:])) for part in parts]


def _tokens(text: str) -> list[Token]:
    text = re.sub(r"\\[gG]\w*\s*$", ";", text)
    dialect = MySQL() if "`" in text or re.match(r"\s*/\*!", text) else Postgres()
    return dialect.tokenize(text)


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token in tokens:
        if token.token_type != TokenType.SEMICOLON:
            part.append(token)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _opened(tokens: list[Token]) -> list[Token]:
    """The tokenizer leaves what follows EXPLAIN, SHOW, CALL and the like as one string: take it apart as well."""
    if len(tokens) == 2 and tokens[1].token_type == TokenType.STRING:
        return [tokens[0], *_tokens(tokens[1].text)]
    return tokens


def _words(tokens: list[Token]) -> list[str]:
    return ["" if t.token_type in _QUOTED else w for t in tokens for w in (t.text.upper().split() or [""])]
