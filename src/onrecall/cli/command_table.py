"""The commands by name. A command's module is imported when that command runs, so `--help` loads none of them."""

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from onrecall.cli.garbage import collect_again
from onrecall.domain.validation_messages import describe_error

TEAM_OPTION = "--team"
TEAM_VARIABLE = "ONRECALL_TEAM"


class CommandEntry(NamedTuple):
    """A command: its name, where it is, and the first paragraph of its help."""

    name: str
    module: str
    attribute: str
    help: str


COMMANDS = (
    CommandEntry(
        "ask",
        "onrecall.cli.ask",
        "ask",
        "Find what broke like this before and what fixed it, with citations. Writes nothing.",
    ),
    CommandEntry(
        "recall",
        "onrecall.cli.ask",
        "recall",
        "Find the most similar earlier incidents and documents, and why they match. Writes nothing.",
    ),
    CommandEntry(
        "open", "onrecall.cli.incident_lifecycle", "open_incident", "Open an incident, answer it, and store both."
    ),
    CommandEntry(
        "show",
        "onrecall.cli.incident_lifecycle",
        "show",
        "Show an incident or a document with the line numbers that citations use.",
    ),
    CommandEntry(
        "incidents",
        "onrecall.cli.incidents",
        "app",
        "List, show, acknowledge, assign, annotate and edit incidents.",
    ),
    CommandEntry(
        "resolve",
        "onrecall.cli.incident_lifecycle",
        "resolve",
        "Resolve an incident with what fixed it; answers use it at once. Resolving it again stores a new version.",
    ),
    CommandEntry(
        "actions",
        "onrecall.cli.actions",
        "app",
        "List, add, change and close action items of incidents.",
    ),
    CommandEntry("answer", "onrecall.cli.answer", "app", "Report whether an answer helped, and what its checks found."),
    CommandEntry(
        "postmortem",
        "onrecall.cli.postmortem",
        "postmortem",
        "Print a draft of a resolved incident's postmortem, in Markdown. Writes nothing to the store.",
    ),
    CommandEntry(
        "import",
        "onrecall.cli.import_files",
        "import_files",
        "Import earlier incidents and documents. Lists bad records and imports the rest; a repetition changes nothing.",
    ),
    CommandEntry(
        "export",
        "onrecall.cli.export",
        "export",
        "Write all of memory to a folder; importing it into an empty store gives the same store.",
    ),
    CommandEntry(
        "trust",
        "onrecall.cli.trust",
        "trust",
        "Report how far to trust answers, measured on those whose correctness is known. Writes nothing.",
    ),
    CommandEntry(
        "backtest",
        "onrecall.cli.run_backtest",
        "backtest",
        "Replay a history in time order and measure how often recall would have been right.",
    ),
    CommandEntry(
        "recurrences",
        "onrecall.cli.recurrences",
        "recurrences",
        "Show what keeps coming back, ranked by the hours a permanent fix would save.",
    ),
    CommandEntry(
        "reindex",
        "onrecall.cli.reindex",
        "reindex",
        "Rebuild all passages for the configured model; the old ones serve until all are ready.",
    ),
    CommandEntry(
        "serve", "onrecall.cli.serve", "serve", "Serve the HTTP API and the console, and answer incidents as they open."
    ),
    CommandEntry(
        "backup",
        "onrecall.cli.backup",
        "backup",
        "Write the complete store at one moment to one file, while OnRecall serves.",
    ),
    CommandEntry(
        "restore",
        "onrecall.cli.backup",
        "restore",
        "Load a backup, all or nothing. Checks the file before and verifies the store after.",
    ),
    CommandEntry(
        "mcp",
        "onrecall.cli.mcp",
        "mcp",
        "Serve MCP on standard input and output, for an AI assistant; read-only without --write.",
    ),
    CommandEntry(
        "worker",
        "onrecall.cli.worker",
        "worker",
        "Group alerts and answer incidents, next to other workers or `serve`, until stopped.",
    ),
    CommandEntry(
        "merge",
        "onrecall.cli.incident_lifecycle",
        "merge",
        "Merge an incident into another; similar alerts are grouped together from now on.",
    ),
    CommandEntry(
        "split",
        "onrecall.cli.incident_lifecycle",
        "split",
        "Move alerts out of an incident, or undo a merge; similar alerts are kept apart from now on.",
    ),
    CommandEntry(
        "usage",
        "onrecall.cli.usage",
        "usage",
        "Show the use of models: calls, tokens, cost, rejected drafts and skipped providers.",
    ),
    CommandEntry(
        "redact",
        "onrecall.cli.redact",
        "redact",
        "Print a text without its secrets, as it would be stored; `--json` lists what was found and where.",
    ),
    CommandEntry(
        "risk",
        "onrecall.cli.risk",
        "risk",
        "Assess a command or a step: read_only, reversible, disruptive or destructive. Runs nothing.",
    ),
    CommandEntry(
        "kafka",
        "onrecall.cli.kafka",
        "kafka",
        "Consume alerts from Kafka, in one consumer group, and publish recommendations if a topic is set.",
    ),
    CommandEntry(
        "demo",
        "onrecall.cli.serve",
        "demo",
        "Serve the example history and play a live scenario, in which incidents are answered and resolved.",
    ),
    CommandEntry(
        "doctor",
        "onrecall.cli.doctor",
        "doctor",
        "Check every part, and list failures first, then warnings, then healthy parts. Shows non-default settings.",
    ),
    CommandEntry(
        "healthcheck",
        "onrecall.cli.healthcheck",
        "healthcheck",
        "Ask a running `serve` whether it is ready; exit code 0 if so, 75 if not. Needs no key.",
    ),
    CommandEntry(
        "upgrade",
        "onrecall.cli.upgrade",
        "upgrade",
        "Bring the store up to this version's schema; --check only reports what that would do.",
    ),
    CommandEntry("config", "onrecall.cli.config", "app", "Check the settings."),
    CommandEntry("bench", "onrecall.cli.bench", "app", "Run the benchmarks."),
    CommandEntry(
        "models", "onrecall.cli.models", "app", "List sentence models, install one, and choose which one is in use."
    ),
    CommandEntry("keys", "onrecall.cli.keys", "app", "Create, list, rotate and revoke keys of the HTTP API."),
    CommandEntry("documents", "onrecall.cli.documents", "app", "Share runbooks with other teams."),
    CommandEntry("erase", "onrecall.cli.erase", "app", "Erase a person or an incident, and print a receipt."),
    CommandEntry(
        "teams",
        "onrecall.cli.teams",
        "app",
        "Add, list and remove teams, whose data is kept apart; back up and verify all of them.",
    ),
    CommandEntry(
        "sessions",
        "onrecall.cli.sessions",
        "app",
        "List the sessions of people who are signed in to the console, and end them.",
    ),
    CommandEntry("rejected", "onrecall.cli.rejected", "app", "List unreadable parts of messages, and retry them."),
    CommandEntry(
        "sources",
        "onrecall.cli.sources",
        "app",
        "Show the tools that can send alerts here, and try payloads.",
    ),
    CommandEntry(
        "maintenance",
        "onrecall.cli.maintenance",
        "app",
        "Manage maintenance windows, during which matching alerts open no incident.",
    ),
    CommandEntry(
        "heartbeats",
        "onrecall.cli.maintenance",
        "heartbeats",
        "Manage heartbeats, whose absence raises an alert.",
    ),
    CommandEntry(
        "web-push-key",
        "onrecall.cli.web_push_key",
        "web_push_key",
        "Print a new private key for push notifications, for ONRECALL_WEB_PUSH_KEY_FILE. Stores nothing.",
    ),
    CommandEntry("deliveries", "onrecall.cli.deliveries", "app", "List deliveries to channels, and resend them."),
    CommandEntry("audit", "onrecall.cli.audit", "app", "List who changed what, and verify the audit chain."),
    CommandEntry("suggestions", "onrecall.cli.suggestions", "app", "List, confirm and dismiss suggestions of senders."),
    CommandEntry("examples", "onrecall.cli.examples", "app", "Manage the example history."),
    CommandEntry("hindsight", "onrecall.cli.hindsight", "app", "Synchronize with a Hindsight bank."),
    CommandEntry(
        "causes", "onrecall.cli.causes", "app", "Propose cause labels for root causes in prose, and confirm them."
    ),
)


class DeferredCommand(TyperCommand):
    """A command as the list of commands shows it; `load` imports the command itself."""

    def __init__(self, entry: CommandEntry) -> None:
        super().__init__(entry.name, help=entry.help)
        self._entry = entry

    def load(self) -> Any:
        """Import the command; returns it as the parser takes it."""
        target = getattr(import_module(self._entry.module), self._entry.attribute)
        if isinstance(target, typer.Typer):
            command: Any = typer.main.get_group(target)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(name=self._entry.name)(target)
            command = typer.main.get_command(alone)
        command.name = self._entry.name
        return command


class CommandTable(TyperGroup):
    """The group of all commands. Listing and completing them needs no module; running one loads its own."""

    def __init__(self, **options: Any) -> None:
        options["commands"] = {entry.name: DeferredCommand(entry) for entry in COMMANDS}
        super().__init__(**options)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `--team NAME` from wherever it stands, for every command has it, and parse the rest."""
        team, remaining = split_team(args)
        if team is not None:
            _choose_team(ctx, team)
        return super().parse_args(ctx, remaining)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a value that the parser refuses is named in our words, not in those of its library."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as refusal:
            flaws = getattr(refusal.__cause__, "errors", None)  # pydantic's; to import it would slow `--help` down
            if flaws is not None:
                refusal.message = describe_error(flaws()[0])
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the arguments name, and load it."""
        name, command, arguments = super().resolve_command(ctx, args)
        if isinstance(command, DeferredCommand):
            command = command.load()
            collect_again()
        return name, command, arguments


def split_team(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the value of `--team`, and the other arguments; what follows `--` is none of its business."""
    before = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    after = list(arguments[len(before) :])
    team, remaining = None, []
    words = iter(before)
    for word in words:
        if word == TEAM_OPTION and (value := next(words, None)) is not None:
            team = value
        elif word.startswith(f"{TEAM_OPTION}="):
            team = word.partition("=")[2]
        else:
            remaining.append(word)
    return team, remaining + after


def _choose_team(ctx: Any, team: str) -> None:
    """Choose a team for this command and the processes that it starts."""
    before = os.environ.get(TEAM_VARIABLE)
    os.environ[TEAM_VARIABLE] = team
    ctx.call_on_close(lambda: _restore_team(before))


def _restore_team(team: str | None) -> None:
    os.environ.pop(TEAM_VARIABLE, None)
    if team is not None:
        os.environ[TEAM_VARIABLE] = team
