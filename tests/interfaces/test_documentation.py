"""The documentation tells of every setting, command, route and error, and of none that is not there."""

import re
from pathlib import Path

import pytest

from onrecall.cli.command_table import COMMANDS, DeferredCommand
from onrecall.domain import errors
from onrecall.http.app import ROUTERS
from onrecall.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_and_no_other():
    told = set(re.findall(r"^\| `(ONRECALL_\w+)`", REFERENCE, re.MULTILINE))
    assert told == {PREFIX + name.upper() for name in Settings.model_fields}


def test_every_command_is_documented_and_no_other():
    told = set(
        re.findall(
            r"^\| `onrecall ([a-z-]+(?: (?:checks|install|measure|use|all|capacity|recall|speed|tasks|prior|ranker|intake|live|backtest|create|generate|list|revoke|rotate|retry|resend|verify|check|push|pull|remove|show|try|schema|docs|add|end|forget|confirm|dismiss|withdraw|ack|assign|note|edit|done|drop|rate|upgrade|backup|verify|person|incident|shared|share|unshare))?)",
            REFERENCE,
            re.MULTILINE,
        )
    )
    assert told == set(command_names())


def command_names():
    """Every command as it is typed, those of groups with the group's name before theirs."""
    for entry in COMMANDS:
        command = DeferredCommand(entry).load()
        yield from (f"{entry.name} {name}" for name in getattr(command, "commands", ()))
        if not hasattr(command, "commands"):
            yield entry.name


def test_every_route_is_documented_and_no_other():
    told = set(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE|OPTIONS) /\S+)`", REFERENCE, re.MULTILINE))
    routes = {
        f"{method} {route.path.removeprefix('/api/v1')}".replace(":path", "")
        for router in ROUTERS
        for route in router.routes
        for method in getattr(route, "methods", ())
        if route.path.startswith("/api/v1")
    }
    assert told == routes


def test_every_error_is_documented():
    told = set(re.findall(r"^\| `([A-Z]\w+)` \| \d+", REFERENCE, re.MULTILINE))
    assert told == {one.__name__ for one in errors.OnRecallError.__subclasses__()}


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name
)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
