"""Benchmarks from the command line."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from onrecall.benchmarks import plot as picture
from onrecall.benchmarks import recall as quality
from onrecall.benchmarks import report_markdown as markdown
from onrecall.benchmarks import speed as race
from onrecall.bootstrap.app import models, settings
from onrecall.cli import console
from onrecall.domain.errors import Invalid


def run_recall(folder: Path, corpus: Path | None) -> dict[str, Any]:
    """Recall quality on one task, with the sentence model in use."""
    model, asking = models(settings())
    with console.stage_progress() as advance:
        return asdict(quality.run(folder, model, corpus, advance, asking))


def run_speed(
    sizes: str, peers: str, plan: race.SpeedPlan, keep: Path | None, page: Path | None, drawn: Path | None
) -> dict[str, Any]:
    """Measure speed beside others, each in processes of its own; write tables to a page and a picture where given."""
    write_page = partial(markdown.write_report, page) if page else None
    with console.stage_progress() as advance:
        report = race.run(
            _parse_sizes(sizes), [name for name in peers.split(",") if name], plan, advance, keep, write_page
        )
    if drawn:
        picture.draw(report, drawn)
    return asdict(report)


def _parse_sizes(sizes: str) -> list[int]:
    try:
        return [int(size) for size in sizes.split(",")]
    except ValueError as error:
        raise Invalid(f"{sizes!r} are not sizes; give numbers such as 10000,100000", "sizes") from error
