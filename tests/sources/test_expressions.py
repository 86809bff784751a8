"""Expressions find what stands in a payload, and nothing that a payload holds can make them work for long."""

import jmespath.parser
import pytest

from growth import grows_at_most
from onrecall.domain.errors import Invalid
from onrecall.sources import SOURCES
from onrecall.sources.expressions import (
    LONGEST_EXPRESSION,
    LONGEST_PATTERN,
    LONGEST_SEARCHED,
    _nodes,
    compile_expression,
)

BODY = {
    "job": {"name": "etl/nightly", "tags": ["team:data", "tier=2", "urgent"], "rows": 3},
    "text": '{"inner": {"id": 9}}',
    "pairs": [{"name": "host", "value": "h7"}, {"key": "zone", "value": {"stringValue": "b"}}, "odd"],
    "blank": "  ",
}


def evaluate(expression, body=BODY):
    return compile_expression(expression)(body)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("job.name", "etl/nightly"),
        ("job.missing.deeper", None),
        ("job.name.deeper", None),
        ("job.tags[1]", "tier=2"),
        ("capture(job.name, '^([a-z]+)/')", "etl"),
        ("capture(job.name, 'night')", "night"),
        ("capture(job.rows, '([0-9])')", "3"),
        ("capture(job.missing, '(.)')", None),
        ("matches(job.name, 'NIGHTLY$')", True),
        ("matches(job, 'x')", False),
        ("from_json(text).inner.id", 9),
        ("from_json(job).name", "etl/nightly"),
        ("join_text(' on ', [job.name, job.missing, blank])", "etl/nightly"),
        ("pairs(pairs)", {"host": "h7", "zone": "b"}),
        ("pairs(text)", {}),
        ("tags(job.tags)", {"team": "data", "tier": "2", "tags": "urgent"}),
        ("tags('a:1, b=2')", {"a": "1", "b": "2"}),
        ("words('one  two')", ["one", "two"]),
        ("lower(job.name)", "etl/nightly"),
        ("plain_text(job.rows)", "3"),
        ("job.rows >= `2` && 'many'", "many"),
        ("length(job.rows)", None),
        ("abs(job.name)", None),
    ],
)
def test_what_stands_there(expression, found):
    assert evaluate(expression) == found


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("job..name", "not JMESPath"),
        ("job[", "not JMESPath"),
        ("system('rm -rf /')", "does not exist"),
        ("__import__('os')", "does not exist"),
        ("capture(a, b)", "written out"),
        ("matches(a, job.pattern)", "written out"),
        ("capture(a)", "written out"),
        ("capture(a, '(')", "not a regular expression"),
        (f"capture(a, '{'x' * (LONGEST_PATTERN + 1)}')", "longer"),
        ("a || " * LONGEST_EXPRESSION + "b", "longer"),
        ("!a.b", "negates"),
    ],
)
def test_an_expression_that_is_wrong_is_refused_with_the_reason(expression, why):
    with pytest.raises(Invalid, match=why):
        compile_expression(expression)


def test_deep_and_odd_data_say_nothing_and_raise_nothing():
    deep: object = "end"
    for _ in range(5_000):
        deep = {"job": deep}
    for odd in (None, [], "text", 5, {"job": [[]]}, {"job": {"name": {}}}, deep):
        for expression in ("job.name", "capture(job.name, '(a+)')", "tags(job)", "pairs(job)", "sort_by(job, &x)[0]"):
            assert evaluate(expression, odd) in (None, {}, [])


def _patterns():
    """Every pattern in the files that come with OnRecall."""
    seen = set()
    for name in SOURCES:
        definition = SOURCES.definition(name)
        read = definition.model_dump(include={"fields", "shapes"}) if definition else {}
        for expression in _patterned(read):
            for node in _nodes(jmespath.parser.Parser().parse(expression).parsed):
                if node["type"] == "function_expression" and node["value"] in ("capture", "matches"):
                    seen.add(node["children"][1]["value"])
    return sorted(seen)


def _patterned(value):
    match value:
        case str() if "capture(" in value or "matches(" in value:
            yield value
        case dict():
            for inner in value.values():
                yield from _patterned(inner)
        case list() | tuple():
            for inner in value:
                yield from _patterned(inner)


@pytest.mark.growth
def test_no_pattern_of_ours_can_be_kept_busy():
    patterns = _patterns()
    assert len(patterns) > 50
    pieces = [
        *"a 0-/:.,=()[]\"'",
        "ab ",
        "a.",
        "a:",
        "a-",
        "x=1,",
        "is is ",
        "on a ",
        "[a] ",
        "(a) ",
        "a\n",
        "http://a/",
    ]
    short, long = (
        [(piece * size)[: size - 1] + "\0" for piece in pieces] for size in (LONGEST_SEARCHED // 8, LONGEST_SEARCHED)
    )
    for pattern in patterns:
        search = compile_expression(f"capture(text, '{pattern.replace(chr(39), chr(92) + chr(39))}')")
        assert grows_at_most(
            25, lambda texts, search=search: [search({"text": text}) for text in texts], short, long
        ), pattern
