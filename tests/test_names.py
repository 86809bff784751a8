"""The code speaks the field's language: one class per name, names that say what they hold, docstrings that are sentences.

Files and functions stay short: the exceptions are counted.
"""

import ast
import gc
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("names")  # one process parses all modules
SOURCE = Path(__file__).resolve().parents[1] / "src"
TESTS = Path(__file__).parent
PATHS = sorted(SOURCE.rglob("*.py"))
BANNED = frozenset(
    [
        "found",
        "said",
        "told",
        "its",
        "given",
        "there",
        "kept",
        "one",
        "ones",
        "thing",
        "things",
        "asked",
        "heard",
        "held",
        "whose",
        "mine",
        "alike",
        "standing",
        "gone",
    ]
)
"""Words that say nothing of what a variable holds."""
FIELDS = frozenset(
    [
        ("benchmarks/speed.py", "asked"),
        ("domain/recommendation.py", "asked"),
        ("http/keys.py", "given"),
        ("pipeline/recurrences.py", "found"),
        ("schemas/recurrences.py", "found"),
        ("storage/outbox.py", "told"),
    ]
)
"""Fields and parameters that are stored, sent or part of the API's description under these names."""
MAX_FILE_LINES = 400
LONG_FILES = {
    "importers/postmortem/resolution_steps.py": 437,
    "retrieval/retriever.py": 428,
}
"""The files that are longer, with the lines that they may have. Numbers only go down."""
MAX_LONG_FUNCTIONS = {20: 195, 30: 19}
"""How many functions may be longer than so many lines without their docstring. Numbers only go down."""
NOUNS_IN_ING = frozenset(
    [
        "batching",
        "body_decoding",
        "clustering",
        "encoding",
        "grouping",
        "instruction_wording",
        "manual_grouping",
        "mapping",
        "paging",
        "placeholder_filling",
        "reading",
        "reindex_staging",
        "routing",
        "scoring",
    ]
)
"""Modules may end so where the field itself does."""


Chosen = ast.Name | ast.arg | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
"""Where the code chooses a name."""


@cache
def parsed_modules() -> dict[Path, tuple[ast.Module, list[Chosen]]]:
    """The syntax tree of each module, and in it what chooses a name: one walk through all serves every test."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PATHS}
    gc.freeze()  # or else each collection would go through all of them
    return {path: (tree, [node for node in ast.walk(tree) if isinstance(node, Chosen)]) for path, tree in trees.items()}


def bound_names(nodes: list[Chosen]) -> Iterator[tuple[str, int]]:
    """Each name that the code chose, with its line: variables, parameters, functions and classes."""
    for node in nodes:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                yield node.id, node.lineno
        else:
            yield node.arg if isinstance(node, ast.arg) else node.name, node.lineno


def documented(tree: ast.Module, nodes: list[Chosen]) -> Iterator[tuple[str, str]]:
    """The names of a module and of what is public in it, with the first paragraph of their docstrings."""
    definitions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef))
    for node in (tree, *(node for node in definitions if not node.name.startswith("_"))):
        if text := ast.get_docstring(node):
            yield getattr(node, "name", "module"), text.split("\n\n")[0].strip()


def test_no_class_name_is_used_twice() -> None:
    modules_by_class = defaultdict(list)
    for path, (_, nodes) in parsed_modules().items():
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                modules_by_class[node.name].append(path.relative_to(SOURCE).as_posix())
    assert {name: modules for name, modules in modules_by_class.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("package", sorted({path.relative_to(SOURCE).parts[1] for path in PATHS}))
def test_names_say_what_they_hold(package: str) -> None:
    empty = [
        f"{path.relative_to(SOURCE)}:{line}: {name}"
        for path, (_, nodes) in parsed_modules().items()
        if path.relative_to(SOURCE).parts[1] == package
        for name, line in bound_names(nodes)
        if name.strip("_") in BANNED and (_in_package(path), name) not in FIELDS
    ]
    assert empty == []


def test_helpers_of_the_tests_say_what_they_do() -> None:
    definition = re.compile(r"^(?:@pytest.fixture[^\n]*\n)?(?:async )?(?:def|class) _*(\w+)", re.MULTILINE)
    empty = [
        f"{path.relative_to(TESTS)}: {name}"
        for path in sorted(TESTS.rglob("*.py"))
        for name in definition.findall(path.read_text(encoding="utf-8"))
        if name.strip("_").lower() in BANNED
    ]
    assert empty == []


def test_every_exception_is_needed() -> None:
    names_by_path = {
        _in_package(path): {name for name, _ in bound_names(nodes)} for path, (_, nodes) in parsed_modules().items()
    }
    assert {(path, name) for path, name in FIELDS if name not in names_by_path.get(path, ())} == set()


def _in_package(path: Path) -> str:
    return "/".join(path.relative_to(SOURCE).parts[1:])


def test_modules_are_nouns() -> None:
    names = {path.stem if path.name != "__init__.py" else path.parent.name for path in PATHS}
    assert {name for name in names if name.endswith("ing")} <= NOUNS_IN_ING


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines from `def` to the end, without the docstring."""
    lines = (node.end_lineno or 0) - node.lineno + 1
    docstring = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    return lines if docstring is None else lines - ((docstring.end_lineno or 0) - docstring.lineno + 1)


def test_files_stay_short() -> None:
    lines_by_path = {_in_package(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PATHS}
    too_long = {path: n for path, n in lines_by_path.items() if n > LONG_FILES.get(path, MAX_FILE_LINES)}
    assert too_long == {}, "split them along what a reader looks for"
    short_again = {path for path in LONG_FILES if lines_by_path.get(path, 0) <= MAX_FILE_LINES}
    assert short_again == set(), "take them out of LONG_FILES"


@pytest.mark.parametrize("limit", MAX_LONG_FUNCTIONS)
def test_functions_get_no_longer(limit: int) -> None:
    long_functions = sorted(
        (
            (_body_lines(node), f"{_in_package(path)}:{node.lineno} {node.name}")
            for path, (_, nodes) in parsed_modules().items()
            for node in nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _body_lines(node) > limit
        ),
        reverse=True,
    )
    assert len(long_functions) <= MAX_LONG_FUNCTIONS[limit], long_functions[:40]


def test_docstrings_are_sentences() -> None:
    fragments = [
        f"{path.relative_to(SOURCE)}: {name}: {paragraph}"
        for path, (tree, nodes) in parsed_modules().items()
        for name, paragraph in documented(tree, nodes)
        if not (
            paragraph[0].isupper() or paragraph[0] in "`'\"" or paragraph.startswith(("hit@", "nDCG", "incident.io"))
        )
        or paragraph[-1] not in ".:?)!`|"
    ]
    assert fragments == []


def test_packages_say_what_comes_in_and_what_goes_out() -> None:
    silent = []
    for path, (tree, _) in parsed_modules().items():
        if path.name == "__init__.py" and path.parent.name != "onrecall":
            text = (ast.get_docstring(tree) or "").split("\n\n")[0]
            if not (re.search(r"\bcomes? in\b", text) and re.search(r"\bgoe?s? out\b", text)):
                silent.append(path.relative_to(SOURCE).as_posix())
    assert silent == []


def test_the_journeys_in_the_architecture_name_functions_that_exist() -> None:
    text = (SOURCE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    journeys = text[text.index("## Five journeys") : text.index("## Where truth lives")]
    steps = [
        step for step in re.findall(r"`([a-z_]+/[a-z_/]+)\.([A-Z][A-Za-z_.]*|[a-z_]+)`", journeys) if step[1] != "py"
    ]
    assert len(steps) > 15
    missing = []
    for module, names in steps:
        source = (SOURCE / "onrecall" / f"{module}.py").read_text(encoding="utf-8")
        missing += [
            f"{module}.{name}"
            for name in names.split(".")
            if not re.search(rf"(?:def|class) {name}\b|^{name} =", source, re.MULTILINE)
        ]
    assert missing == []
