"""Benchmarks from the command line."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from onrecall.bench import recall as quality
from onrecall.doors import printing
from onrecall.doors.wiring import embedder, settings


def recall(folder: Path, corpus: Path | None) -> dict[str, Any]:
    """Recall quality on one task, with the sentence model in use."""
    with printing.stages() as say:
        return asdict(quality.run(folder, embedder(settings()), corpus, say))
