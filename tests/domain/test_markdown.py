"""Blocks of a Markdown text keep their place, and a line number opens the line it names."""

import pytest

from onrecall.domain.markdown import (
    CodeBlock,
    Heading,
    ItemList,
    MarkdownTable,
    Paragraph,
    Quote,
    code_spans,
    parse,
    plain_text,
    sections,
    strip_emphasis,
)

PAGE = """\
---
title: not a heading
---
# Queue stuck

First look.

1. Count the messages

   ~~~~bash
   rabbitmqctl list_queues
   ~~~
   ~~~~

   - only the dead ones
2. Purge

| Queue | Owner |
|-------|-------|
| mail  | web   |

> [!WARNING]
> Ask first.

Older notes
-----------

    indented code
"""


def line_of(start):
    """The number of the line of the page that begins with this."""
    return next(n for n, line in enumerate(PAGE.splitlines(), start=1) if line.startswith(start))


def test_blocks_come_in_their_order_with_their_lines():
    blocks = parse(PAGE)
    kinds = [(type(block).__name__, block.line) for block in blocks]
    assert kinds == [
        ("Heading", line_of("# Queue")),
        ("Paragraph", line_of("First")),
        ("ItemList", line_of("1. ")),
        ("MarkdownTable", line_of("| Queue")),
        ("Quote", line_of("> [!")),
        ("Heading", line_of("Older")),
        ("CodeBlock", line_of("    indented")),
    ]


def test_a_list_holds_its_items_and_they_hold_their_blocks():
    items = next(block for block in parse(PAGE) if isinstance(block, ItemList))
    first, second = items.items
    assert items.ordered
    assert (first.line, second.line) == (line_of("1. "), line_of("2. "))
    assert [type(block) for block in first.blocks] == [Paragraph, CodeBlock, ItemList]
    assert first.blocks[1] == CodeBlock("rabbitmqctl list_queues\n~~~\n", line_of("   rabbit"), "bash", fenced=True)


def test_tables_have_a_header_and_rows():
    table = next(block for block in parse(PAGE) if isinstance(block, MarkdownTable))
    assert table.header.cells == ("Queue", "Owner")
    assert [(row.cells, row.line) for row in table.rows] == [(("mail", "web"), line_of("| mail"))]


def test_a_quote_holds_blocks():
    (quote,) = [block for block in parse(PAGE) if isinstance(block, Quote)]
    assert quote.blocks == (Paragraph("[!WARNING]\nAsk first.", line_of("> [!")),)


@pytest.mark.parametrize(
    ("info", "language"),
    [("bash", "bash"), (" Bash title=x", "bash"), ("{.sh}", "sh"), ("sql,linenos", "sql"), ("", ""), ("{code-block}", "code-block")],
)  # fmt: skip
def test_the_language_of_a_fence(info, language):
    (block,) = parse(f"```{info}\nx\n```\n")
    assert isinstance(block, CodeBlock)
    assert block.language == language


@pytest.mark.parametrize("line_break", ["\x0c", "\x0b", "\u2028", "\x85", "\r\n", "\r"])
def test_lines_are_counted_as_a_page_counts_them(line_break):
    text = f"one{line_break}two\n\n# Three\n"
    heading = parse(text)[-1]
    assert text.splitlines()[heading.line - 1] == "# Three"


def test_sections_know_the_headings_above_them():
    parsed_sections = sections(parse("intro\n# A\n## B\ntext\n### C\n## D\n"))
    assert [[heading.text for heading in section.path] for section in parsed_sections] == [
        [], ["A"], ["A", "B"], ["A", "B", "C"], ["A", "D"],
    ]  # fmt: skip
    assert parsed_sections[2].blocks == (Paragraph("text", 4),)


def test_a_section_of_a_page_without_headings_has_no_path():
    assert [section.path for section in sections(parse("text\n"))] == [()]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**Lemon \\#71** at 2026\\-02\\-10", "Lemon #71 at 2026-02-10"),
        ("Run `a \\- b` on <node>", "Run `a \\- b` on <node>"),
        ("see [graph](https://g.example/d/1) and [page](other.md)", "see graph (https://g.example/d/1) and page"),
        ("one<br>two\nthree", "one two\nthree"),
        ("snake_case_name &amp; *very*", "snake_case_name & very"),
    ],
)
def test_plain_text_has_no_markup_but_code(text, plain):
    assert plain_text(text) == plain


def test_code_spans_stand_between_backticks():
    assert code_spans("use `a b`, or ``c ` d``; not ``` e ```") == ("a b", "c ` d")


@pytest.mark.parametrize("text", ["", "\x00", "---\n", "---\n---\n", "```", "- ", "|", "#\n", ">" * 400 + "x"])
def test_odd_texts_are_read(text):
    parse(text)
    plain_text(text)


def test_an_empty_heading_is_a_heading():
    assert parse("##\n") == (Heading(2, "", 1),)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**Postmortem: Kiln went cold**", "Postmortem: Kiln went cold"),
        ("## Kiln went cold", "Kiln went cold"),
        ("**Lock** held by `**kwargs`, **twice**", "Lock held by `**kwargs`, twice"),
        ("# of errors above 5", "# of errors above 5"),
    ],
)
def test_a_title_has_no_bold_and_heading_marks(text, plain):
    assert strip_emphasis(text) == plain


@pytest.mark.parametrize("text", ["rm src/**/x/**", "2 ** 8 and 2 ** 9", "**/build/**", "**open", "__init__ failed"])
def test_stars_that_are_no_emphasis_stay(text):
    assert strip_emphasis(text) == text
