"""`onrecall doctor`: checks every part and shows the effective settings."""

from collections.abc import Sequence

import typer

from onrecall.bootstrap.app import open_app, settings
from onrecall.bootstrap.config_check import check_config
from onrecall.bootstrap.identity import provider_checks
from onrecall.bootstrap.kafka import kafka_checks
from onrecall.bootstrap.sources import trust_warnings
from onrecall.bootstrap.status import StatusReport, report_unopened_store
from onrecall.cli.arguments import Json
from onrecall.cli.doctor_report import diagnosis_of, print_diagnosis
from onrecall.cli.output import print_result
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.settings import Settings


def doctor(as_json: Json = False) -> None:
    """Check every part, and list failures first, then warnings, then healthy parts. Shows non-default settings."""
    chosen = settings()
    report, problems = _examine(chosen)
    config = check_config()
    warnings = [*trust_warnings(chosen), *(f"{finding.variable}: {finding.message}" for finding in config.findings)]
    result = report.model_dump(mode="json") | {
        "settings": chosen.effective_values(),
        "problems": problems,
        "warnings": warnings,
    }
    groups = diagnosis_of(report, problems, warnings)
    result["groups"] = groups.as_json()
    print_result(result, as_json, lambda: print_diagnosis(groups, config.settings))
    if not report.ready or problems:
        raise typer.Exit(1)


def _examine(chosen: Settings) -> tuple[StatusReport, Sequence[str]]:
    """Return the state of every part and what is wrong in the store; one that can't be opened counts as down."""
    try:
        with open_app(chosen) as context:
            report = context.status(more=[*kafka_checks(chosen), *provider_checks(chosen)])
            try:
                return report, context.memory.store.health.check()
            except Unavailable as error:
                return report, (str(error),)
    except Unavailable as error:
        return report_unopened_store(error), ()
    except Invalid as error:
        if error.field != "database_url":
            raise
        return report_unopened_store(error), ()
