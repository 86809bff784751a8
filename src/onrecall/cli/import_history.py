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
from onrecall.cli import console
from onrecall.domain.errors import Invalid
from onrecall.domain.validation_messages import describe_error
from onrecall.export import archive
from onrecall.pipeline import IncidentService
from onrecall.pipeline.extraction import NO_MODEL
from onrecall.pipeline.import_history import ImportReport
from onrecall.schemas.imports import ImportOut
from onrecall.schemas.incidents import ResolutionIn


@dataclass(frozen=True, slots=True)
class ImportLocation:
    """Where to import from, and how to read it."""

    paths: tuple[Path, ...] = ()
    example: bool = False
    form: str | None = None
    mapping: Path | None = None
    timezone: str | None = None
    undated: datetime | None = None
    """Start of undated incidents; without it they are left out."""
    encoding: str | None = None
    """Encoding of the files; detected by default."""


def import_paths(memory: IncidentService, source: ImportLocation, *, dry_run: bool = False) -> ImportReport:
    """Import everything named, with a progress bar on a terminal."""
    paths = [*source.paths, *((examples.incidents_folder(), examples.documents_folder()) if source.example else ())]
    if not paths:
        raise Invalid("name a file or a folder to import, or give --example", "paths")
    for path in paths:
        if not history.is_collection(path) and not path.exists():
            raise Invalid(f"{path} is not there; check the path", "paths")
    total = ImportReport()
    exports = [path for path in paths if archive.is_export(path)]
    for path in exports:
        total.add_all(archive.read(memory.store, path, dry_run=dry_run, personal=memory.personal))
    files = [path for path in paths if path not in exports]
    if files:
        expected = sum(history.estimate_record_count(path) or 0 for path in files) or None
        with console.progress_bar("importing", expected) as advance:
            total.add_all(memory.import_history(_read_paths(files, source), advance, dry_run=dry_run))
    return total


def extract_resolutions(memory: IncidentService, brought: ImportReport, *, dry_run: bool) -> str:
    """Let the models read the imported postmortems without a cause or steps; return what came of it in one line."""
    if not memory.extraction.active:
        return NO_MODEL
    if dry_run:
        return "--extract reads what is stored, so a dry run extracts nothing"
    return memory.extraction.extract(brought.postmortems).summary


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping file that was suggested for a file of records."""

    path: Path
    """Its path, beside the file of records."""
    written: bool
    """Whether it was written now; an existing file is left as it is."""
    suggestion: history.MappingSuggestion


def suggest_mapping(source: ImportLocation) -> MappingFile:
    """Write a mapping file beside the one file of records that is named."""
    if len(source.paths) != 1:
        raise Invalid("name one file to suggest a mapping for", "paths")
    (file,) = source.paths
    wishes = history.build_options(source.form, None, source.timezone, source.undated, source.encoding)
    suggestion = history.suggest_mapping(file, wishes)
    path = file.with_name(f"{file.name}.mapping.yaml")
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(suggestion.text)
    except FileExistsError:
        return MappingFile(path, written=False, suggestion=suggestion)
    except OSError as error:
        raise Invalid(f"{path} can't be written: {error.strerror}", "paths") from error
    return MappingFile(path, written=True, suggestion=suggestion)


def report_to_json(brought: ImportReport) -> dict[str, Any]:
    """Return the report as JSON-ready data."""
    return ImportOut.model_validate(brought, from_attributes=True).to_json()


def mapping_as_json(file: MappingFile) -> dict[str, Any]:
    """Return the suggested mapping as JSON-ready data."""
    suggestion = file.suggestion
    return {
        "path": str(file.path),
        "written": file.written,
        "fields": dict(suggestion.fields),
        "guessed": sorted(suggestion.guessed),
        "text": suggestion.text,
    }


def read_resolution(file: Path) -> ResolutionIn:
    """Read a resolution from a JSON file."""
    try:
        return ResolutionIn.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise Invalid(f"{file} can't be read: {error.strerror}", "file") from error
    except json.JSONDecodeError as error:
        raise Invalid(f"{file}, line {error.lineno}: not JSON: {error.msg}", "file") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{file}: {where}: {describe_error(first)}", where) from error


def _read_paths(paths: list[Path], source: ImportLocation) -> Iterator[Any]:
    return itertools.chain.from_iterable(
        history.read(path, source.form, source.mapping, source.timezone, source.undated, source.encoding)
        for path in paths
    )
