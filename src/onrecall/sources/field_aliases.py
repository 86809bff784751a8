"""What people call the fields of an alert when they make up a payload themselves, and where they put them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAMES = {
    "key": (
        "fingerprint dedupkey dedupid deduplicationkey deduplicationid uniquekey alertkey eventkey problemkey "
        "incidentkey alias alertid incidentid problemid issueid checkid monitorid ruleid conditionid entityid key "
        "externalid uuid id"
    ),
    "title": (
        "title alerttitle incidenttitle problemtitle alertname rulename alertrule subject headline heading summary "
        "shortdescription conditionname policyname checkname monitorname monitorfriendlyname searchname "
        "entitydisplayname message msg shortmessage text statemessage serviceoutput hostoutput servicedesc "
        "description name event reason"
    ),
    "description": (
        "description longdescription longmessage fullmessage message body details detail text content output "
        "serviceoutput hostoutput statemessage problemdetailstext alertdetails reason error"
    ),
    "status": (
        "status state alertstatus alertstate currentstate newstate eventstate incidentstate problemstate "
        "monitorcondition eventaction action transition notificationtype messagetype alerttypefriendlyname event "
        "eventtype servicestate hoststate type"
    ),
    "over": "resolved isresolved recovered isrecovered closed isclosed",
    "fires": "firing isfiring active isactive alerting",
    "severity": (
        "severity alertseverity eventseverity problemseverity sev priority level criticality urgency servicestate "
        "impact status state"
    ),
    "service": "service servicename affectedservice application app appname component system product",
    "environment": "environment env deploymentenvironment stage",
    "starts_at": (
        "startsat startedat starttime starttimestamp starteddatetime fireddatetime firedat triggeredat triggertime "
        "openedat opentime occurredat detectedat beganat began since problemstart firstseen"
    ),
    "told_at": (
        "timestamp time eventtime eventtimestamp datetime date sentat updatedat updated lastupdated lastseen "
        "statechangedtimestamp alertdatetime createdat created creationtime"
    ),
    "ends_at": (
        "endsat endedat endtime endtimestamp resolvedat resolveddatetime resolvedtime closedat closetime recoveredat"
    ),
    "group": "groupkey groupid group groupingkey",
    "links": (
        "url link links href alerturl incidenturl problemurl weburl htmlurl permalink detailsurl dashboardurl "
        "dashboard runbookurl runbook monitorurl generatorurl issueurl resultslink"
    ),
    "labels": "labels tags customdetails customproperties dimensions attributes metadata details context custom",
    "current": "current currentvalue value metricvalue observedvalue actualvalue",
    "threshold": "threshold thresholdvalue",
    "baseline": "baseline baselinevalue expectedvalue",
    "spike_percent": "spikepercent spikepercentage",
}
NAMES: Mapping[str, tuple[str, ...]] = {field: tuple(names.split()) for field, names in _NAMES.items()}
"""Our field ← the names it goes by, the surest first; compared without case and marks."""
VALUES = ("current", "threshold", "baseline", "spike_percent")
LISTS = ("alerts", "events", "incidents", "problems", "notifications", "items", "records", "results")
"""Under these a body lists several alerts."""
_WRAPS = (
    *(
        "alert",
        "incident",
        "problem",
        "issue",
        "event",
        "notification",
        "check",
        "monitor",
        "data",
        "payload",
        "detail",
    ),
    *("essentials", "attributes", "result", "labels", "annotations"),
)
"""Under these stands the alert itself, or a part of it."""
_DEEPEST = 4
_MARKS = re.compile(r"[^a-z0-9]+")


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


OVER = _words(
    """
    clear cleared close closed complete completed deactivated ended fixed green healthy inactive normal ok okay
    operational passed passing recover recovered recovery resolve resolved solved succeeded success successful up
    """
)
FIRES = _words(
    """
    acknowledged activated active alerting breached created critical degraded down error fail failed failing failure
    fire fired firing investigating new open opened raised red reopened started trigger triggered unavailable unhealthy
    unreachable unresolved violated warn warning
    """
)
_NOUNS = _words("alarm alert incident issue problem")


def bare(name: str) -> str:
    """A field's name without case and marks: `startedAt`, `started_at` and `Started At` are one."""
    return _MARKS.sub("", name.lower())


class Named:
    """The values of a body by the names that people give them; what stands deeper is about the alert itself."""

    def __init__(self, body: Mapping[str, Any], around: Mapping[str, Any]) -> None:
        self.objects = [*_inside(body, _DEEPEST), body, around]
        self._named = [{bare(name): value for name, value in reversed(list(one.items()))} for one in self.objects]

    def __call__(self, field: str) -> Iterator[Any]:
        """What may be meant by the field, the surest first."""
        for name in NAMES[field]:
            yield from (found for one in self._named if (found := one.get(name)) not in (None, "", [], {}))


def _inside(body: Mapping[str, Any], levels: int) -> Iterator[Mapping[str, Any]]:
    wrapped = {bare(name): value for name, value in body.items() if isinstance(value, dict)}
    for name in _WRAPS:
        if levels and (inner := wrapped.get(name)):
            yield from _inside(inner, levels - 1)
            yield inner


def is_over(said: Any) -> bool | None:
    """Whether a word such as `Recovered` or `incident.resolved` says that it is over; None: it says nothing."""
    if not isinstance(said, str) or len(said) > 200:
        return None
    words = re.findall(r"[a-z]+", said.lower())
    telling = [word for word in words if word in OVER or word in FIRES]
    if telling:
        return telling[-1] in OVER and "not" not in words
    return False if _NOUNS & set(words) else None
