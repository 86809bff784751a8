"""The documentation tells of every setting, command, route and error, and of none that is not there."""

import re
from pathlib import Path

import pytest

from onrecall.cli import main as cli
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
            r"^\| `onrecall ([a-z]+(?: (?:recall|speed|tasks|prior|intake|live|backtest|create|list|revoke|rotate|retry|resend|verify|check|push|pull|remove|show|try|schema|docs|add|end|forget|confirm|dismiss|withdraw))?)",
            REFERENCE,
            re.MULTILINE,
        )
    )
    commands = {one.name or one.callback.__name__ for one in cli.app.registered_commands}
    benches = {f"bench {one.name}" for one in cli.bench.registered_commands}
    keys = {f"keys {one.name or one.callback.__name__}" for one in cli.keys.app.registered_commands}
    rejected = {f"rejected {one.name or one.callback.__name__}" for one in cli.rejecting.app.registered_commands}
    deliveries = {f"deliveries {one.name or one.callback.__name__}" for one in cli.delivering.app.registered_commands}
    audit = {f"audit {one.name or one.callback.__name__}" for one in cli.auditing.app.registered_commands}
    found = cli.suggestions.app.registered_commands
    suggestions = {f"suggestions {one.name or one.callback.__name__}" for one in found}
    examples = {f"examples {one.name or one.callback.__name__}" for one in cli.examples.app.registered_commands}
    hindsight = {f"hindsight {one.name or one.callback.__name__}" for one in cli.hindsight.app.registered_commands}
    sources = {f"sources {one.name or one.callback.__name__}" for one in cli.sources.app.registered_commands}
    causes = {f"causes {one.name or one.callback.__name__}" for one in cli.causes.app.registered_commands}
    maintenance = {
        f"maintenance {one.name or one.callback.__name__}" for one in cli.maintenance.app.registered_commands
    }
    heartbeats = {
        f"heartbeats {one.name or one.callback.__name__}" for one in cli.maintenance.heartbeats.registered_commands
    }
    assert (
        told
        == maintenance
        | heartbeats
        | commands
        | benches
        | keys
        | rejected
        | deliveries
        | audit
        | hindsight
        | sources
        | examples
        | causes
        | suggestions
    )


def test_every_route_is_documented_and_no_other():
    told = set(re.findall(r"^\| `((?:GET|POST|PUT|DELETE|OPTIONS) /\S+)`", REFERENCE, re.MULTILINE))
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
