"""The body of a request → plain data: JSON, also as templates mangle it, JSON lines, forms; hostile input bounded."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from email import policy
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from onrecall.domain.errors import Invalid

DEEPEST = 64
"""The most levels of nesting that a payload may have."""
MOST_LINES = 10_000
"""The most documents in a body of JSON lines, and the most fields in a form."""
LONGEST_NESTED = 1_000_000
"""Longest text that is searched for nested JSON, in characters."""
CARRIERS = ("payload", "data", "json", "body", "event", "alert", "message", "content")
"""Form fields whose value is the whole message as JSON."""
_INVALID_ESCAPE = re.compile(r"\\(?![\"\\/bfnrt]|u[0-9a-fA-F]{4})")
_FORM = re.compile(r"[\w.\-\[\]%+*]{1,200}=[^\s{<\"&]*(?:&[\w.\-\[\]%+*]{1,200}=[^\s{<\"&]*)*&?", re.ASCII)
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(\s*[}\]])', re.DOTALL)
"""A text, which stays, or a comma before a bracket closes, as a template's loop leaves it."""
_BETWEEN = " \t\r\n,"


def decode_body(body: bytes, headers: Mapping[str, str] | None = None) -> Any:
    """Decode a body to plain data: an object, a list, or a single value.

    Read are JSON, also with raw line breaks, stray backslashes, a comma too many; several JSON documents one after the
    other, as a list; forms, also such as carry the message in one field. UTF-8, else UTF-16 by its mark, else Latin-1.

    Raises:
        Invalid: it is none of these, or nested deeper than any tool's; the message says at which place.
    """
    kind = (headers or {}).get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _check_depth(_decode_form(_multipart_fields(body, (headers or {})["content-type"])))
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        decoded = _decode_leniently(body, kind)
    return _check_depth(_unwrapped(decoded))


def decode_text(body: bytes) -> str:
    """Decode a body to text, whatever its encoding; never raises."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace") if b"\x81" not in body else body.decode("latin-1")


def parse_nested(value: Any) -> Any:
    """Return the object or list that a text holds as JSON; other values unchanged."""
    if not isinstance(value, str) or len(value) > LONGEST_NESTED:
        return value
    text = value.strip()
    if not text or (text[0], text[-1]) not in (("{", "}"), ("[", "]")):
        return value
    try:
        parsed = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return value
    return value if _is_deeper(parsed, DEEPEST // 2) else parsed


def _decode_leniently(body: bytes, kind: str) -> Any:
    text = decode_text(body).strip()
    if not text:
        raise Invalid("the body is empty; send the message as JSON", "body")
    if kind == "application/x-www-form-urlencoded" or (_FORM.fullmatch(text) and len(text) < LONGEST_NESTED):
        fields = parse_qsl(text, keep_blank_values=True, errors="replace")
        if fields and text[0] not in "{[":
            return _decode_form(fields)
    try:
        documents = list(_documents(text))
    except Invalid:
        if (repaired := _LAST_COMMA.sub(r"\1\2", text)) == text:
            raise
        documents = list(_documents(repaired))
    return documents[0] if len(documents) == 1 else documents


def _unwrapped(decoded: Any) -> Any:
    """Return the message inside: of JSON in a JSON text, or of a Pub/Sub push, which has it in base64."""
    decoded = parse_nested(decoded)
    if not isinstance(decoded, dict) or not isinstance(decoded.get("subscription"), str):
        return decoded
    pushed = decoded.get("message")
    packed = pushed.get("data") if isinstance(pushed, dict) else None
    if not isinstance(packed, str) or len(packed) > LONGEST_NESTED:
        return decoded
    try:
        text = base64.b64decode(packed, validate=True).decode()
    except (ValueError, UnicodeDecodeError):
        return decoded
    message = parse_nested(text)
    return decoded if message is text else message


def _documents(text: str) -> Iterator[Any]:
    """Yield the JSON documents of a text in order."""
    decoder, place = json.JSONDecoder(strict=False), 0
    repaired = _INVALID_ESCAPE.sub(r"\\\\", text)
    for _ in range(MOST_LINES):
        try:
            document, place = decoder.raw_decode(repaired, place)
        except (ValueError, RecursionError) as error:
            raise Invalid(f"the body is not JSON: {error}", "body") from error
        yield document
        while place < len(repaired) and repaired[place] in _BETWEEN:
            place += 1
        if place == len(repaired):
            return
    raise Invalid(f"the body has more than {MOST_LINES:,} documents; send it in parts", "body")


def _decode_form(fields: list[tuple[str, str]]) -> Any:
    """Return the message that one of the form's fields carries, else all fields by name."""
    if len(fields) > MOST_LINES:
        raise Invalid(f"the form has more than {MOST_LINES:,} fields", "body")
    values_by_name: dict[str, Any] = {}
    for name, value in fields:
        values_by_name.setdefault(name, []).append(value)
    values_by_name = {name: values[0] if len(values) == 1 else values for name, values in values_by_name.items()}
    carried = [
        (name, message)
        for name in values_by_name
        if (message := parse_nested(values_by_name[name])) is not values_by_name[name]
    ]
    if len(carried) == 1 and carried[0][0].lower() in CARRIERS:
        return carried[0][1]
    return values_by_name | dict(carried)


def _multipart_fields(body: bytes, content_type: str) -> list[tuple[str, str]]:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\nMIME-Version: 1.0\r\n\r\n"
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    parts = message.iter_parts() if message.is_multipart() else ()
    fields = []
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields.append((name, decode_text(content)))
    if not fields:
        raise Invalid("the form has no field; send the message as JSON", "body")
    return fields


def _check_depth(decoded: Any) -> Any:
    if _is_deeper(decoded, DEEPEST):
        raise Invalid(f"the body is nested deeper than {DEEPEST} levels", "body")
    return decoded


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [inner for outer in layer if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not layer:
            return False
    return True


def _inside(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return list(outer.values()) if isinstance(outer, dict) else outer
