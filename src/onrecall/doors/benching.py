"""Benchmarks from the command line."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from onrecall.bench import picture
from onrecall.bench import recall as quality
from onrecall.bench import speed as race
from onrecall.doors import printing
from onrecall.doors.wiring import models, settings
from onrecall.errors import Invalid


def recall(folder: Path, corpus: Path | None) -> dict[str, Any]:
    """Recall quality on one task, with the sentence model in use."""
    model, asking = models(settings())
    with printing.stages() as say:
        return asdict(quality.run(folder, model, corpus, say, asking))


def speed(sizes: str, peers: str, drawn: Path | None, keep: Path | None) -> dict[str, Any]:
    """Speed beside others, each in processes of its own; a picture, where one is wanted."""
    with printing.stages() as say:
        report = race.run(_numbers(sizes), [name for name in peers.split(",") if name], progress=say, keep=keep)
    if drawn:
        picture.draw(report, drawn)
    return asdict(report)


def _numbers(sizes: str) -> list[int]:
    try:
        return [int(size) for size in sizes.split(",")]
    except ValueError as error:
        raise Invalid(f"{sizes!r} are no sizes; give numbers such as 10000,100000", "sizes") from error
