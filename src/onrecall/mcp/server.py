"""MCP: the memory as tools for assistants, over stdio here and over HTTP at `/mcp`.

Tools that write are only there for whoever may write; an assistant that a hostile alert asks to close an incident
finds no tool for it.
"""

import functools
import inspect
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from onrecall import __version__
from onrecall.domain.access import Principal
from onrecall.domain.errors import Invalid, NotFound, OnRecallError
from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import OutcomeVerdict, RecommendationOutcome, StepVerdict
from onrecall.domain.situation import Filter, make_situation
from onrecall.mcp import results
from onrecall.pipeline import IncidentService
from onrecall.pipeline import recurrences as families
from onrecall.pipeline.action_items import ActionSelection
from onrecall.schemas.incidents import StepIn
from onrecall.schemas.json_models import When
from onrecall.schemas.recommendations import StepVerdictIn
from onrecall.schemas.risk import LONGEST as LONGEST_COMMAND
from onrecall.schemas.risk import Kind, assess_risk
from onrecall.schemas.trust import TrustOut

INSTRUCTIONS = (
    "The incident memory of this team: what broke like this before, what fixed it, what did not, and how far to trust "
    "that. Ask before guessing; every claim names the incident or document and the line that supports it."
)
READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
READ_WRITE = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Text = Annotated[
    str, Field(min_length=1, max_length=200_000, description="What happens: an alert, symptoms, log lines.")
]
Service = Annotated[str | None, Field(max_length=200, description="Affected service; a signal, not a filter.")]
Limit = Annotated[int, Field(ge=1, le=20, description="How many to show.")]
Id = Annotated[str, Field(min_length=1, max_length=200, description="An id as another tool gave it, such as INC-42.")]
Long = Annotated[str | None, Field(max_length=20_000)]

log = logging.getLogger(__name__)


def create_server(memory: IncidentService, local: Principal) -> MCPServer[Any]:
    """Return a server with the tools that a caller may use."""
    writes = local.may("responder")
    only = "" if writes else " This connection only reads; reporting outcomes requires a key with the role responder."
    mcp_server: MCPServer[Any] = MCPServer(
        "onrecall", title="OnRecall", instructions=INSTRUCTIONS + only, version=__version__, log_level="WARNING"
    )
    tools = Tools(memory, local)
    for reader in tools.readers:
        mcp_server.add_tool(_with_plain_errors(reader), annotations=READ_ONLY)
    for writer in tools.writers if writes else ():
        mcp_server.add_tool(_with_plain_errors(writer), annotations=READ_WRITE)
    return mcp_server


def serve(memory: IncidentService, *, write: bool, by: str | None) -> None:
    """Speak MCP on standard input and output until the other side hangs up."""
    create_server(memory, Principal("responder" if write else "viewer", by)).run("stdio")


@dataclass(frozen=True, slots=True)
class Tools:
    """One method a tool; its docstring and its parameters are what an assistant is told of it."""

    memory: IncidentService
    local: Principal

    @property
    def readers(self) -> "tuple[Tool, ...]":
        """The tools that only read."""
        recalling = (self.recall_incidents, self.ask, self.get_incident, self.search_runbooks)
        return (*recalling, self.recurrences, self.action_items, self.trust, self.assess_risk)

    @property
    def writers(self) -> "tuple[Tool, ...]":
        """The tools that change something."""
        return self.report_outcome, self.resolve_incident

    def recall_incidents(
        self,
        text: Text,
        service: Service = None,
        limit: Limit = 5,
        as_of: Annotated[When | None, Field(description="Use only what was known at this time.")] = None,
    ) -> dict[str, Any]:
        """Find earlier incidents that are most like this, and why. Writes nothing."""
        matches = self._recall("incident", text, service, limit, as_of)
        return results.tool_result(
            matches,
            "get_incident(id) shows one whole" if matches else "nothing like this was seen before",
            self.memory.recall_limitation,
        )

    def ask(self, text: Text, service: Service = None, labels: dict[str, str] | None = None) -> dict[str, Any]:
        """Answer what broke, what fixed it before and what did not help, with numbered steps, their risk and source.

        `verdict` never_seen: memory has no answer, and `nearest_rates` says how often the nearest record is right all
        the same. Confidence is a measured frequency with what it was counted on. Writes nothing.
        """
        answer = self.memory.ask(make_situation(text, service, labels))
        return results.tool_result(results.answer(answer), "get_incident(id, from_line=N) opens the source of a step")

    def get_incident(
        self,
        id: Id,  # noqa: A002 - what an assistant calls it
        from_line: Annotated[int | None, Field(ge=1, description="Show its numbered page from this line.")] = None,
    ) -> dict[str, Any]:
        """Show an incident and the newest answer to it, or numbered lines of an incident or a runbook."""
        record = self.memory.get_record(id)
        if from_line is None and isinstance(record, Incident):
            newest = self.memory.store.recommendations.newest(record.id)
            newest = self.memory.checks.with_results(newest) if newest else None
            return results.tool_result(
                results.incident(record, newest), f"get_incident({id!r}, from_line=1) shows its lines"
            )
        page, next_line = results.lines(record, from_line or 1)
        return results.tool_result(page, f"get_incident({id!r}, from_line={next_line})" if next_line else None)

    def search_runbooks(self, text: Text, service: Service = None, limit: Limit = 5) -> dict[str, Any]:
        """Find runbooks, postmortems and root cause analyses about this. Writes nothing."""
        matches = self._recall("document", text, service, limit)
        return results.tool_result(
            matches,
            "get_incident(id, from_line=N) shows its lines" if matches else "no document is similar",
            self.memory.recall_limitation,
        )

    def recurrences(
        self,
        service: Service = None,
        min_count: Annotated[int, Field(ge=2, le=1000, description="Minimum number of incidents in a family.")] = 2,
        limit: Limit = 10,
    ) -> dict[str, Any]:
        """List what keeps coming back, ranked by the hours a permanent fix would save. Writes nothing."""
        filters = families.FamilyFilter(min_count, service, limit)
        report = families.find_recurrences(self.memory.store, self.memory.now(), filters)
        listed = [results.family(family) for family in report.families]
        return results.tool_result({"families": listed, "of": report.found, "incidents_looked_at": report.incidents})

    def action_items(
        self,
        overdue: Annotated[bool, Field(description="Only those whose due date has passed.")] = False,
        owner: Annotated[str | None, Field(max_length=200, description="Only those of this owner.")] = None,
        service: Annotated[str | None, Field(max_length=200, description="Only those of this service.")] = None,
        limit: Limit = 10,
    ) -> dict[str, Any]:
        """List open action items of incidents, those due first at the top. Writes nothing."""
        tracker = self.memory.actions
        selection = ActionSelection("open", overdue, owner, service)
        listed = [results.action_item(action, tracker.today()) for action in tracker.page(selection, limit).items]
        return results.tool_result({"action_items": listed, "of": tracker.count(selection)})

    def trust(self) -> dict[str, Any]:
        """Say how far this memory's answers are to be trusted, as measured, with n and intervals. Writes nothing."""
        return results.tool_result(TrustOut.model_validate(self.memory.trust.summary()).to_json())

    def assess_risk(
        self,
        command: Annotated[
            str,
            Field(min_length=1, max_length=LONGEST_COMMAND, description="A command line, or a step in words."),
        ],
        kind: Annotated[Kind, Field(description="`command` or `words`; `auto` detects which.")] = "auto",
    ) -> dict[str, Any]:
        """Say whether a command or a step is read_only, reversible, disruptive or destructive, and why.

        What is not understood to the end is disruptive at least. Runs nothing and writes nothing.
        """
        assessed = assess_risk(command, kind)
        return results.tool_result({"risk": assessed.risk, "reason": assessed.reason})

    def report_outcome(
        self,
        context: Context,
        recommendation: Annotated[str, Field(max_length=200, description="The id that get_incident shows.")],
        verdict: OutcomeVerdict,
        steps: Annotated[list[StepVerdictIn] | None, Field(max_length=200)] = None,
        note: Long = None,
    ) -> dict[str, Any]:
        """Say whether an incident's recommendation helped, and what came of its steps. It counts from now on.

        Only report what a person has told you or what you have seen to work.
        """
        step_verdicts = tuple(StepVerdict(step.n, step.outcome) for step in steps or ())
        by = self._caller(context).attribution()
        self.memory.rate(RecommendationOutcome(recommendation, verdict, self.memory.now(), step_verdicts, note, by))
        return results.tool_result(
            {"recommendation": recommendation, "verdict": verdict, "by": by, "steps": len(step_verdicts)}
        )

    def resolve_incident(  # noqa: PLR0917 - an argument of a tool is a parameter
        self,
        context: Context,
        incident: Id,
        root_cause: Annotated[str, Field(min_length=1, max_length=50_000, description="What was wrong.")],
        steps: Annotated[list[StepIn] | None, Field(max_length=200, description="What was done, in order.")] = None,
        cause: Annotated[
            str | None, Field(max_length=200, description="A short label that incidents with the same cause share.")
        ] = None,
        summary: Long = None,
        recurrence_of: Annotated[str | None, Field(max_length=200, description="The earlier incident.")] = None,
    ) -> dict[str, Any]:
        """Close an incident with what fixed it. It is learned from, so say only what a person has confirmed.

        The same again changes nothing; another resolution is a new version, and the earlier one is kept.
        """
        steps_done = tuple(step.to_domain() for step in steps or ())
        by = self._caller(context).attribution()
        resolution = Resolution(root_cause, self.memory.now(), cause, steps_done, summary, by=by)
        resolved = self.memory.resolve(incident, resolution, recurrence_of)
        links = [{"kind": link.kind, "incident": link.incident} for link in resolved.links]
        return results.tool_result({"id": resolved.id, "status": resolved.status, "links": links})

    def _recall(
        self, kind: EvidenceKind, text: str, service: str | None, limit: int, as_of: When | None = None
    ) -> list[dict[str, Any]]:
        query = make_situation(text, service, only=Filter(kind=kind), as_of=as_of)
        return results.evidence(self.memory.recall(query, limit))

    def _caller(self, context: Context) -> Principal:
        """Whose request it is: the guard said so where it came by HTTP."""
        request = context.request_context.request
        caller: Principal = self.local if request is None else request.state.caller
        return caller


Tool = Callable[..., dict[str, Any]]


def _with_plain_errors(tool: Tool) -> Tool:
    """Wrap a tool so that its errors are sentences that name the field and the fix."""

    @functools.wraps(tool)
    def wrapped(*args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return tool(*args, **kwargs)
        except OnRecallError as error:
            raise ToolError(_error_message(error)) from error
        except Exception as error:  # the boundary of this door: what went wrong stays in our log
            number = secrets.token_hex(8)
            log.exception("error %s in the tool %s", number, tool.__name__)
            raise ToolError(f"an internal error occurred; the server's log has the details under {number}") from error

    wrapped.__signature__ = inspect.signature(tool)  # type: ignore[attr-defined]
    return wrapped


def _error_message(error: OnRecallError) -> str:
    field = f" ({error.field})" if isinstance(error, Invalid) and error.field else ""
    hint = "; recall_incidents finds incidents, search_runbooks documents" if isinstance(error, NotFound) else ""
    again = f"; try again in {error.retry_after:g} s" if error.retry and hasattr(error, "retry_after") else ""
    return f"{error.title}{field}: {error}{hint}{again}"
