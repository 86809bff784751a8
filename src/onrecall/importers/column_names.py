"""Map the names that people give to columns of incident tables to our fields."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

_NAMES = {
    "id": (
        "id|incident id|incident number|incident key|ticket id|ticket number|ticket|case number|number|key|"
        "reference|incident|issue key|issue id|bug id|defect id|problem id|case id|no|nr|nº|n°|iid|uuid|sys id|"
        "alert id|incident no|incident nr|ticket no|ticket nr|case no|vorfall nr|vorgangsnummer|ticket id nr|"
        "meldungsnummer|ref|ref no|record id|incident ref|réf|référence|referencia|referência|numéro|número|番号|"
        "管理番号|编号"
    ),
    "title": (
        "title|summary|short description|subject|name|headline|incident title|what happened|problem|short desc|"
        "titel|kurzbeschreibung|betreff|onderwerp|objet|asunto|assunto|oggetto|titre|título|titolo|件名|タイトル|标题|"
        "issue|message|alert message"
    ),
    "description": (
        "description|details|detail|body|symptoms|symptom|error logs|logs|text|long description|what was seen|"
        "message|summary"
    ),
    "started_at": (
        "started at|start|start time|started|start date|opened at|opened|open time|incident start|impact start|"
        "occurred at|occurred|time of occurrence|detected at|detected|begin|began|outage start|created at|"
        "created|created on|created date|creation date|created time|date|incident date|timestamp|time|datetime|"
        "date time|reported|reported at|report date|date opened|beginn|start zeit|startzeit|angelegt am|angelegt|"
        "erstellt am|erstellt|eröffnet am|eröffnet|gemeldet am|begonnen am|datum|créé le|ouvert le|"
        "date de création|date de début|heure de début|abierto|abierto el|creado|creado el|fecha|fecha de inicio|"
        "aberto em|criado em|data|data de abertura|aangemaakt|aangemaakt op|aperto il|creato il|when|début|"
        "inicio|inizio|発生日時|発生時刻|开始时间|发生时间"
    ),
    "acknowledged_at": "acknowledged at|acknowledged on|acknowledged date|acknowledged|acked at|ack time",
    "resolved_at": (
        "resolved at|resolved|resolved on|resolution date|resolution time|resolved date|resolved time|closed at|"
        "closed|closed on|close date|closed date|closed time|end|ended at|end time|end date|ended|fixed at|"
        "incident end|impact end|outage end|duration|outage duration|time to resolve|time to resolution|downtime|"
        "date closed|date resolved|mitigated at|ende|finish|finished|finished at|completed|completed at|"
        "completed on|how long|lasted|duration minutes|duration min|duration mins|duration hours|duration h|"
        "downtime minutes|downtime min|outage minutes|minutes down|dauer|durée|duración|duração|gelöst am|gelöst|"
        "behoben am|behoben|erledigt am|geschlossen am|abgeschlossen am|beendet am|résolu le|clôturé le|fermé le|"
        "date de fin|heure de fin|resuelto|resuelto el|cerrado|cerrado el|fecha de cierre|resolvido em|"
        "fechado em|encerrado em|opgelost|opgelost op|gesloten op|risolto il|chiuso il|fin|fine|復旧日時|終了日時|"
        "结束时间|恢复时间"
    ),
    "service": (
        "service|service name|affected service|affected services|services|component|components|application|app|"
        "system|product|configuration item|business service|impacted service|impacted services|svc|ci|cmdb ci|"
        "platform|affected system|affected systems|affected component|module|betroffener dienst|system dienst|"
        "service touché|servicio afectado|serviço|serviço afetado|dienst|servicio|servizio|サービス|サービス名|服务"
    ),
    "environment": "environment|env|stage",
    "severity": (
        "severity|sev|priority|prio|urgency|criticality|level|sev level|schwere|schweregrad|gravité|gravedad|"
        "gravità|gravidade|priorität|priorité|prioridad|prioridade|prioriteit|重大度|优先级|严重程度"
    ),
    "status": "status|state|statut|état|estado|situação|zustand",
    "root_cause": (
        "root cause|root causes|root cause description|root cause analysis|reason|why|rca|rca summary|"
        "root cause summary|explanation|"
        "why it happened|why did it happen|causes|contributing causes|contributing factors|ursache|grundursache|"
        "cause racine|causa raíz|causa|causa raiz|oorzaak|原因|根本原因|根因"
    ),
    "cause": (
        "cause label|cause code|root cause category|root cause code|cause category|root cause type|failure type|"
        "failure mode|fault type|cause"
    ),
    "fix": (
        "resolution|fix|solution|resolution notes|resolution message|resolution summary|close notes|resolution steps|"
        "action taken|fix summary|"
        "actions taken|remedy|mitigation|mitigation steps|remediation|how fixed|workaround|what fixed it|"
        "corrective action|fix applied|applied fix|mitigation message|what we did|what was done|what did we do|"
        "how we fixed it|how it was fixed|how was it fixed|fix description|maßnahme|maßnahmen|lösung|behebung|"
        "résolution|solución|soluzione|solução|resolução|oplossing|対応|対応内容|处理措施|解决方案"
    ),
    "comments": "comments|comment|work notes|worknotes|notes|updates|activity log",
    "impact": "impact|customer impact|business impact|user impact",
    "detection": "detection|detection method|how detected|detected by",
    "trigger": "trigger|triggered by",
    "labels": "labels|tags",
    "duplicate_of": "duplicate of|dupe of|dup of|is duplicate of",
    "source": "source",
    "source_id": "source id",
}
SYNONYMS: Mapping[str, Sequence[str]] = {name: tuple(synonyms.split("|")) for name, synonyms in _NAMES.items()}
"""Our field → its common names, most reliable first; compared without case, underscores and punctuation."""
_ACCOUNTS = frozenset(
    [
        "action taken",
        "actions taken",
        "steps taken",
        "mitigation",
        "mitigation message",
        "mitigation steps",
        "workaround",
        "work notes",
        "worknotes",
        "notes",
        "updates",
        "activity log",
        "comments",
        "comment",
        "resolution notes",
        "resolution message",
        "close notes",
        "what was tried",
        "tried",
        "attempts",
        "timeline",
        "immediate actions",
        "maßnahmen",
        "notizen",
        "bemerkungen",
        "notas",
        "acciones",
    ]
)
"""Columns that tell more of what was done than the one column that is taken for the fix."""
FIELDS = tuple(SYNONYMS)
TIMES = ("started_at", "acknowledged_at", "resolved_at")


_CUSTOM_FIELD = re.compile(r"custom field\s*(?::\s*|\()(?P<name>.+?)\)?", re.IGNORECASE)
_DESCRIPTIONS = frozenset(SYNONYMS["description"]) - {"summary", "text", "message"}


def normalize_column(column: str) -> str:
    """Return a column's name in lower case, without punctuation and units, with camel case split into words."""
    column = _CUSTOM_FIELD.sub(lambda custom: custom["name"], column)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"\(.*?\)", "", column))
    return " ".join(re.sub(r"[\W_]+", " ", name.lower()).split())


def assign_by_name(columns: Iterable[str], already_assigned: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Match columns to fields not in `already_assigned` by common names; each column serves one field."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(normalize_column(column), column)
    is_titled = by_name.keys() & (_DESCRIPTIONS | {"title", "short description"}) or "title" in already_assigned
    if {"name", "summary"} <= by_name.keys() and not is_titled:
        rest = {name: column for name, column in by_name.items() if name != "name"}
        return {"title": by_name["name"], **_assign_rest(rest, {**already_assigned, "title": (by_name["name"],)})}
    return _assign_rest(by_name, already_assigned)


def other_accounts(columns: Iterable[str], used: Collection[str]) -> tuple[str, ...]:
    """Return the unused columns that tell what was done, in file order."""
    return tuple(column for column in columns if column not in used and normalize_column(column) in _ACCOUNTS)


def _assign_rest(by_name: Mapping[str, str], already_assigned: Mapping[str, Sequence[str]]) -> dict[str, str]:
    assigned: dict[str, str] = {}
    for name, synonyms in SYNONYMS.items():
        used = set(assigned.values())
        free = (by_name[synonym] for synonym in synonyms if synonym in by_name and by_name[synonym] not in used)
        if name not in already_assigned and (chosen := next(free, None)) is not None:
            assigned[name] = chosen
    return assigned
