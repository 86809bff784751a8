"""The capacity model as tables of a page."""

from collections.abc import Mapping, Sequence

from onrecall.benchmarks.capacity import CapacityMeasurement
from onrecall.benchmarks.capacity_fit import Extrapolation
from onrecall.benchmarks.capacity_model import QUANTITIES, WORKLOADS, Check, MachineNeed, Prices, StoreModel, need_of

BEGIN, END = "<!-- capacity: begin -->", "<!-- capacity: end -->"
TITLES = {"local": "SQLite and local index", "postgres": "PostgreSQL", "opensearch": "OpenSearch beside SQLite"}
AHEAD = (1_000_000, 10_000_000, 100_000_000)


def replace_tables(page: str, tables: str) -> str:
    """Put new tables between the marks of a page; one without marks gets them at its end."""
    before, mark, rest = page.partition(BEGIN)
    if not mark:
        before = f"{page.rstrip()}\n\n"
    return f"{before}{BEGIN}\n{tables}\n{END}{rest.partition(END)[2] or chr(10)}"


def tables_of(
    measured: Mapping[str, Sequence[CapacityMeasurement]], models: Mapping[str, StoreModel], prices: Prices
) -> str:
    """Return all tables as Markdown."""
    parts = ["### Measured", "", *_measured_table(measured)]
    if few := [TITLES[store] for store in measured if store not in models]:
        parts += ["", f"Measured at too few sizes to be fitted: {', '.join(few)}."]
    for store, model in models.items():
        parts += ["", f"### Fitted: {TITLES[store]}", "", *_fit_table(model)]
    parts += ["", "### What a workload needs", "", *_need_table(models, prices)]
    return "\n".join(parts)


def _measured_table(measured: Mapping[str, Sequence[CapacityMeasurement]]) -> list[str]:
    header = [
        "store",
        "passages",
        *(f"{quantity.title}, {_unit(quantity.unit)}" for quantity in QUANTITIES.values()),
        "hit@10",
    ]
    lines = [_row(header), _row(["---", *["---:"] * (len(header) - 1)])]
    for store, sizes in measured.items():
        for each in sizes:
            values = [quantity.values(each) for quantity in QUANTITIES.values()]
            cells = [
                _amount(sum(series) / len(series), quantity.unit)
                for series, quantity in zip(values, QUANTITIES.values(), strict=True)
            ]
            lines.append(_row([TITLES[store], f"{each.passages:,}", *cells, f"{each.right:.3f}"]))
    return lines


def _fit_table(model: StoreModel) -> list[str]:
    headings = [f"{model.unseen:,}: predicted, measured", *(f"{size // 1_000_000} M" for size in AHEAD)]
    lines = [_row(["", "form", *headings]), _row(["---", "---", *["---:"] * len(headings)])]
    for name, fitted in model.fits.items():
        quantity = QUANTITIES[name]
        checked = _checked(model.checks[name], quantity.unit)
        ranges = [_range(fitted.at(size), quantity.unit) for size in AHEAD]
        lines.append(_row([f"{quantity.title}, {_unit(quantity.unit)}", fitted.best.form, checked, *ranges]))
    return lines


def _checked(check: Check, unit: str) -> str:
    return (
        f"{_amount(check.predicted.value, unit)}, {_amount(check.measured, unit)} ({round(check.error, 2) + 0.0:+.0%})"
    )


NEED_COLUMNS = (
    "workload",
    "passages",
    "alerts, incidents, questions a second",
    "store",
    "processors",
    "memory GiB",
    "disk GiB after a year",
    "shards × copies",
    "writer busy",
    "$ a month",
)


def _need_table(models: Mapping[str, StoreModel], prices: Prices) -> list[str]:
    lines = [_row(NEED_COLUMNS), _row(["---", "---:", "---", "---", *["---:"] * 6])]
    for load in WORKLOADS:
        for store, model in models.items():
            beside = models["local"] if store == "opensearch" and "local" in models else model
            need = need_of(model, beside, load, prices)
            rates = f"{load.alerts:g}, {load.incidents:g}, {load.questions:g}"
            lines.append(_row([load.name, f"{load.passages:,}", rates, TITLES[store], *_need_cells(need)]))
    assumed = (
        f"Assumed prices a month: ${prices.core:g} a processor, ${prices.memory_gib:g} a GiB of memory, "
        f"${prices.disk_gib:g} a GiB of disk."
    )
    return [*lines, "", assumed]


def _need_cells(need: MachineNeed) -> list[str]:
    busy = f"{need.writer_share:.0%}" + (" **too much**" if need.writer_share > 1 else "")
    return [
        f"{need.cores:,.1f}",
        f"{need.memory_gib:,.1f}",
        f"{need.disk_gib:,.0f}",
        f"{need.shards} × {need.copies}",
        busy,
        f"{need.dollars:,.0f}",
    ]


def _range(predicted: Extrapolation, unit: str) -> str:
    return f"{_amount(predicted.value, unit)} ({_amount(predicted.low, unit)}–{_amount(predicted.high, unit)})"


def _unit(unit: str) -> str:
    return "bytes" if unit == "bytes" else "ms"


def _amount(value: float, unit: str) -> str:
    if unit == "ms":
        return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
    for size, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{value / size:,.1f} {name}"
    return f"{value:.0f} B"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
