"""A runbook's lists and commands become instructions that know their line."""

import pytest
from recommendation_cases import NOW, ask, did, line_of, resolved_incident, runbook

from onrecall.domain.document import Document
from onrecall.domain.situation import Situation
from onrecall.recommendation.runbook import extract_instructions, names_alert

BOOK = """\
---
title: Web errors
---

# WebErrors

## Meaning

- Not a step, an explanation of what it means

## Diagnosis

1. Look at the pods.

   ```
   kubectl -n prod get pods -l app=web
   ```

2. Read the log with `kubectl -n prod logs deploy/web`
   and note the first error.

Then compare:

```sh
$ kubectl -n prod top pods
NAME  CPU
```

## Mitigation

### In the morning

* Set the flag.
  - it takes a minute
  - `kubectl -n prod set env deploy/web SLOW=on`

1. Restart it
   `systemctl restart web`
   Rollback: systemctl stop web

```yaml
replicas: 3
```

- See [the other page](other.md)
- TODO

## Rollback

```
kubectl -n prod set env deploy/web SLOW=off
```

## Escalation

1. Call somebody at night
"""


def test_lists_and_commands_under_the_headings_that_tell_to_act():
    instructions = [
        (instruction.text, instruction.command, instruction.line) for instruction in extract_instructions(BOOK)
    ]
    assert instructions == [
        ("Look at the pods.", "kubectl -n prod get pods -l app=web", 13),
        (
            "Read the log with `kubectl -n prod logs deploy/web` and note the first error.",
            "kubectl -n prod logs deploy/web",
            19,
        ),
        ("Then compare:", "kubectl -n prod top pods", 25),
        ("Set the flag. it takes a minute", None, 33),
        ("`kubectl -n prod set env deploy/web SLOW=on`", "kubectl -n prod set env deploy/web SLOW=on", 35),
        ("Restart it `systemctl restart web`", "systemctl restart web", 37),
    ]


def test_the_line_is_that_of_the_first_command():
    (instruction,) = extract_instructions("## Fix\n\n```sh\n# gently\n\nsystemctl reload web\n```\n")
    assert (instruction.command, instruction.line) == ("systemctl reload web", 6)


def test_the_way_back_is_found_in_the_item_and_in_its_own_section():
    undo = {instruction.command: instruction.rollback for instruction in extract_instructions(BOOK)}
    assert undo["systemctl restart web"] == "systemctl stop web"
    assert undo["kubectl -n prod set env deploy/web SLOW=on"] == "kubectl -n prod set env deploy/web SLOW=off"
    assert undo["kubectl -n prod top pods"] is None


def test_without_headings_to_act_only_numbered_lists_are_instructions():
    assert [
        instruction.text
        for instruction in extract_instructions("# Notes on web\n\n- a thought of mine\n\n1. Restart the web tier\n")
    ] == []
    instructions = extract_instructions(
        "Web is down\n\n- a thought of mine\n\n1. Restart the web tier\n2. Wait for it\n"
    )
    assert [instruction.text for instruction in instructions] == ["Restart the web tier", "Wait for it"]


@pytest.mark.parametrize("break_", ["\x0c", "\x0b", "\u2028", "\x85", "\r\n", "\r"])
def test_lines_are_counted_as_the_page_counts_them(break_):
    evidence = [
        runbook(
            "RB",
            0.8,
            f"one{break_}two\n\n## Fix{break_ if break_.startswith(chr(13)) else chr(10)}\n1. Restart the web tier\n",
        )
    ]
    (step,) = ask(evidence).steps
    assert line_of(evidence, step.citation) == "1. Restart the web tier"


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "---\n", "---\n---\n", "- ", "1.\n2.\n", "```", "## Fix\n```sh\n", "#\n## \n1. x", ">" * 400 + "1. x"],
)
def test_odd_texts_are_read_without_a_word(text):
    assert extract_instructions(text) == ()


def test_what_is_not_a_command_is_not_taken_for_one():
    text = "## Fix\n\n```promql\nup == 0\n```\n\n```\nERROR something happened at 12:00\n```\n\n```json\n{}\n```\n"
    assert extract_instructions(text) == ()


@pytest.mark.parametrize(
    ("title", "labels", "text", "expected"),
    [
        ("KubePodCrashLooping", {"alertname": "KubePodCrashLooping"}, "", True),
        ("Kube Pod Crash Looping", {"alertname": "KubePodCrashLooping"}, "", True),
        ("Kube Pod Crash Looping", {}, "[FIRING:1] KubePodCrashLooping prod", True),
        ("CPU Throttling High", {}, "CPUThrottlingHigh is firing", True),
        ("Kube Pod Crash Looping", {"alertname": "KubePodNotReady"}, "after KubePodCrashLooping", False),
        ("PostgreSQL", {}, "PostgreSQL is slow", False),
        ("", {"alertname": ""}, "", False),
    ],
)
def test_a_runbook_names_its_alert_exactly_or_not(title, labels, text, expected):
    assert names_alert(Document(id="x/y.md", title=title, text=""), Situation(text, labels=labels)) is expected


def test_a_runbook_of_the_leading_cause_adds_its_steps_with_their_lines():
    evidence = [
        resolved_incident(
            "A",
            0.8,
            cause="web-errors",
            root_cause="A bad release",
            steps=[did("Rolled back", "kubectl rollout undo deploy/web")],
        ),
        runbook("RB", 0.3, BOOK, labels={"cause": "web-errors"}, dated=NOW),
    ]
    steps = ask(evidence).steps
    assert [step.citation.id for step in steps] == ["A", *["RB"] * 6]
    assert [step.citation.line for step in steps[1:]] == [
        instruction.line for instruction in extract_instructions(BOOK)
    ]
    assert all(step.citation.quote in line_of(evidence, step.citation) for step in steps)


@pytest.mark.parametrize("labels", [{"cause": "disk-full"}, {}])
def test_a_runbook_of_another_cause_adds_nothing(labels):
    evidence = [
        resolved_incident("A", 0.8, cause="web-errors", root_cause="A bad release", steps=[did("Rolled back", None)]),
        runbook("RB", 0.79, BOOK, title="Disk full", labels=labels),
    ]
    assert {step.citation.id for step in ask(evidence).steps} == {"A"}


def test_a_runbook_without_a_label_fits_by_its_title():
    evidence = [
        resolved_incident("A", 0.8, cause="web-errors", root_cause="A bad release"),
        runbook("RB", 0.3, BOOK, title="What to do about errors of the web tier"),
    ]
    assert {step.citation.id for step in ask(evidence).steps} == {"RB"}


def test_an_old_runbook_step_that_nobody_reported_on_is_called_stale():
    evidence = [runbook("RB", 0.8, BOOK, dated=NOW.replace(year=2024))]
    assert ask(evidence).steps[0].stale == "written on 2024-06-01, 730 days ago, and not reported on since"


def test_what_the_runbook_advises_and_history_refutes_is_not_recommended():
    evidence = [
        resolved_incident(
            "A",
            0.8,
            cause="web-errors",
            root_cause="x",
            steps=[did("Restarted", "systemctl restart web", "did_not_help")],
        ),
        runbook("RB", 0.6, BOOK, labels={"cause": "web-errors"}),
    ]
    advice = ask(evidence)
    assert "systemctl restart web" not in {step.command for step in advice.steps}
    assert [tried.citation.id for tried in advice.tried_before] == ["A"]


def commands_of(text):
    return [(instruction.text, instruction.command) for instruction in extract_instructions(text)]


@pytest.mark.parametrize(
    "lead",
    [
        "The alert has several causes, among them:",
        "There may be several reasons.",
        "This usually happens because of one of these:",
        "It can mean:",
        "Known symptoms:",
    ],
)
@pytest.mark.parametrize("bullet", ["-", "*", "1."])
def test_a_list_of_reasons_holds_no_steps(lead, bullet):
    reasons = "\n".join(
        f"{bullet} {reason}" for reason in ("The disk is slow", "Network trouble", "Load balancer down")
    )
    text = f"## Mitigation\n\n{lead}\n\n{reasons}\n\nReload the proxy:\n\n```\nsystemctl reload envoy\n```\n"
    assert commands_of(text) == [("Reload the proxy:", "systemctl reload envoy")]


def test_reasons_may_name_their_remedy():
    text = (
        "## Fix\n\nPossible causes:\n\n- Too many files: `find /tmp -mtime +7 -delete`\n"
        "- A slow peer\n  1. Drain it\n  2. Tell its owner\n"
    )
    assert [instruction.text for instruction in extract_instructions(text)] == [
        "Too many files: `find /tmp -mtime +7 -delete`",
        "Drain it",
        "Tell its owner",
    ]


def test_a_section_of_reasons_holds_steps_only_where_they_are_commands():
    text = "## Mitigation\n### Possible reasons\n- Load is high\n- A bad node\n\nLook:\n\n```\nkubectl top nodes\n```\n"
    assert commands_of(text) == [("Look:", "kubectl top nodes")]


@pytest.mark.parametrize(
    ("item", "step"),
    [
        ("Restart the relay", True),
        ("**Restart** the relay", True),
        ("[ ] Restart the relay", True),
        ("If it hangs, restart the relay", True),
        ("You should also restart the relay.", True),
        ("Relay: restart it", True),
        ("Is the relay up?", True),
        ("The relay is down", False),
        ("Relay of the second zone", False),
        ("`max_relays = 7`", False),
        ("2 GB of memory for each relay", False),
    ],
)
def test_a_bullet_is_a_step_where_it_says_to_do_something(item, step):
    assert [instruction.line for instruction in extract_instructions(f"## Fix\n\n- {item}\n")] == [3] * step


@pytest.mark.parametrize("fence", ["```", "~~~", "`````"])
def test_a_fence_keeps_its_commands_whole(fence):
    command = "ROUTE=$(oc -n plum get route web\n--no-headers | awk '{print $2}')"
    assert commands_of(f"## Diagnosis\n\nGet the route:\n\n{fence}bash\n{command}\n{fence}\n") == [
        ("Get the route:", command)
    ]


def test_logs_output_and_settings_in_fences_are_no_steps():
    text = (
        "## Diagnosis\n\n```console\nE0101 03:04:05.000000 9 probe.go:7] plum probe failed\n```\n\n"
        "```console\nsh-4.4# cat /etc/resolv.conf\nnameserver 10.0.0.2\n```\n\n```\nretryDelay = 5 * time.Second\n```\n"
    )
    assert commands_of(text) == [("cat /etc/resolv.conf", "cat /etc/resolv.conf")]


def test_escapes_and_emphasis_are_not_shown():
    (instruction,) = extract_instructions("## Fix\n\n1. **Re\\-ran** the `plum \\- job`\n")
    assert instruction.text == "Re-ran the `plum \\- job`"


def test_a_runbook_keeps_its_order_whatever_its_risk():
    book = (
        "## Steps\n\n1. Name it: `export NS=$(kubectl get ns -o name)`\n2. Stop writers: `kubectl scale deploy/w --replicas=0`\n"
        "3. Empty it: `rm -rf /data/cache`\n4. Start writers: `kubectl scale deploy/w --replicas=4`\n5. `kubectl get pods`\n"
    )
    steps = ask([runbook("RB", 0.8, book)]).steps
    assert [step.citation.line for step in steps] == [3, 4, 5, 6, 7]
