"""Common names of alert fields in custom payloads, and where to find them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onrecall.sources.body_decoding import parse_nested

_NAMES = {
    "key": (
        "fingerprint dedupkey dedupekey dedupid deduplicationkey deduplicationid uniquekey alertkey eventkey "
        "problemkey incidentkey incidentidentifier correlationkey "
        "alias alertid alertuid alertuuid incidentid incidentuid "
        "incidentuuid problemid problemuid issueid issuekey checkid checkuuid monitorid monitoruuid triggerid "
        "ruleid ruleuid conditionid entityid key externalid uid guid id identifier uuid"
    ),
    "title": (
        "title alerttitle alarmtitle incidenttitle problemtitle eventtitle alertname alarmname alertrulename "
        "rulename alertrule eventname conditionname policyname checkname monitorname monitorfriendlyname "
        "searchname triggername entitydisplayname subject alertsubject headline heading summary shortdescription "
        "shortmessage alert alarm problem name checklabel "
        "label monitor check jobname pipelinename workflowname taskname "
        "processname dagid message msg text alerttext alarmtext alarmmessage alertmessage humanreadable "
        "statemessage serviceoutput hostoutput servicedesc description output event reason incident issue error"
    ),
    "description": (
        "description longdescription longmessage fullmessage message body details detail text content output "
        "serviceoutput hostoutput statemessage alarmmessage alertmessage problemdetailstext alertdetails "
        "errormessage reason cause error"
    ),
    "status": (
        "status state alertstatus alertstate currentstate currentstatus newstate newstatus newstatevalue "
        "eventstate eventstatus incidentstate incidentstatus problemstate monitorcondition monitorstate "
        "monitorstatus checkstate checkstatus alertaction alertactiongroupname alertactiongroup eventaction "
        "action transition triggertype notificationtype messagetype alerttype alerttypefriendlyname event "
        "eventtype runstatus jobstatus buildstatus servicestate hoststate responsestate checkstatename result outcome "
        "conclusion type level alert alarm"
    ),
    "over": "resolved isresolved recovered isrecovered closed isclosed ok isok healthy ishealthy up isup isonline",
    "fires": (
        "firing isfiring active isactive alerting isalerting "
        "down isdown triggered istriggered failing isfailing isopen "
        "eventvalue alarm alert problem fault"
    ),
    "severity": (
        "severity alertseverity eventseverity problemseverity sev severityname severitylevel priority priorityname "
        "alertpriority prio level "
        "alertlevel loglevel criticality urgency importance importancelevel impact servicestate messagetype "
        "triggertype alerttype entrytype status state"
    ),
    "service": "service servicename affectedservice application app appname component system product services "
    "affectedservices impactedservices affectedcomponents",
    "environment": "environment env deploymentenvironment stage envname",
    "starts_at": (
        "startsat startedat startedon started starttime starttimestamp starteddatetime start startdate "
        "datestart starttimeutc starttimeiso fireddatetime firedat "
        "triggeredat triggertime openedat opentime occurredat detectedat "
        "openedon triggeredon beganat began begin since problemstart incidentstart outagestart downsince "
        "failingsince firstseen firstoccurrence firstoccurrencetime "
        "firstoccurtime firstoccurredat firsttriggeredat starts "
        "activeat activesince startts starttimems alertstart alertstarttime eventstart eventstarttime problemstarttime "
        "incidentstarttime outagestarttime begintime begintimestamp firetimestamp triggeredtime raisedat raisedtime "
        "failedat downat breachtime breachedat onset detectiontime startepoch"
    ),
    "told_at": (
        "timestamp time eventtime eventtimestamp datetime date sentat updatedat updated lastupdated lastseen "
        "lastoccurrence statechangedtimestamp statechangetime changedat statuschangedat alertdatetime "
        "createdon alerttime alerttimestamp incidenttime incidenttimeiso incidenttimestamp timestampiso timestampms ts "
        "firetime alarmtime alarmtimestamp eventtimeutc eventts receivedat issued "
        "triggerdate notificationtime reportedat longdatetime shortdatetime timet createdat created "
        "creationtime timegenerated generatedat loggedat ranat finished when at"
    ),
    "ends_at": (
        "endsat endedat endedon ended endtime endtimestamp endtimeutc end enddate dateend resolvedat resolveddatetime "
        "resolvedtime resolvedtimestamp resolvedon closedon closedat closetime closedtime recoveredat recoverytime "
        "clearedat clearedtime finishedat recovertime recoverytimestamp endts ends endepoch upat"
    ),
    "over_at": (
        "endsat resolvedat resolveddatetime resolvedtime closedat closetime closedtime recoveredat clearedat endedat"
    ),
    "event_id": "eventid eventuid eventuuid",
    "exit_code": "exitcode exitstatus returncode rc",
    "thing": (
        "job script command cronjob task backup pipeline workflow build container unit process sensor probe device "
        "endpoint url"
    ),
    "subject": "name entity entityname resource resourcename object objectname target targetname",
    "zone": "timezone timezoneoffset tz utcoffset",
    "host": (
        "host hostname hostdisplayname machine node nodename nodelabel server device devicename instance target "
        "monitorurl checkurl siteurl website domain"
    ),
    "group": "groupkey groupid group groupingkey",
    "labels": "labels tags dimensions userlabels policyuserlabels customlabels alertlabels commonlabels",
    "details": (
        "customdetails customproperties attributes metadata details context custom properties fields resource metric"
    ),
    "current": "current currentvalue value metricvalue observedvalue actualvalue",
    "threshold": "threshold thresholdvalue",
    "baseline": "baseline baselinevalue expectedvalue",
    "spike_percent": "spikepercent spikepercentage",
}
NAMES: Mapping[str, tuple[str, ...]] = {field: tuple(names.split()) for field, names in _NAMES.items()}
"""Field to its aliases, most reliable first; compared without case and punctuation."""
LOOSE_TIMES = frozenset({"at", "when", "finished"})
"""Names that hold a time in some tools, and anything else in others."""
VALUES = ("current", "threshold", "baseline", "spike_percent")
LISTS = (
    "alerts",
    "alarms",
    "events",
    "incidents",
    "problems",
    "notifications",
    "items",
    "records",
    "results",
    "issues",
    "faults",
    "data",
)
"""Names under which a body lists several alerts."""
SENTENCES = frozenset({"alert", "alarm", "problem", "incident", "issue", "monitor", "check", "error"})
"""A text under one of these may be the title, a state or a severity; an object there is the alert itself."""
NAMING = frozenset(
    (
        "alertname",
        "alarmname",
        "alertrulename",
        "rulename",
        "conditionname",
        "policyname",
        "checkname",
        "monitorname",
        "searchname",
        "triggername",
    )
)
"""A title under one of these is the name of a rule or monitor, so it identifies the alert."""
FINDINGS = frozenset(
    "message msg text statemessage serviceoutput hostoutput description output reason error".split()  # noqa: SIM905
)
"""A title under one of these is a finding, whose words change with the state."""
WEAK_KEYS = frozenset(
    (
        "checkid",
        "monitorid",
        "ruleid",
        "conditionid",
        "triggerid",
        "entityid",
        "incidentid",
        "issueid",
        "problemid",
        "alertid",
    )
)
"""Ids that are often small counters in several tools, so the key includes their name."""
COUNTERS = WEAK_KEYS | {"id", "identifier", "uid", "guid", "key", "externalid"}
"""Ids that may be small counters, unique only within one tool."""
_WRAPS = (
    "alert",
    "alarm",
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
    "item",
    "object",
    "objectattributes",
    "record",
    "heartbeat",
    "downtime",
    "trigger",
    "rule",
    "condition",
    "essentials",
    "alertcontext",
    "context",
    "attributes",
    "result",
    "fault",
    "labels",
    "annotations",
)
"""Names of objects that wrap the alert or a part of it."""
_TEXT_WRAPS = frozenset(
    (
        "alert",
        "incident",
        "event",
        "data",
        "payload",
        "detail",
        "body",
        "message",
        "msg",
        "content",
        "labels",
        "tags",
        "annotations",
    )
)
"""Names whose text may hold the alert as nested JSON."""
_LINK = re.compile(r"(?:url|uri|link|links|href|permalink|shortlink|dashboard|runbook|playbook)$|^linkto|^(?:url|link)")
_NO_LINK = re.compile(
    r"image|icon|logo|avatar|screenshot|callback|acknowledge|ackurl|unsubscribe|webhook|apiurl|selfurl|stylesheet|schema"
)
"""Names of URLs that are of no use on call."""
_DEEPEST = 4
_MOST_OBJECTS = 500
_MARKS = re.compile(r"[^a-z0-9]+")
_PLAIN_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldCandidate:
    """A value that may be the one for a field, with its name and its place as an expression."""

    value: Any
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class _Level:
    """One object of the body with its place, and its field names by normalized name."""

    place: str
    values: Mapping[str, Any]
    bare: Mapping[str, str]


def normalize_name(name: str) -> str:
    """Normalize a field name: `startedAt`, `started_at` and `Started At` become the same."""
    return _MARKS.sub("", name.lower())


class FieldCandidates:
    """The values of a body by common field names, innermost objects first because they describe the alert itself."""

    def __init__(self, body: Mapping[str, Any], around: Mapping[str, Any]) -> None:
        self.levels = [*_inner_levels(body, "", _DEEPEST), _make_level(body, ""), _make_level(around, "_root")]
        self._body = body

    def of_field(self, field: str) -> Iterator[FieldCandidate]:
        """Yield candidates for a field, most reliable first."""
        for name in NAMES[field]:
            for level in self.levels:
                if name in level.bare and (value := level.values[level.bare[name]]) not in (None, "", [], {}):
                    yield FieldCandidate(value, name, join_place(level.place, level.bare[name]))

    def links(self) -> Iterator[FieldCandidate]:
        """Yield values whose name says that they are a link; those nearest to the alert first."""
        for level in (*self.levels, *self._deep_levels()):
            if level.place.rpartition(".")[2].strip('"') in ("labels", "tags"):
                continue
            for bare, name in level.bare.items():
                if _LINK.search(bare) and not _NO_LINK.search(bare):
                    yield FieldCandidate(level.values[name], bare, join_place(level.place, name))

    def deep_titles(self) -> Iterator[FieldCandidate]:
        """Yield titles from anywhere in the body, top levels first; for bodies that do not look like an alert."""
        for depth in self._layers():
            for name in NAMES["title"]:
                yield from (
                    FieldCandidate(level.values[level.bare[name]], name, join_place(level.place, level.bare[name]))
                    for level in depth
                    if name in level.bare
                )

    def _deep_levels(self) -> Iterator[_Level]:
        for depth in self._layers():
            yield from depth

    def _layers(self) -> Iterator[list[_Level]]:
        """Yield all objects of the body, one list for each depth."""
        layer: Sequence[tuple[str, Mapping[str, Any]]] = [("", self._body)]
        visited = 0
        while layer and visited < _MOST_OBJECTS:
            yield [_make_level(values, place) for place, values in layer]
            visited += len(layer)
            layer = [
                (join_place(place, name), inner)
                for place, values in layer
                for name, inner in values.items()
                if isinstance(inner, dict)
            ][:_MOST_OBJECTS]


def join_place(place: str, name: str) -> str:
    """Return the expression for a field of the object at a place."""
    step = name if _PLAIN_STEP.fullmatch(name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{place}.{step}" if place else step


def _make_level(values: Mapping[str, Any], place: str) -> _Level:
    return _Level(place, values, {normalize_name(name): name for name in reversed(list(values))})


def _inner_levels(body: Mapping[str, Any], place: str, levels: int) -> Iterator[_Level]:
    name_by_alias = {normalize_name(name): name for name in reversed(list(body))}
    for wrapper in _WRAPS:
        if not levels or wrapper not in name_by_alias:
            continue
        name = name_by_alias[wrapper]
        inner = parse_nested(body[name]) if wrapper in _TEXT_WRAPS else body[name]
        if isinstance(inner, dict) and inner:
            inner_place = join_place(place, name) if inner is body[name] else f"from_json({join_place(place, name)})"
            yield from _inner_levels(inner, inner_place, levels - 1)
            yield _make_level(inner, inner_place)
    for name, value in body.items() if levels else ():
        if normalize_name(name) in _TEXT_WRAPS and normalize_name(name) not in _WRAPS and isinstance(value, str):
            inner = parse_nested(value)
            if isinstance(inner, dict) and inner:
                inner_place = f"from_json({join_place(place, name)})"
                yield from _inner_levels(inner, inner_place, levels - 1)
                yield _make_level(inner, inner_place)
