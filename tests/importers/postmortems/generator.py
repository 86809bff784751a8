"""Postmortems as people write them: every scenario in every template, with habits that differ from file to file."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from textwrap import fill
from typing import Any

from importers.postmortems.scenarios import SCENARIOS, Scenario

Fields = dict[str, Any]


@dataclass(frozen=True)
class Labelled:
    """A text and what a person would read out of it."""

    template: str
    name: str
    text: str
    expected: tuple[Fields, ...]
    """One for each incident; none for a runbook."""


@dataclass
class Habits:
    """How one author writes."""

    chance: random.Random
    headings: str = field(init=False)
    ordered: bool = field(init=False)
    fenced: bool = field(init=False)
    wrap: bool = field(init=False)
    actions: str = field(init=False)
    chronology: str = field(init=False)
    bullet: str = field(init=False)

    def __post_init__(self) -> None:
        pick = self.chance.choice
        self.headings = pick(("atx", "numbered", "emoji", "colon", "bold inside"))
        self.ordered = pick((True, False))
        self.fenced = pick((True, False, False))
        self.wrap = pick((True, False))
        self.actions = pick(("table", "list", "boxes", "dash"))
        self.chronology = pick(("list", "table", "headings", "bold list", "lines"))
        self.bullet = pick(("-", "*", "+"))


ICONS = {
    "Summary": "📝",
    "Impact": "💥",
    "Root cause": "🔍",
    "Trigger": "⚡",
    "Detection": "🚨",
    "Timeline": "🕐",
    "Resolution": "🔧",
    "Action items": "✅",
    "What did not help": "❌",
}


def heading(level: int, text: str, habits: Habits, number: int) -> str:
    marks = "#" * level
    match habits.headings:
        case "numbered":
            return f"{marks} {number}. {text}"
        case "emoji":
            return f"{marks} {ICONS.get(text, '📌')} {text}"
        case "colon":
            return f"{marks} {text}:"
        case "bold inside":
            return f"{marks} **{text}**"
        case _:
            return f"{marks} {text}"


def prose(text: str, habits: Habits) -> str:
    return fill(text, 72, break_on_hyphens=False) if habits.wrap else text


def step_list(steps: tuple[tuple[str, str | None], ...], habits: Habits, *, tail: str = "") -> str:
    rows = []
    for number, (text, command) in enumerate(steps, start=1):
        mark = f"{number}." if habits.ordered else habits.bullet
        if command and habits.fenced:
            pad = " " * (len(mark) + 1)
            rows.append(f"{mark} {text}{tail}:\n\n{pad}```bash\n{pad}{command}\n{pad}```\n")
        elif command:
            rows.append(f"{mark} {text}: `{command}`{tail}")
        else:
            rows.append(f"{mark} {text}{tail}")
    return "\n".join(rows)


def action_list(scenario: Scenario, habits: Habits) -> str:
    rows = []
    if habits.actions == "table":
        rows = ["| Action item | Owner | Status |", "|---|---|---|"]
        rows += [f"| {text} | {owner} | {state} |" for text, owner, state in scenario.actions]
    for text, owner, state in scenario.actions if habits.actions != "table" else ():
        if habits.actions == "boxes" and state in ("done", "open"):
            rows.append(f"- [{'x' if state == 'done' else ' '}] {text} (@{owner.replace(' ', '-')})")
        elif habits.actions == "dash":
            rows.append(f"{habits.bullet} {text} (owner: {owner}) - {state}")
        else:
            rows.append(f"{habits.bullet} {text}. Owner: {owner}, status: {state}")
    return "\n".join(rows)


def action_fields(scenario: Scenario, habits: Habits) -> list[Fields]:
    boxes = habits.actions == "boxes"
    return [
        {
            "text": text,
            "owner": owner.replace(" ", "-") if boxes and state in ("done", "open") else owner,
            "state": state,
        }
        for text, owner, state in scenario.actions
    ]


def chronology(scenario: Scenario, habits: Habits, zone: str = " UTC") -> str:
    match habits.chronology:
        case "table":
            rows = [f"| Time{' (UTC)' if zone else ''} | Event |", "|---|---|"]
            rows += [f"| {at} | {text} |" for at, text in scenario.timeline]
        case "headings":
            rows = [f"### {scenario.date} {at}{zone}\n\n{text}.\n" for at, text in scenario.timeline]
        case "bold list":
            rows = [f"- **{at}{zone}** – {text}" for at, text in scenario.timeline]
        case "lines":
            rows = [f"{at}{zone}: {text}  " for at, text in scenario.timeline]
        case _:
            rows = [f"{habits.bullet} {at}{zone} {text}" for at, text in scenario.timeline]
    return "\n".join(rows)


def moment(scenario: Scenario, clock: str) -> str:
    return f"{scenario.date}T{clock}:00+00:00"


def fields(scenario: Scenario, habits: Habits, *without: str, **other: Any) -> Fields:
    """Everything that a text holds; what a template leaves out is named."""
    values: Fields = {
        "title": scenario.title,
        "start": moment(scenario, scenario.start),
        "end": moment(scenario, scenario.end),
        "service": scenario.service,
        "severity": scenario.severity[1],
        "summary": scenario.summary,
        "impact": scenario.impact,
        "detection": scenario.detection,
        "trigger": scenario.trigger,
        "cause": scenario.cause,
        "failed": list(scenario.failed),
        "fixed": list(scenario.fixed),
        "actions": action_fields(scenario, habits),
        "timeline": [text for _, text in scenario.timeline],
    }
    empty: Fields = {"service": None, "severity": "unknown", "failed": [], "fixed": [], "actions": [], "timeline": []}
    return values | {name: empty.get(name) for name in without} | other


def facts_bold(scenario: Scenario, habits: Habits) -> str:
    end = habits.chance.choice(("  ", ""))
    rows = [
        f"**Date:** {scenario.date}{end}",
        f"**Authors:** mara, jonas{end}",
        f"**Status:** Complete, action items in progress{end}",
        f"**Service:** {scenario.service}{end}",
        f"**Severity:** {scenario.severity[0]}{end}",
        f"**Start:** {scenario.date} {scenario.start} UTC{end}",
        f"**End:** {scenario.date} {scenario.end} UTC{end}",
    ]
    return ("\n" if end else "\n\n").join(rows)


def google_sre(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    parts = [f"# {s.title} Postmortem" if h.chance.random() < 0.3 else f"# Postmortem: {s.title}", facts_bold(s, h)]
    bodies = [
        ("Summary", prose(s.summary, h)),
        ("Impact", prose(s.impact, h)),
        ("Root Causes", prose(s.cause, h)),
        ("Trigger", prose(s.trigger, h)),
        ("Resolution", step_list(s.fixed, h)),
        ("What did not help", step_list(s.failed, h)),
        ("Detection", prose(s.detection, h)),
        ("Action Items", action_list(s, h)),
        (
            "Lessons Learned",
            (
                "### What went well\n\n- Rollback was quick\n\n### What went wrong\n\n- We noticed late\n\n### Where "
                "we got lucky\n\n- It was a quiet day"
            ),
        ),
        ("Timeline", f"{s.date} (*all times UTC*)\n\n{chronology(s, h, '')}"),
        ("Supporting information", "- Dashboard: https://grafana.example.org/d/1"),
    ]
    parts += [f"{heading(2, name, h, n)}\n\n{body}" for n, (name, body) in enumerate(bodies, start=1)]
    return f"{s.date}-{s.key}.md", "\n\n".join(parts) + "\n", fields(s, h)


def pagerduty(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = f"""# {s.title}

| | |
|---|---|
| Owner | jonas |
| Date | {s.date} |
| Severity | {s.severity[0]} |
| Affected services | {s.service} |
| Start | {s.date} {s.start} UTC |
| Resolved at | {s.date} {s.end} UTC |

## Overview

{prose(s.summary, h)}

## What Happened

{prose("The details are in the timeline below.", h)}

## Contributing Factors

{prose(s.cause, h)}

## Resolution

{step_list(s.fixed, h)}

## Impact

{prose(s.impact, h)}

## Responders

- mara (IC)
- jonas

## Timeline

{chronology(s, h)}

## How'd We Do?

### What Went Well?

- Paging worked

### What Didn't Go So Well?

- The runbook was old

## Action Items

{action_list(s, h)}
"""
    return f"{s.key}.md", text, fields(s, h, "detection", "trigger", "failed", summary=None)


def atlassian(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = f"""# Incident postmortem: {s.title}

**Incident date:** {date.fromisoformat(s.date):%d %B %Y}

**Severity:** {s.severity[0]}

**Affected service:** {s.service}

**Incident start:** {s.date} {s.start} UTC

**Incident end:** {s.date} {s.end} UTC

## Incident summary

{prose(s.summary, h)}

## Leadup

{prose(s.trigger, h)}

## Fault

{prose(s.cause, h)}

## Impact

{prose(s.impact, h)}

## Detection

{prose(s.detection, h)}

## Recovery

{step_list(s.fixed, h)}

## What didn't work

{step_list(s.failed, h)}

## Timeline

All times are UTC.

{chronology(s, h, "")}

## Five whys

1. Why did it fail? Because users saw errors.
2. Why did they see errors? {s.cause}

## Corrective actions

{action_list(s, h)}
"""
    return f"INC-{s.key}.md", text, fields(s, h)


def gitlab(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = f"""# Incident Review: {s.title}

## Summary

A brief summary of what happened. {s.summary}

1. Service(s) affected: {s.service}
1. Severity: ~"severity::2" {s.severity[0]}
1. Incident start: {s.date} {s.start} UTC
1. Incident end: {s.date} {s.end} UTC

## Impact

{s.impact}

## How was the incident detected?

{s.detection}

## Root Cause

{s.cause}

## How was the incident resolved?

{step_list(s.fixed, h)}

## Timeline

{chronology(s, h)}

## What went well

* Fast escalation

## Corrective Actions

{action_list(s, h)}
"""
    return f"review-{s.key}.md", text, fields(s, h, "trigger", "failed", summary=None, severity=None)


def aws_coe(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = (
        f"""# COE: {s.title}

| Field | Value |
|---|---|
| Incident start | {s.date} {s.start} UTC |
| Incident end | {s.date} {s.end} UTC |
| Service | `{s.service}` |
| Severity | {s.severity[0]} |
| Owner | payments team |

## What happened?

{s.summary}

## Customer Impact

{s.impact}

## Incident Questions & Analysis

### Detection

{s.detection}

### Mitigation

{step_list(s.fixed, h)}

## 5 Whys

1. Why did customers see errors?
   - The service failed.
2. Why did the service fail?
   - {s.cause}

## Timeline

| Time (UTC) | Event |
|---|---|
"""
        + "\n".join(f"| {s.date} {at} | {event_text} |" for at, event_text in s.timeline)
        + f"""

## Action Items

{action_list(s, h)}
"""
    )
    return f"coe_{s.key}.md", text, fields(s, h, "trigger", "failed")


def azure_pir(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    day = date.fromisoformat(s.date)
    events = "\n".join(f"- {at} UTC on {day:%d %B %Y} – {event_text}" for at, event_text in s.timeline)
    actions = "\n".join(f"- {text} ({state.capitalize()})" for text, _, state in s.actions)
    text = f"""# Post Incident Review – {s.title}

**What happened?**

Between {s.start} UTC and {s.end} UTC on {day:%d %B %Y}, {s.summary[0].lower() + s.summary[1:]}

**What was the customer impact?**

{s.impact}

**What went wrong and why?**

{s.cause}

**How did we respond?**

{events}

**How are we making incidents like this less likely or less impactful?**

{actions}

**How can customers make incidents like this less impactful?**

- Consider using a second region.
"""
    expected = fields(
        s,
        h,
        "service",
        "severity",
        "detection",
        "trigger",
        "failed",
        summary=None,
        fixed=[],
        timeline=None,
        actions=[{"text": action, "owner": None, "state": state} for action, _, state in s.actions],
    )
    return f"pir-{s.key}.md", text, expected


def etsy(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = f"""# {s.title}

Date: {s.date}
Severity: {s.severity[0]}
Start time: {s.date} {s.start} UTC
End time: {s.date} {s.end} UTC
Contact: mara
Affected service: {s.service}

## Summary

{s.summary} {s.cause}

## Timeline

{chronology(s, h)}

## Remediation

{step_list(s.fixed, h)}

## Tickets

{action_list(s, h)}

## IRC log

    <mara> uploads are red
    <jonas> looking
"""
    return (
        f"{s.date}_{s.key}.md",
        text,
        fields(s, h, "impact", "detection", "trigger", "failed", summary=None, cause=None),
    )


def confluence(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    def code(command: str | None) -> str:
        if not command:
            return ""
        return f'<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter><ac:plain-text-body><![CDATA[{command}]]></ac:plain-text-body></ac:structured-macro>'

    steps = "".join(f"<li><p>{escape(text)}:</p>{code(command)}</li>" for text, command in s.fixed)
    failed = "".join(
        f"<li>{escape(text)}{': <code>' + escape(command) + '</code>' if command else ''}</li>"
        for text, command in s.failed
    )
    tasks = "".join(
        f"<ac:task><ac:task-status>{'complete' if state == 'done' else 'incomplete'}</ac:task-status><ac:task-body>{escape(text)} (@{owner.split()[0]})</ac:task-body></ac:task>"
        for text, owner, state in s.actions
    )
    events = "".join(f"<tr><td>{s.date} {at}</td><td>{escape(event_text)}</td></tr>" for at, event_text in s.timeline)
    text = f"""<h1>{escape(s.title)}</h1>
<table><tbody>
<tr><th>Date</th><td><time datetime="{s.date}" /></td></tr>
<tr><th>Severity</th><td><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">{s.severity[0]}</ac:parameter></ac:structured-macro></td></tr>
<tr><th>Affected services</th><td><p>{s.service}</p></td></tr>
<tr><th>Start time</th><td>{s.date} {s.start} UTC</td></tr>
<tr><th>End time</th><td>{s.date} {s.end} UTC</td></tr>
</tbody></table>
<h2>Summary</h2><p>{escape(s.summary)}</p>
<h2>Impact</h2><p>{escape(s.impact)}</p>
<h2>Detection</h2><p>{escape(s.detection)}</p>
<h2>Root cause</h2><p>{escape(s.cause)}</p>
<h2>What did not help</h2><ul>{failed}</ul>
<h2>Resolution</h2><ol>{steps}</ol>
<h2>Timeline</h2><table><tbody><tr><th>Time (UTC)</th><th>Event</th></tr>{events}</tbody></table>
<h2>Action items</h2><ac:task-list>{tasks}</ac:task-list>
"""
    actions = [
        {"text": action, "owner": owner.split()[0], "state": "done" if state == "done" else "open"}
        for action, owner, state in s.actions
    ]
    return f"{s.key}.xhtml", text, fields(s, h, "trigger", actions=actions)


def notion(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    actions = "\n".join(
        f"- [{'x' if state == 'done' else ' '}] {text} @{owner.split()[0]}" for text, owner, state in s.actions
    )
    text = f"""# {s.title}

Date: {date.fromisoformat(s.date):%B %d, %Y} {s.start} (UTC) → {s.end} (UTC)
Severity: {s.severity[0]}
Service: {s.service}
Status: Resolved

# Summary

{s.summary}

# Impact

{s.impact}

# Root cause

{s.cause}

# What we tried that didn't help

{step_list(s.failed, h)}

# Resolution

{step_list(s.fixed, h)}

# Timeline

{chronology(s, h)}

# Follow-ups

{actions}
"""
    expected = [
        {"text": action, "owner": owner.split()[0], "state": "done" if state == "done" else "open"}
        for action, owner, state in s.actions
    ]
    return f"{s.title.replace('/', ' ')} 3f2a9c1d.md", text, fields(s, h, "detection", "trigger", actions=expected)


def google_docs(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    def escaped(text: str) -> str:
        return text.replace("-", "\\-").replace("#", "\\#")

    def steps(rows: tuple[tuple[str, str | None], ...]) -> str:
        return "\n".join(
            f"{n}. {escaped(step)}{': `' + command + '`' if command else ''}"
            for n, (step, command) in enumerate(rows, start=1)
        )

    actions = "\n".join(
        [
            "| Action item | Owner | Status |",
            "| :---- | :---- | :---- |",
            *(f"| {escaped(action)} | {owner} | {state} |" for action, owner, state in s.actions),
        ]
    )
    events = "\n".join(f"* {at} UTC \\- {escaped(event)}" for at, event in s.timeline)
    text = f"""**Postmortem: {escaped(s.title)} (incident \\#71)**

**Date:** {escaped(s.date)}

**Service:** {escaped(s.service)}

**Severity:** {escaped(s.severity[0])}

**Start:** {escaped(s.date)} {s.start} UTC

**End:** {escaped(s.date)} {s.end} UTC

# **Summary** {{#summary}}

{escaped(s.summary)}

# **Impact** {{#impact}}

{escaped(s.impact)}

# **Root cause** {{#root-cause}}

{escaped(s.cause)}

# **What did not help** {{#what-did-not-help}}

{steps(s.failed)}

# **Resolution** {{#resolution}}

{steps(s.fixed)}

# **Timeline** {{#timeline}}

{events}

# **Action items** {{#action-items}}

{actions}
"""
    table = [{"text": action, "owner": owner, "state": state} for action, owner, state in s.actions]
    return f"Postmortem {s.key}.md", text, fields(s, h, "detection", "trigger", actions=table)


def cstate(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    word, ours = {"critical": ("down", "critical"), "high": ("disrupted", "high")}.get(
        s.severity[1], ("notice", "info")
    )
    text = f"""---
title: {s.title}
date: {s.date} {s.start}:00
resolved: true
resolvedWhen: {s.date} {s.end}:00
severity: {word}
affected:
  - {s.service}
section: issue
---

*Investigating* - {s.summary} {{{{< track "{s.date} {s.start}:00" >}}}}

*Resolved* - {s.fixed[0][0]}. Everything works again. {{{{< track "{s.date} {s.end}:00" >}}}}
"""
    return (
        f"content/issues/{s.date}-{s.key}.md",
        text,
        fields(
            s,
            h,
            "impact",
            "detection",
            "trigger",
            "failed",
            "actions",
            severity=ours,
            summary=None,
            cause=None,
            fixed=None,
            timeline=None,
        ),
    )


def upptime(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = f"""---
title: "🛑 {s.service} is down"
start_time: {s.date}T{s.start}:00Z
end_time: {s.date}T{s.end}:00Z
service: {s.service}
---

In [`a1b2c3d`](https://example.org/commit/a1b2c3d), {s.service} (https://{s.service}.example.org) was **down**:

- HTTP code: 503
- Response time: 0 ms

---

**Resolved:** {s.service} is back up in [`d3c2b1a`](https://example.org/commit/d3c2b1a) after an hour.
"""
    return (
        f"history/{s.key}.md",
        text,
        fields(
            s,
            h,
            "severity",
            "impact",
            "detection",
            "trigger",
            "failed",
            "fixed",
            "actions",
            "timeline",
            title=f"{s.service} is down",
            summary=None,
            cause=None,
        ),
    )


def statuspage(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    day = f"{date.fromisoformat(s.date):%b %d, %Y}"
    text = f"""# {s.title}

**Resolved** - This incident has been resolved.
{day} - {s.end} UTC

**Monitoring** - {s.fixed[-1][0]}. We are monitoring the results.
{day} - {s.timeline[-2][0]} UTC

**Investigating** - {s.summary}
{day} - {s.start} UTC

This incident affected: {s.service}.
"""
    return (
        f"{s.date}-status-{s.key}.md",
        text,
        fields(
            s,
            h,
            "severity",
            "impact",
            "detection",
            "trigger",
            "failed",
            "actions",
            summary=None,
            cause=None,
            fixed=None,
            timeline=None,
        ),
    )


def icco(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = f"""---
uuid: 5c6b1f0e-{s.key}
url: https://blog.example.org/{s.key}
title: {s.title}
start_time: {s.date}T{s.start}:00Z
end_time: {s.date}T{s.end}:00Z
categories:
- postmortem
company: Example
product: {s.service}
severity: {s.severity[0]}
summary: "{s.summary}"
---

{s.summary} The root cause was the following. {s.cause}
"""
    return (
        f"{s.key}.md",
        text,
        fields(s, h, "impact", "detection", "trigger", "failed", "actions", "timeline", "fixed", cause=None),
    )


def prose_only(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    failed = " ".join(
        f"We {text[0].lower() + text[1:]}{' (`' + command + '`)' if command else ''}, but this did not help."
        for text, command in s.failed
    )
    fixed = " ".join(
        f"{'Then we' if n else 'We'} {text[0].lower() + text[1:]}{' with `' + command + '`' if command else ''}."
        for n, (text, command) in enumerate(s.fixed)
    )
    text = f"""# {s.title} ({s.date})

On {date.fromisoformat(s.date):%d %B %Y} at {s.start} UTC things went wrong. {s.summary}

The root cause was simple: {s.cause[0].lower() + s.cause[1:]}

{failed} {fixed} By {s.end} UTC everything was back to normal.
"""
    return (
        f"{s.date}-{s.key}.md",
        text,
        fields(
            s,
            h,
            "service",
            "severity",
            "impact",
            "detection",
            "trigger",
            "actions",
            "timeline",
            start=s.date,
            end=None,
            summary=None,
            fixed_loose=True,
        ),
    )


def german(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    steps = step_list(s.fixed, h)
    actions = "\n".join(
        [
            "| Maßnahme | Verantwortlich | Status |",
            "|---|---|---|",
            *(
                f"| {text} | {owner} | {'erledigt' if state == 'done' else 'offen'} |"
                for text, owner, state in s.actions
            ),
        ]
    )
    events = "\n".join(f"- {at} Uhr: {event_text}" for at, event_text in s.timeline)
    text = f"""# Störungsbericht: {s.title}

**Datum:** {date.fromisoformat(s.date):%d.%m.%Y}
**Beginn:** {date.fromisoformat(s.date):%d.%m.%Y} {s.start} UTC
**Ende:** {date.fromisoformat(s.date):%d.%m.%Y} {s.end} UTC
**Dienst:** {s.service}
**Schweregrad:** {s.severity[0]}

## Zusammenfassung

{s.summary}

## Auswirkungen

{s.impact}

## Ursache

{s.cause}

## Auslöser

{s.trigger}

## Erkennung

{s.detection}

## Was nicht geholfen hat

{step_list(s.failed, h)}

## Behebung

{steps}

## Zeitlicher Verlauf

Alle Zeiten in UTC.

{events}

## Maßnahmen

{actions}
"""
    expected = [
        {"text": action, "owner": owner, "state": "done" if state == "done" else "open"}
        for action, owner, state in s.actions
    ]
    return f"stoerung-{s.key}.md", text, fields(s, h, actions=expected)


def bold_only(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = f"""**{s.title}**

**Date**: {s.date}
**Severity**: {s.severity[0]}
**Service**: {s.service}
**Time**: {s.start} - {s.end} UTC

**Summary**
{s.summary}

**Impact**
{s.impact}

**Root Cause**
{s.cause}

**What did not help**
{step_list(s.failed, h)}

**Resolution**
{step_list(s.fixed, h)}

**Timeline (UTC)**
{chronology(s, h, "")}

**Action Items**

{action_list(s, h)}
"""
    return f"pm-{s.key}.md", text, fields(s, h, "detection", "trigger", start=None, end=None)


def table_only(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    def cell(rows: tuple[tuple[str, str | None], ...]) -> str:
        return "<br>".join(
            f"{n}. {text}{': `' + command.replace('|', chr(92) + '|') + '`' if command else ''}"
            for n, (text, command) in enumerate(rows, start=1)
        )

    text = f"""# {s.title}

| Item | Details |
|---|---|
| **Date** | {s.date} |
| **Start time** | {s.date} {s.start} UTC |
| **End time** | {s.date} {s.end} UTC |
| **Severity** | {s.severity[0]} |
| **Service** | {s.service} |
| **Summary** | {s.summary} |
| **Impact** | {s.impact} |
| **Detection** | {s.detection} |
| **Root cause** | {s.cause} |
| **Trigger** | {s.trigger} |
| **What did not help** | {cell(s.failed)} |
| **Resolution** | {cell(s.fixed)} |
"""
    return f"table-{s.key}.md", text, fields(s, h, "actions", "timeline")


def restructured(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    def title(text: str, mark: str) -> str:
        return f"{text}\n{mark * len(text)}"

    def steps(rows: tuple[tuple[str, str | None], ...]) -> str:
        return "\n".join(
            f"#. {text}\n\n   .. code-block:: bash\n\n      {command}\n" if command else f"#. {text}"
            for text, command in rows
        )

    events = "\n".join(f"- {at} UTC: {event_text}" for at, event_text in s.timeline)
    actions = "\n".join(
        [
            "   * - Action",
            "     - Owner",
            "     - Status",
            *(f"   * - {text}\n     - {owner}\n     - {state}" for text, owner, state in s.actions),
        ]
    )
    text = f"""{title(s.title, "=")}

:Date: {s.date}
:Start: {s.date} {s.start} UTC
:End: {s.date} {s.end} UTC
:Severity: {s.severity[0]}
:Service: ``{s.service}``

{title("Summary", "-")}

{s.summary}

{title("Impact", "-")}

{s.impact}

{title("Root cause", "-")}

{s.cause}

{title("What did not help", "-")}

{steps(s.failed)}

{title("Resolution", "-")}

{steps(s.fixed)}

{title("Timeline", "-")}

{events}

{title("Action items", "-")}

.. list-table::
   :header-rows: 1

{actions}
"""
    return (
        f"{s.key}.rst",
        text,
        fields(
            s,
            h,
            "detection",
            "trigger",
            actions=[{"text": action, "owner": owner, "state": state} for action, owner, state in s.actions],
        ),
    )


def ascii_doc(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    def steps(rows: tuple[tuple[str, str | None], ...]) -> str:
        return "\n".join(
            f". {text}\n+\n[source,bash]\n----\n{command}\n----" if command else f". {text}" for text, command in rows
        )

    events = "\n".join(f"|{at} |{event_text}" for at, event_text in s.timeline)
    actions = "\n".join(
        f"* [{'x' if state == 'done' else ' '}] {text} (@{owner.split()[0]})" for text, owner, state in s.actions
    )
    text = f"""= {s.title}
:toc:

Date:: {s.date}
Start:: {s.date} {s.start} UTC
End:: {s.date} {s.end} UTC
Severity:: {s.severity[0]}
Service:: {s.service}

== Summary

{s.summary}

== Impact

{s.impact}

== Root cause

{s.cause}

== What did not help

{steps(s.failed)}

== Resolution

{steps(s.fixed)}

== Timeline

[cols="1,4",options="header"]
|===
|Time (UTC) |Event

{events}
|===

== Action items

{actions}
"""
    expected = [
        {"text": action, "owner": owner.split()[0], "state": "done" if state == "done" else "open"}
        for action, owner, state in s.actions
    ]
    return f"{s.key}.adoc", text, fields(s, h, "detection", "trigger", actions=expected)


def org(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    def steps(rows: tuple[tuple[str, str | None], ...]) -> str:
        return "\n".join(
            f"{n}. {text}\n   #+BEGIN_SRC sh\n   {command}\n   #+END_SRC" if command else f"{n}. {text}"
            for n, (text, command) in enumerate(rows, start=1)
        )

    events = "\n".join(f"- [{s.date} Mon {at}] {event_text}" for at, event_text in s.timeline)
    actions = "\n".join(f"- [{'X' if state == 'done' else ' '}] {text}" for text, _, state in s.actions)
    text = f"""#+TITLE: {s.title}
#+DATE: {s.date}

- Start :: {s.date} {s.start} UTC
- End :: {s.date} {s.end} UTC
- Severity :: {s.severity[0]}
- Service :: ={s.service}=

* Summary
{s.summary}

* Impact
{s.impact}

* Root cause
{s.cause}

* What did not help
{steps(s.failed)}

* Resolution
{steps(s.fixed)}

* Timeline
All times UTC.
{events}

* Action items
{actions}
"""
    expected = [
        {"text": action, "owner": None, "state": "done" if state == "done" else "open"}
        for action, _, state in s.actions
    ]
    return f"{s.key}.org", text, fields(s, h, "detection", "trigger", actions=expected)


def moj(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    day = datetime.fromisoformat(f"{s.date}T{s.start}")
    text = (
        f"""## Incident on {s.date} - {s.title}

- **Key events**
  - First detected: {s.date} {s.start} UTC
  - Resolved: {s.date} {s.end} UTC

- **Time to resolve**: 1h 20m

- **Identified**: {s.detection}

- **Impact**:
  - {s.impact}

- **Context**:
  - {day:%H:%M}: Timeline of the call is in the channel.

- **Root cause**: {s.cause}

- **Resolution**:
  - {s.fixed[0][0]}{": `" + s.fixed[0][1] + "`" if s.fixed[0][1] else ""}

- **Review actions**:
"""
        + "\n".join(f"  - {action}" for action, _, _ in s.actions)
        + "\n"
    )
    return (
        f"incident-log-{s.key}.md",
        text,
        fields(
            s,
            h,
            "service",
            "severity",
            "trigger",
            "failed",
            start=s.date,
            end=None,
            detection=None,
            summary=None,
            timeline=None,
            fixed=[s.fixed[0]],
            actions=[{"text": action, "owner": None, "state": None} for action, _, _ in s.actions],
        ),
    )


def several(s: Scenario, h: Habits) -> tuple[str, str, list[Fields]]:
    place = SCENARIOS.index(s)
    three = [SCENARIOS[(place + n) % len(SCENARIOS)] for n in range(3)]
    parts = ["# Outage log"]
    expected = []
    for scenario in three:
        steps = step_list(scenario.fixed, h)
        parts.append(
            f"## {scenario.date} {scenario.title}\n\n**Service:** {scenario.service}\n\n**Root cause:** "
            f"{scenario.cause}\n\n**Resolution:**\n\n{steps}"
        )
        expected.append(
            fields(
                scenario,
                h,
                "severity",
                "summary",
                "impact",
                "detection",
                "trigger",
                "failed",
                "actions",
                "timeline",
                start=scenario.date,
                end=None,
            )
        )
    return f"outages-{s.key}.md", "\n\n".join(parts) + "\n", expected


def french(s: Scenario, h: Habits) -> tuple[str, str, Fields]:
    text = f"""# Rapport d'incident : {s.title}

**Date :** {s.date}
**Début :** {s.date} {s.start} UTC
**Fin :** {s.date} {s.end} UTC
**Gravité :** {s.severity[0]}
**Service affecté :** {s.service}

## Résumé

{s.summary}

## Cause racine

{s.cause}

## Résolution

{step_list(s.fixed, h)}

## Chronologie

{chronology(s, h)}

## Actions correctives

{action_list(s, h)}
"""
    return f"rapport-{s.key}.md", text, fields(s, h, "impact", "detection", "trigger", "failed")


def notebook(s: Scenario, h: Habits) -> tuple[str, str, None]:
    cells = [
        {
            "cell_type": "markdown",
            "source": [f"# {s.service} runbook\n", "\n", "Follow these steps when the alert fires.\n"],
            "metadata": {},
        },
        {"cell_type": "markdown", "source": ["## Check\n", "\n", "Look at the pods.\n"], "metadata": {}},
        {
            "cell_type": "code",
            "source": ["!kubectl get pods\n"],
            "metadata": {"name": "List pods"},
            "outputs": [],
            "execution_count": None,
        },
    ]
    return f"{s.key}.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), None


def runbook(s: Scenario, h: Habits) -> tuple[str, str, None]:
    text = f"""# {s.title}

## Meaning

{s.service} is in trouble. This alert fires when errors exceed two percent.

## Impact

Users may see errors.

## Diagnosis

Check the pods: `kubectl get pods -l app={s.service}`

## Mitigation

{step_list(s.fixed, h)}
"""
    return f"runbooks/{s.key}.md", text, None


TEMPLATES: dict[str, Callable[[Scenario, Habits], tuple[str, str, Any]]] = {
    "google_sre": google_sre, "pagerduty": pagerduty, "atlassian": atlassian, "gitlab": gitlab, "aws_coe": aws_coe, "azure_pir": azure_pir,
    "etsy": etsy, "confluence": confluence, "notion": notion, "google_docs": google_docs, "cstate": cstate, "upptime": upptime,
    "statuspage": statuspage, "icco": icco, "prose_only": prose_only, "german": german, "french": french, "bold_only": bold_only, "table_only": table_only,
    "restructured": restructured, "ascii_doc": ascii_doc, "org": org, "moj": moj, "several": several, "notebook": notebook, "runbook": runbook,
}  # fmt: skip


def corpus(seed: int = 7) -> list[Labelled]:
    """Every template with half of the scenarios, the author's habits drawn by chance."""
    labelled = []
    for n, (template, write) in enumerate(TEMPLATES.items()):
        for m, scenario in enumerate(SCENARIOS):
            if (n + m + seed) % 2:
                continue
            habits = Habits(random.Random(f"{seed} {template} {scenario.key}"))
            name, text, expected = write(scenario, habits)
            expected_incidents = (
                () if expected is None else tuple(expected) if isinstance(expected, list) else (expected,)
            )
            labelled.append(Labelled(template, f"{template}/{scenario.key}/{name}", text, expected_incidents))
    return labelled
