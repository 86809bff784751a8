"""Import from the command line: files, folders, the example history, or an export."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from onrecall import examples
from onrecall import importers as history
from onrecall.cli import console as printing
from onrecall.domain.errors import Invalid
from onrecall.export import archive
from onrecall.pipeline import Memory
from onrecall.pipeline.import_history import Brought
from onrecall.schemas.incidents import ImportOut, ResolutionIn


@dataclass(frozen=True, slots=True)
class Source:
    """Where to import from, and how to read it."""

    paths: tuple[Path, ...] = ()
    example: bool = False
    form: str | None = None
    mapping: Path | None = None
    timezone: str | None = None
    undated: datetime | None = None
    """When incidents started that say nothing of it; without it they are left out."""


def run(memory: Memory, source: Source, *, dry_run: bool = False) -> Brought:
    """Import everything named, with a progress bar on a terminal."""
    paths = [*source.paths, *((examples.incidents_folder(), examples.documents_folder()) if source.example else ())]
    if not paths:
        raise Invalid("name a file or a folder to import, or give --example", "paths")
    for path in paths:
        if not history.is_collection(path) and not path.exists():
            raise Invalid(f"{path} is not there; check the path", "paths")
    total = Brought()
    exports = [path for path in paths if archive.is_export(path)]
    for path in exports:
        total.add_all(archive.read(memory.store, path, dry_run=dry_run, personal=memory.redacts_personal))
    others = [path for path in paths if path not in exports]
    if others:
        expected = sum(history.count_hint(path) or 0 for path in others) or None
        with printing.progress("importing", expected) as advance:
            total.add_all(memory.bring(_read(others, source), advance, dry_run=dry_run))
    return total


def as_json(brought: Brought) -> dict[str, Any]:
    """The report as the contract has it."""
    return ImportOut.model_validate(brought, from_attributes=True).plain()


def resolution(file: Path) -> ResolutionIn:
    """A resolution from a JSON file."""
    try:
        return ResolutionIn.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise Invalid(f"{file} can't be read: {error.strerror}", "file") from error
    except json.JSONDecodeError as error:
        raise Invalid(f"{file}, line {error.lineno}: not JSON: {error.msg}", "file") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{file}: {where}: {first['msg']}", where) from error


def _read(paths: list[Path], source: Source) -> Iterator[Any]:
    return itertools.chain.from_iterable(
        history.read(path, source.form, source.mapping, source.timezone, source.undated) for path in paths
    )
