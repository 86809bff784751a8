"""The page: whole by itself, escaped, well-formed."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from calibration.histories import HashedEmbedder, history
from onrecall.backtest.chronology import History
from onrecall.backtest.report_html import render_html
from onrecall.backtest.report_json import estimates
from onrecall.backtest.report_text import MEANINGS, format_estimate
from onrecall.backtest.run import backtest, measure_flaws
from onrecall.calibration.metrics import NO_ESTIMATE, Estimate

EVIL = "<script>alert(1)</script>\"'&<svg onload=x>"
VOID = {"meta", "br"}


class Nested(HTMLParser):
    """Complains when tags are not closed in the order in which they were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def pages() -> list[str]:
    incidents = [
        replace(incident, service=EVIL if n % 2 else incident.service) for n, incident in enumerate(history(24, 4))
    ]
    incidents[5] = replace(incidents[5], resolution=replace(incidents[5].resolution, root_cause=""))
    full = History.of(incidents)
    report = backtest(full, HashedEmbedder())
    bare = backtest(History.of([replace(incident, resolution=None, status="open") for incident in incidents[:4]]), None)
    return [
        render_html(report, EVIL, tuple(measure_flaws(full, None, report))),
        render_html(bare, "nothing to measure"),
    ]


def test_it_is_well_formed_and_nothing_of_the_history_becomes_markup(pages: list[str]):
    for page in pages:
        parser = Nested()
        parser.feed(page)
        assert parser.open == []
        assert "script" not in parser.seen
        assert "$" not in page
    assert "&lt;script&gt;" in pages[0]


def test_it_needs_nothing_from_elsewhere(pages: list[str]):
    for page in pages:
        assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)


def test_every_picture_is_there_and_says_what_it_shows(pages: list[str]):
    pictures = re.findall(r"<svg .*?</svg>", pages[0])
    assert len(pictures) == 6
    for picture in pictures:
        assert len(ET.fromstring(picture).get("aria-label", "")) > 10
    assert pages[0].count("<figcaption>") == 6


def test_what_is_not_measured_is_said_at_the_top(pages: list[str]):
    assert "Not measured" in pages[1]
    assert "no cause label, no link, no judgement" in pages[1]
    assert "<svg" not in pages[1]


def test_every_figure_has_words(pages: list[str]):
    report = backtest(History.of(history(4, 2)), None)
    assert set(estimates(report)) == set(MEANINGS)
    assert all(title in pages[0] for title, _ in MEANINGS.values())


def test_a_figure_reads_with_its_interval():
    assert format_estimate(Estimate(0.912, 0.77, 0.969, 34)) == "91 % (77–97 %)"
    assert format_estimate(Estimate(0.5, 0.4, 0.6, 9), share=False) == "0.500 (0.400–0.600)"
    assert format_estimate(NO_ESTIMATE) == "not measured"
