"""`onrecall bench capacity`: measure what each thing costs at several sizes, and fit a model of it."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from onrecall.cli import console
from onrecall.cli.terminal import err
from onrecall.domain.errors import Invalid

if TYPE_CHECKING:
    from onrecall.benchmarks.capacity import CapacityMeasurement
    from onrecall.benchmarks.capacity_model import Prices

MIN_SIZES, MIN_PASSAGES = 4, 1_000


Stores = Annotated[str, typer.Option(help="Stores to measure: local, postgres, opensearch; none: fit again.")]
Sizes = Annotated[
    str, typer.Option(help="Numbers of passages; the largest is left out of the fit, which is checked there.")
]
Node = Annotated[str | None, typer.Option(help="Base URL of an OpenSearch node that is used for nothing else.")]
DataFile = Annotated[
    Path | None, typer.Option("--data", help="JSON file of all measurements; a store's earlier ones are replaced.")
]
Page = Annotated[Path | None, typer.Option("--markdown", help="Write the tables into this page.")]
MonthlyPrices = Annotated[str, typer.Option(help="Dollars a month: of a processor, a GiB of memory, a GiB of disk.")]
Keep = Annotated[Path | None, typer.Option(help="Fill the stores in this folder, and leave them there.")]


def capacity(
    stores: Stores = "local",
    sizes: Sizes = "10000,30000,60000,100000",
    opensearch: Node = None,
    data: DataFile = None,
    page: Page = None,
    prices: MonthlyPrices = "25,3,0.1",
    keep: Keep = None,
) -> None:
    """Measure bytes and processor time of passages, alerts, incidents and questions, and fit how they grow."""
    measured = read_measurements(data)
    chosen, wanted = _stores(stores, opensearch), _sizes(sizes)
    with nullcontext(str(keep)) if keep else tempfile.TemporaryDirectory(prefix="onrecall-capacity-") as folder:
        for store in chosen:
            measured[store] = _measure(store, wanted, Path(folder), opensearch)
            _write(data, measured)
    tables = _tables(measured, prices)
    if page:
        _write_page(page, tables)
    console.print_line(tables)


def _write_page(page: Path, tables: str) -> None:
    from onrecall.benchmarks import capacity_page  # noqa: PLC0415 - other commands need not pay

    text = page.read_text("utf-8") if page.exists() else ""
    page.write_text(capacity_page.replace_tables(text, tables), "utf-8")


def _tables(measured: "Mapping[str, Sequence[CapacityMeasurement]]", prices: str) -> str:
    from onrecall.benchmarks import capacity_model, capacity_page  # noqa: PLC0415 - likewise

    models = {
        store: capacity_model.model_of(store, measurements)  # type: ignore[arg-type]
        for store, measurements in measured.items()
        if len(measurements) >= MIN_SIZES
    }
    return capacity_page.tables_of(measured, models, _prices(prices))


def read_measurements(data: Path | None) -> "dict[str, Sequence[CapacityMeasurement]]":
    """Read the measurements of earlier runs by store. Raises Invalid."""
    from onrecall.benchmarks.capacity import CapacityMeasurement  # noqa: PLC0415 - likewise

    if data is None or not data.exists():
        return {}
    try:
        return {
            store: [_from_json(CapacityMeasurement, each) for each in measurements]
            for store, measurements in json.loads(data.read_text("utf-8")).items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid(f"{data} holds no measurements of this command ({error}); name another file", "data") from error


def _from_json(kind: "type[CapacityMeasurement]", row: Mapping[str, Any]) -> "CapacityMeasurement":
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return kind(**values)


def _measure(store: str, sizes: Sequence[int], folder: Path, opensearch: str | None) -> "list[CapacityMeasurement]":
    from onrecall.benchmarks.capacity import CapacityPlan, measure  # noqa: PLC0415 - likewise

    folder.mkdir(parents=True, exist_ok=True)
    return list(measure(store, sizes, folder, opensearch, CapacityPlan(), lambda stage: err.print(f"{stage} …")))  # type: ignore[arg-type]


def _write(data: Path | None, measured: "Mapping[str, Sequence[CapacityMeasurement]]") -> None:
    if data:
        rows = {store: [asdict(each) for each in measurements] for store, measurements in measured.items()}
        data.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def _stores(names: str, opensearch: str | None) -> list[str]:
    from onrecall.benchmarks.capacity_stores import StoreKind  # noqa: PLC0415 - likewise

    chosen = [name for name in names.split(",") if name and name != "none"]
    if unknown := sorted(set(chosen) - set(get_args(StoreKind))):
        raise Invalid(f"{unknown[0]!r} is no kind of store; choose from {', '.join(get_args(StoreKind))}", "stores")
    if "opensearch" in chosen and not opensearch:
        raise Invalid("give --opensearch the address of a node", "opensearch")
    return chosen


def _sizes(text: str) -> list[int]:
    try:
        sizes = sorted({int(number) for number in text.split(",")})
    except ValueError as error:
        raise Invalid(f"{text!r} are no numbers; write them as 10000,30000,60000,100000", "sizes") from error
    if len(sizes) < MIN_SIZES or sizes[0] < MIN_PASSAGES:
        raise Invalid(
            f"give at least {MIN_SIZES} sizes of {MIN_PASSAGES:,} passages or more: three to fit, and one to check",
            "sizes",
        )
    return sizes


def _prices(text: str) -> "Prices":
    from onrecall.benchmarks.capacity_model import Prices  # noqa: PLC0415 - likewise

    try:
        core, memory, disk = map(float, text.split(","))
    except ValueError as error:
        raise Invalid(f"{text!r} are not three numbers; write them as 25,3,0.1", "prices") from error
    return Prices(core, memory, disk)
