"""What `doctor` prints: failures, then warnings, then what is fine, and last the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.bootstrap.config_check import SettingOrigin
from onrecall.bootstrap.status import ComponentStatus, StatusReport
from onrecall.cli import console as printing

COLOUR = {"ok": "green", "degraded": "yellow", "down": "bold red"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The parts in three groups, with what is wrong beside them, in sentences."""

    failed: tuple[ComponentStatus, ...]
    """Parts that do not work, or that keep OnRecall from being ready."""
    problems: tuple[str, ...]
    """What is wrong with what is stored."""
    degraded: tuple[ComponentStatus, ...]
    warnings: tuple[str, ...]
    fine: tuple[ComponentStatus, ...]

    def as_json(self) -> dict[str, list[str]]:
        """Return the groups as sentences."""
        return {
            "failures": [*map(_sentence, self.failed), *self.problems],
            "warnings": [*map(_sentence, self.degraded), *self.warnings],
            "fine": [*map(_sentence, self.fine)],
        }


def diagnosis_of(report: StatusReport, problems: Sequence[str], warnings: Sequence[str]) -> Diagnosis:
    """Sort all parts into failures, warnings and what is fine."""
    failed = tuple(part for part in report.parts if part.state == "down" or not part.ready)
    degraded = tuple(part for part in report.parts if part.state == "degraded" and part not in failed)
    fine = tuple(part for part in report.parts if part.state == "ok" and part not in failed)
    return Diagnosis(failed, tuple(problems), degraded, tuple(warnings), fine)


def print_diagnosis(diagnosis: Diagnosis, settings: Sequence[SettingOrigin]) -> None:
    """Print the groups that are not empty, what matters most first, and the settings that somebody chose."""
    _print_group("failures", diagnosis.failed, [f"problem: {problem}" for problem in diagnosis.problems])
    _print_group("warnings", diagnosis.degraded, [f"WARNING: {warning}" for warning in diagnosis.warnings])
    _print_group("fine", diagnosis.fine, [])
    printing.print_line(("settings", "bold"))
    print_settings(settings)


def print_settings(settings: Sequence[SettingOrigin], *, show_all: bool = False) -> None:
    """Print the settings that are not at their defaults, or all, each with where it comes from."""
    listed = [setting for setting in settings if show_all or setting.origin != "default"]
    widest = max((len(setting.variable) for setting in listed), default=0)
    for setting in listed:
        value = setting.value or "(not set)"
        printing.print_line((f"{setting.variable:<{widest}}  ", "dim"), value, (f"  {setting.origin}", "dim"), indent=2)
    if others := len(settings) - len(listed):
        hint = "onrecall config check --all lists them"
        printing.print_line((f"{others} {'others ' if listed else ''}are at their defaults; {hint}", "dim"), indent=2)


def _print_group(heading: str, parts: Sequence[ComponentStatus], sentences: Sequence[str]) -> None:
    if not (parts or sentences):
        return
    printing.print_line((heading, "bold"))
    for part in parts:
        printing.print_line((f"{part.state:<9}", COLOUR[part.state]), f"{part.name:<9}{part.detail}", indent=2)
    for sentence in sentences:
        printing.print_line(sentence, indent=2)
    printing.print_line()


def _sentence(part: ComponentStatus) -> str:
    return f"{part.name}: {part.detail}"
