"""What was done against a family: the same fix, and what was noted to end it for good."""

import pytest

from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.incident import ResolutionStep
from onrecall.recurrences.corrective_actions import find_corrective_actions, find_proven_fix, is_permanent

from .resolved_incidents import LEAK, START, incident


def key(step):
    return step.text.casefold()


class TestFix:
    def test_the_change_that_worked_most_often_with_where_it_last_did(self):
        looked, flush = ResolutionStep("Looked at the disk"), ResolutionStep("Flushed WAL", "wal flush")
        failed = ResolutionStep("Flushed WAL", "wal flush", "did_not_help")
        incidents = [incident(f"A{n}", n, "x", LEAK, steps=[looked, flush]) for n in range(3)]
        incidents += [incident("B", 5, "x", LEAK, steps=[looked, failed]), incident("C", 6, "x")]
        fix = find_proven_fix(incidents, key, lambda step: step.command is not None)
        assert (fix.text, fix.worked, fix.failed, fix.of) == ("Flushed WAL", 3, 1, 4)
        assert fix.citation.id == "A2"
        assert (
            page.numbered_lines(incidents[2])[fix.citation.line - 1].text
            == fix.citation.quote
            == "2. Flushed WAL `wal flush`"
        )

    def test_once_is_not_the_same_fix_and_a_models_word_is_none(self):
        once = [
            incident("A", steps=[ResolutionStep("Restarted")]),
            incident("B", 1, steps=[ResolutionStep("Rolled back")]),
        ]
        assert find_proven_fix(once, key, lambda _: True) is None
        model = [
            incident(name, n, "x", steps=[ResolutionStep("Restarted")], by_whom="model") for n, name in enumerate("AB")
        ]
        assert find_proven_fix(model, key, lambda _: True) is None

    def test_twice_in_one_incident_is_once(self):
        twice = [incident("A", steps=[ResolutionStep("Restarted"), ResolutionStep("Restarted")])]
        assert find_proven_fix(twice, key, lambda _: True) is None


REPORT = """# Report

- not an action, but a long-term thought

## Action items

### Technical

- [x] Alert on slots
- [ ] Limit the size of slots
1. Talk to the vendor

```
- [ ] not an item
```

## Thanks

- everybody
"""


class TestActions:
    def test_the_list_under_action_items_with_its_ticks_and_lines(self):
        actions = find_corrective_actions([], [Document("PM-1", "Report", REPORT, "postmortem", dated=START)])
        assert [(action.text, action.state) for action in actions] == [
            ("Talk to the vendor", "noted"),
            ("Limit the size of slots", "open"),
            ("Alert on slots", "done"),
        ]
        assert all(action.text in REPORT.splitlines()[action.citation.line - 1] for action in actions)

    def test_a_list_is_read_as_markdown_reads_it(self):
        report = """Follow-ups
----------

- Watch the age of the backup
  and page at 30 hours
  - [x] Ask the vendor

~~~
```
- not an item
~~~

> - [ ] Limit the queue
"""
        actions = find_corrective_actions([], [Document("PM-1", "Report", report, "postmortem", dated=START)])
        assert [(action.text, action.state, action.citation.line) for action in actions] == [
            ("Limit the queue", "open", 13),
            ("Ask the vendor", "done", 6),
            ("Watch the age of the backup", "noted", 4),
        ]

    def test_steps_that_worked_and_sentences_that_say_they_last_the_newest_first(self):
        steps = [
            ResolutionStep("Restarted the pods"),
            ResolutionStep("Added an alert on the age of the backup"),
            ResolutionStep("Added an alert on memory", outcome="did_not_help"),
        ]
        old = incident("A", 0, "x", LEAK, steps=steps)
        new = incident("B", 9, "x", LEAK, summary="Restarted it. The renewal is automated for good.")
        actions = find_corrective_actions([old, new], [])
        assert [(action.text, action.state, action.citation.id) for action in actions] == [
            ("The renewal is automated for good.", "noted", "B"),
            ("Added an alert on the age of the backup", "done", "A"),
        ]
        for action, source in zip(actions, [new, old], strict=True):
            assert action.citation.quote in page.numbered_lines(source)[action.citation.line - 1].text

    def test_where_none_is_written_there_is_none(self):
        assert (
            find_corrective_actions(
                [incident("A", 0, "x", LEAK, steps=[ResolutionStep("Restarted")], summary="It was restarted.")], []
            )
            == ()
        )
        assert (
            find_corrective_actions(
                [incident("A", 0, "x", LEAK, summary="Automated it for good.", by_whom="model")], []
            )
            == ()
        )

    @pytest.mark.parametrize(
        "text",
        [
            "Permanent fix: raise the limit",
            "Set a limit so that a leak cannot hold connections again",
            "Exported the dates, with alerts 30 days ahead",
            "Automated the renewal",
        ],
    )
    def test_words_that_say_it_lasts(self, text):
        assert is_permanent(text)

    @pytest.mark.parametrize(
        "text",
        [
            "Restarted it; there is no permanent fix yet",
            "A temporary limit so that it cannot grow again",
            "The rows were permanently deleted",
            "The alert fired again",
            "Scaled out until a long-term fix is there",
        ],
    )
    def test_words_that_do_not(self, text):
        assert not is_permanent(text)
