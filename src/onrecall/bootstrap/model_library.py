"""The sentence models of a data folder: what is installed, what is in use, and what each is worth here."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onrecall.benchmarks.model_measure import bundled_tasks, fit_scale, measure_gain, measure_speed
from onrecall.bootstrap.model_choice import current_name, library_folder, write_current
from onrecall.bootstrap.model_downloads import Registries, fetch_model
from onrecall.bootstrap.recall import open_endpoint
from onrecall.domain.errors import Conflict, Invalid, NotFound, OnRecallError, Unavailable
from onrecall.retrieval.embedding_cache import CachedEmbedder
from onrecall.retrieval.embeddings import PACKAGED_MODEL, Embedder, LocalEmbedder, load_embedder
from onrecall.retrieval.model_catalog import KnownModel, find_known
from onrecall.retrieval.model_folder import MANIFEST, ModelFolder, read_model_folder
from onrecall.settings import Settings

Progress = Callable[[str, int, int], None]
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model of the data folder, or the shipped one."""

    name: str
    is_current: bool
    licence: str | None
    megabytes: float
    dimensions: int | None
    source: str | None
    folder: Path | None
    measured: Mapping[str, Any] | None
    """Speed and gain on this machine, as they were when it was measured."""
    error: str | None = None
    """Why it can't be used."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model is to be used, where its own files do not say it."""

    name: str | None = None
    licence: str | None = None
    pooling: str | None = None
    max_tokens: int | None = None
    question_prefix: str | None = None
    passage_prefix: str | None = None

    def manifest(self, known: KnownModel | None) -> dict[str, Any]:
        """Return what is written beside the model; what is given here goes before what is known of it."""
        from_catalog = {key: getattr(known, key) for key in asdict(self)} if known else {}
        given_values = {key: value for key, value in asdict(self).items() if value is not None}
        return {key: value for key, value in (from_catalog | given_values).items() if value not in (None, "")}


def installed_models(chosen: Settings) -> list[InstalledModel]:
    """Return the shipped model, where there is one, then those of the data folder by name."""
    current = current_name(chosen.data_dir)
    folder = library_folder(chosen.data_dir)
    folders = folder.iterdir() if folder.is_dir() else ()
    names = sorted(path.name for path in folders if path.is_dir() and not path.name.startswith("."))
    return [*_shipped(current), *(_installed(folder / name, is_current=name == current) for name in names)]


def install_model(
    chosen: Settings, source: str, options: ModelOptions, registries: Registries, progress: Progress
) -> InstalledModel:
    """Install a model into the data folder; what is there already is replaced in one move.

    Raises:
        Invalid: there is no model in the source, or it can't be run here.
        NotFound, Unavailable: it can't be downloaded.
        Conflict: a model of this name is in use.
    """
    known = find_known(source)
    library = library_folder(chosen.data_dir)
    with _staging_folder(library) as staging:
        used = _fetch_first(known.sources if known else (source,), staging, registries, progress)
        manifest = _published_manifest(staging) | options.manifest(known) | {"source": used}
        manifest["name"] = _check_name(manifest.get("name") or _default_name(staging, source))
        if manifest["name"] == current_name(chosen.data_dir):
            raise Conflict(
                f"{manifest['name']} is in use; give the new one another --name, then `onrecall models use` it"
            )
        _write_manifest(staging, manifest)
        _write_manifest(staging, manifest | {"dimensions": _check_runs(staging)})
        target = library / manifest["name"]
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)
    return _installed(target, is_current=False)


def measure_model(chosen: Settings, name: str, progress: Progress) -> Mapping[str, Any]:
    """Measure an installed model on this machine, keep the figures beside it and return them."""
    folder = _find_installed(chosen, name)
    shipped = load_embedder()
    model = _require_embedder(folder)
    asking = model.for_questions()
    measured: dict[str, Any] = {"speed": asdict(measure_speed(model, asking)), "gain": None}
    if shipped is not None:
        cached, reference = _cached(model, chosen), _cached(shipped, chosen)
        manifest = dict(read_model_folder(folder).manifest)
        scale = fit_scale(cached, reference)
        manifest |= {"cosine_floor": scale.floor, "cosine_gain": scale.gain}
        _write_manifest(folder, manifest)
        form = read_model_folder(folder).form
        model.form = asking.form = form
        gain = measure_gain((cached, asking), (reference, shipped.for_questions()), bundled_tasks(), progress)
        measured["gain"] = asdict(gain)
        measured["shipped_speed"] = asdict(measure_speed(shipped, shipped.for_questions()))
    _write_manifest(folder, dict(read_model_folder(folder).manifest) | {"measured": measured})
    return measured


def measure_endpoint(chosen: Settings, url: str) -> Mapping[str, Any]:
    """Measure the configured endpoint: its speed from here, and the scale of its cosines beside the shipped model's.

    Raises NotFound where no model is shipped to compare it with.
    """
    shipped = load_embedder()
    if shipped is None:
        raise NotFound("the shipped model is not installed; install the package onrecall-model")
    endpoint = open_endpoint(url, chosen)
    scale = fit_scale(_cached(endpoint, chosen), _cached(shipped, chosen))
    return {"speed": asdict(measure_speed(endpoint, endpoint)), "scale": asdict(scale)}


def use_model(chosen: Settings, name: str) -> str:
    """Use an installed model from the next start on, or the shipped one; returns the name its vectors bear.

    Raises:
        NotFound: it is not installed.
        Invalid: it can't be run.
    """
    if name == PACKAGED_MODEL:
        if load_embedder() is None:
            raise NotFound("the shipped model is not installed; install the package onrecall-model")
        write_current(chosen.data_dir, None)
        return PACKAGED_MODEL
    model = _require_embedder(_find_installed(chosen, name))
    write_current(chosen.data_dir, name)
    return model.name


def _find_installed(chosen: Settings, name: str) -> Path:
    folder = library_folder(chosen.data_dir) / _check_name(name)
    if not folder.is_dir():
        hint = f"; install it with `onrecall models install {name}`" if find_known(name) else ""
        raise NotFound(f"no model {name} is installed{hint}; `onrecall models list` shows what is")
    return folder


def _require_embedder(folder: Path) -> LocalEmbedder:
    model = load_embedder(folder)
    if model is None:
        raise NotFound(f"{folder} holds no model")
    return model


def _fetch_first(sources: Sequence[str], into: Path, registries: Registries, progress: Progress) -> str:
    """Fetch from the first source that has it, and return which; raises what the last one raised."""
    failure: OnRecallError | None = None
    for source in sources:
        try:
            fetch_model(source, into, registries, progress)
        except (NotFound, Unavailable) as error:
            failure = error
        else:
            return source
    raise failure or Unavailable("no source is known")


def _published_manifest(folder: Path) -> dict[str, Any]:
    """Return what came with the model on how it is to be used; figures of another machine are left out."""
    return {key: value for key, value in read_model_folder(folder).manifest.items() if key != "measured"}


def _check_runs(folder: Path) -> int:
    """Return the length of the model's vectors; Invalid unless a text gives one of unit length."""
    vectors = _require_embedder(folder).embed(["disk full"])
    if vectors.shape[0] != 1 or not (abs(float((vectors**2).sum()) - 1) < 0.01):
        raise Invalid(f"{folder.name} gives no unit vector for a text, so it is no sentence encoder", "source")
    return int(vectors.shape[1])


def _check_name(name: str) -> str:
    plain = name.strip()
    if not plain or plain.startswith(".") or not all(letter.isalnum() or letter in "-_." for letter in plain):
        raise Invalid(f"{name!r} is no name of a model; use letters, digits, dots and dashes", "name")
    if plain == PACKAGED_MODEL:
        raise Invalid(f"{PACKAGED_MODEL} is the shipped model; give yours another name with --name", "name")
    return plain


def _default_name(folder: Path, source: str) -> str:
    model = read_model_folder(folder)
    if model.is_onnx and model.file.stem != "model":
        return model.file.stem
    return Path(source.rpartition("/")[2]).stem or source


def _shipped(current: str | None) -> Iterator[InstalledModel]:
    model = load_embedder()
    if model is not None:
        size = model.model.file.stat().st_size / MEGABYTE
        yield InstalledModel(
            PACKAGED_MODEL, current is None, "Apache-2.0", round(size, 1), model.dimensions, "shipped", None, None
        )


def _installed(folder: Path, *, is_current: bool) -> InstalledModel:
    try:
        described = read_model_folder(folder)
    except Invalid as error:
        return InstalledModel(folder.name, is_current, None, 0.0, None, None, folder, None, str(error))
    manifest = described.manifest
    return InstalledModel(
        folder.name,
        is_current,
        manifest.get("licence"),
        round(_size(described) / MEGABYTE, 1),
        manifest.get("dimensions"),
        manifest.get("source"),
        folder,
        manifest.get("measured"),
    )


def _size(model: ModelFolder) -> int:
    return sum(path.stat().st_size for path in model.folder.rglob("*") if path.is_file())


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    temporary = folder / f"{MANIFEST}.new"
    temporary.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(folder / MANIFEST)


def _cached(model: Embedder, chosen: Settings) -> CachedEmbedder:
    cache = chosen.data_dir / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    return CachedEmbedder(model, cache / "embeddings.db")


@contextmanager
def _staging_folder(library: Path) -> Iterator[Path]:
    """Yield an empty folder beside the models; what is left of it at the end is removed."""
    try:
        library.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".incoming-", dir=library))
    except OSError as error:
        raise Unavailable(f"the models folder {library} can't be written: {error.strerror}") from error
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
