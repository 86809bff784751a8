"""`onrecall redact`: what would be taken out of a text, so that people can check it before they trust it."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from onrecall.bootstrap.app import settings
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_json
from onrecall.redaction import Redacted
from onrecall.redaction import redact as redacted_text


def redact(
    text: Annotated[str, typer.Argument(help="The text; by default, or with -, standard input.")] = "-",
    personal: Annotated[
        bool | None, typer.Option(help="Also redact personal data; by default as set by ONRECALL_REDACT_PERSONAL.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a text without its secrets, as it would be stored; `--json` lists what was found and where."""
    with_personal = settings().redact_personal if personal is None else personal
    if text == "-":
        piped = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        _print_redacted(redacted_text(piped, with_personal), end="", as_json=as_json)
    else:
        _print_redacted(redacted_text(text, with_personal), end="\n", as_json=as_json)


def _print_redacted(redacted: Redacted, *, end: str, as_json: bool) -> None:
    """Bytes that are no UTF-8 come out as they went in; in JSON they are replaced."""
    if as_json:
        text = redacted.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        findings = [asdict(finding) for finding in redacted.findings]
        print_json({"text": text, "found": findings})
        return
    sys.stdout.flush()
    sys.stdout.buffer.write((redacted.text + end).encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
