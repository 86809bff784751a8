"""Where a value stands in a command, and who judges what is inside of it."""

from dataclasses import dataclass
from typing import Protocol

from onrecall.recommendation.risk.assessment import Assessment
from onrecall.recommendation.risk.programs.argv import Invocation
from onrecall.recommendation.risk.shell.commands import Command, Input


class InnerJudge(Protocol):
    """Judges the commands and the shell texts that stand inside of a command."""

    def text(self, text: str, fed: Input = ...) -> Assessment: ...

    def command(self, command: Command) -> Assessment: ...


@dataclass(frozen=True, slots=True)
class InvocationContext:
    """The whole invocation, what is fed to it, and who judges what is inside."""

    invocation: Invocation
    fed: Input
    judge: InnerJudge
