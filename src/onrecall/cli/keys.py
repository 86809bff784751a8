"""`onrecall keys`: who gets in over HTTP."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from onrecall.bootstrap.app import settings
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.options import parse_end, parse_span
from onrecall.cli.output import print_json, print_result
from onrecall.domain.access import Key, Role, generate_key
from onrecall.pipeline.keys import Keys, NewKey
from onrecall.storage import Storage

app = typer.Typer(help="Create, list, rotate and revoke keys of the HTTP API.", no_args_is_help=True)

STATE = {"active": "green", "expired": "yellow", "revoked": "red"}

Which = Annotated[str, typer.Argument(help="The key: its id, its name, or the key itself.", metavar="KEY")]
Expires = Annotated[str | None, typer.Option(help="Expiry: a span such as 90d, or a time; by default never.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Owner of the key: a person or a sender.", metavar="NAME")],
    role: Annotated[Role, typer.Option(help="Role of the key.")] = "viewer",
    expires: Expires = None,
    as_json: Json = False,
) -> None:
    """Create a key. It is shown once."""
    with _keys() as keys:
        _print_new_key(keys.create(name, role, _parse_expiry(expires)), as_json)


@app.command()
def generate(as_json: Json = False) -> None:
    """Print a new key that is not stored anywhere, for ONRECALL_ADMIN_KEY_FILE. Stores nothing."""
    token = generate_key()
    print_result({"key": token}, as_json, lambda: typer.echo(token))


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List all keys, without their secrets."""
    with _keys() as keys:
        all_keys = keys.all()
    if as_json:
        print_json({"items": [_key_to_json(key) for key in all_keys]})
        return
    now = datetime.now(UTC)
    for key in all_keys:
        state = key.state(now)
        replaced = f"replaced by {key.replaced_by}" if key.replaced_by else ""
        console.print_line(
            f"{key.id}  ",
            (f"{state:<8}", STATE[state]),
            f"  {key.role:<10}  {key.name}",
            (f"  created {_format_day(key.created_at)}, {_format_end(key)}, {_format_last_use(key)}", "dim"),
            (f", {replaced}" if replaced else "", "dim"),
        )
    if not all_keys:
        console.print_line("no keys exist; requests from this machine need none, and other machines are refused")


@app.command()
def revoke(which: Which, as_json: Json = False) -> None:
    """Revoke a key at once; a name revokes all keys of its owner. A repetition changes nothing."""
    with _keys() as keys:
        ended = keys.revoke(which)
    if as_json:
        print_json({"items": [_key_to_json(key) for key in ended]})
        return
    for key in ended:
        console.print_line(f"{key.prefix}… of {key.name} is revoked")


@app.command()
def rotate(
    which: Which,
    overlap: Annotated[str, typer.Option(help="How long the old key keeps working, such as 24h or 0m.")] = "24h",
    expires: Expires = None,
    as_json: Json = False,
) -> None:
    """Replace a key by a new one with its name and role; both work until the overlap ends."""
    with _keys() as keys:
        _print_new_key(keys.rotate(which, parse_span(overlap, "overlap"), _parse_expiry(expires)), as_json)


@contextmanager
def _keys() -> Iterator[Keys]:
    with closing(Storage.open(settings().database)) as store:
        yield Keys(store, lambda: datetime.now(UTC))


def _print_new_key(new_key: NewKey, as_json: bool) -> None:
    if as_json:
        print_json({"key": new_key.token} | _key_to_json(new_key.key))
        return
    typer.echo(new_key.token)
    console.print_line(
        (
            f"key of {new_key.key.name} ({new_key.key.role}), {_format_end(new_key.key)}; it is not shown again",
            "dim",
        )
    )


def _key_to_json(key: Key) -> dict[str, Any]:
    """Return what may be shown of a key: all but its hash."""
    key_fields = asdict(key) | {"prefix": key.prefix, "state": key.state(datetime.now(UTC))}
    del key_fields["hash"]
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in key_fields.items()}


def _parse_expiry(text: str | None) -> datetime | None:
    return None if text is None else parse_end(text, "expires", datetime.now(UTC))


def _format_end(key: Key) -> str:
    return f"expires {_format_day(key.expires_at)}" if key.expires_at else "never expires"


def _format_last_use(key: Key) -> str:
    return f"last used {_format_day(key.last_used_at)}" if key.last_used_at else "never used"


def _format_day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")
