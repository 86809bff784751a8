"""The commands by name. A command's module is imported when that command runs, so `--help` loads none of them."""

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


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
        "Say what broke; get what broke like this before and what fixed it, with receipts. Nothing is written.",
    ),
    CommandEntry(
        "recall",
        "onrecall.cli.ask",
        "recall",
        "Show what was seen before that is most like this, and why. Nothing is written.",
    ),
    CommandEntry("open", "onrecall.cli.incidents", "open_incident", "Open an incident, answer it, and keep both."),
    CommandEntry(
        "show",
        "onrecall.cli.incidents",
        "show",
        "Show an incident or a document with its numbered lines, as citations count them.",
    ),
    CommandEntry(
        "resolve",
        "onrecall.cli.incidents",
        "resolve",
        "Close an incident with what fixed it; it is recallable at once. Another resolution later is a new version.",
    ),
    CommandEntry(
        "import",
        "onrecall.cli.import_files",
        "import_files",
        "Bring old incidents and documents in. Twice changes nothing; what can't be read is listed, the rest goes in.",
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
        "Say how far to trust it, as measured on the answers whose truth is known. Nothing is written.",
    ),
    CommandEntry(
        "backtest",
        "onrecall.cli.run_backtest",
        "backtest",
        "Replay history in time order and see how often recall would have been right.",
    ),
    CommandEntry(
        "recurrences",
        "onrecall.cli.recurrences",
        "recurrences",
        "Show what keeps coming back, ranked by the hours a permanent fix would save. Nothing is written.",
    ),
    CommandEntry(
        "reindex",
        "onrecall.cli.reindex",
        "reindex",
        "Make all passages anew for the model that is configured; those of the old one serve until all are made.",
    ),
    CommandEntry(
        "serve", "onrecall.cli.serve", "serve", "Serve the HTTP API and the page; answer incidents as they are opened."
    ),
    CommandEntry(
        "backup",
        "onrecall.cli.backup",
        "backup",
        "Write everything that is kept to one file, as it stands at one moment, while the store serves.",
    ),
    CommandEntry(
        "restore",
        "onrecall.cli.backup",
        "restore",
        "Put a backup in place, all or nothing. The file is checked first, and the store after.",
    ),
    CommandEntry(
        "mcp",
        "onrecall.cli.mcp",
        "mcp",
        "Speak MCP on standard input and output, for an assistant; it only reads unless told otherwise.",
    ),
    CommandEntry(
        "worker",
        "onrecall.cli.worker",
        "worker",
        "Group alerts and answer incidents, beside other workers or `serve`; ends when told to.",
    ),
    CommandEntry(
        "merge",
        "onrecall.cli.incidents",
        "merge",
        "Make an incident part of another; such alerts are put together from now on.",
    ),
    CommandEntry(
        "split",
        "onrecall.cli.incidents",
        "split",
        "Take alerts out of an incident, or undo a merge; such alerts are kept apart from now on.",
    ),
    CommandEntry(
        "usage",
        "onrecall.cli.usage",
        "usage",
        "Show what models were used for: calls, tokens, cost, rejected drafts, and which providers are left alone.",
    ),
    CommandEntry(
        "redact",
        "onrecall.cli.redact",
        "redact",
        "Print the text without secrets, as it would be stored; with `--json` also what was found, and where.",
    ),
    CommandEntry(
        "risk",
        "onrecall.cli.risk",
        "risk",
        "Say how dangerous a command or a step is: read_only, reversible, disruptive or destructive. Nothing is run.",
    ),
    CommandEntry(
        "kafka",
        "onrecall.kafka.command",
        "kafka",
        "Take alerts in from Kafka, beside other processes of the same group; publish recommendations if told where.",
    ),
    CommandEntry(
        "demo",
        "onrecall.cli.serve",
        "demo",
        "Show the whole product: example history, and a live scenario that is answered, resolved and learned from.",
    ),
    CommandEntry(
        "doctor",
        "onrecall.cli.doctor",
        "doctor",
        "Check every part, and show the effective settings with secrets masked.",
    ),
    CommandEntry("bench", "onrecall.cli.bench", "app", "Measure it yourself."),
    CommandEntry("keys", "onrecall.cli.keys", "app", "Make, list, replace and end the keys of the HTTP API."),
    CommandEntry(
        "rejected", "onrecall.cli.rejected", "app", "See what senders told that could not be read, and try it again."
    ),
    CommandEntry(
        "sources",
        "onrecall.cli.sources",
        "app",
        "The tools that can send alerts here, and what would come of a payload.",
    ),
    CommandEntry(
        "maintenance",
        "onrecall.cli.maintenance",
        "app",
        "Maintenance windows: while one is on, its alerts open no incident.",
    ),
    CommandEntry(
        "heartbeats",
        "onrecall.cli.maintenance",
        "heartbeats",
        "Signals that are always there, and whose absence raises an alert.",
    ),
    CommandEntry(
        "deliveries", "onrecall.cli.deliveries", "app", "See what was told on which channel, and have it sent again."
    ),
    CommandEntry(
        "audit", "onrecall.cli.audit", "app", "See who changed what, and check that the account of it is whole."
    ),
    CommandEntry("suggestions", "onrecall.cli.suggestions", "app", "List, confirm and dismiss what senders suggest."),
    CommandEntry("examples", "onrecall.cli.examples", "app", "Take the example history out again."),
    CommandEntry("hindsight", "onrecall.cli.hindsight", "app", "Bring a Hindsight bank and the memory into step."),
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

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the arguments name, and load it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, DeferredCommand) else command, rest
