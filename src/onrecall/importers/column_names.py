"""Map the names that people give to columns of incident tables to our fields."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from onrecall.importers.postmortem.vocabulary import heading_topic, names_chain, section_topic

_NAMES = {
    "id": (
        "id|incident id|incident number|incident key|ticket id|ticket number|ticket|case number|number|key|"
        "reference|incident|issue key|issue id|bug id|defect id|problem id|case id|no|nr|nº|n°|iid|uuid|"
        "sys id|alert id|incident no|incident nr|ticket no|ticket nr|case no|vorfall nr|vorgangsnummer|"
        "ticket id nr|meldungsnummer|ref|ref no|record id|incident ref|réf|référence|referencia|referência|"
        "numéro|número|番号|管理番号|编号|vorgangsnr|vorgangs nr|vorgang|vorfallsnummer|vorfallnummer|vorfallsnr|"
        "störungsnummer|störungsnr|störungs nr|ticketnummer|ticketnr|fallnummer|laufende nummer|lfd nr|"
        "n incident|n d incident|numéro d incident|numéro incident|numéro de ticket|id del incidente|"
        "id incidente|número de incidente|nº de incidente|nº de incidencia|nº incidencia|"
        "número de incidencia|código de incidente|código|nº do incidente|número do incidente|"
        "id do incidente|codice incidente|numero incidente|codice|incidentnummer|meldingsnummer|"
        "meldingnummer|障害番号|インシデント番号|受付番号|事件编号|故障编号|工单号|problem number"
        "|postmortem id|rca id|coe id"
    ),
    "title": (
        "title|summary|short description|short text|subject|name|headline|incident title|what happened|problem|"
        "short desc|titel|kurzbeschreibung|betreff|onderwerp|objet|asunto|assunto|oggetto|titre|título|"
        "titolo|件名|タイトル|标题|issue|message|alert message|kurztext|kurzbeschreibung der störung|störung|"
        "vorfall|intitulé|libellé|problème|problema|incidente|incidencia|descripción corta|"
        "descripción breve|descrição resumida|descrizione breve|korte omschrijving|titolo incidente|障害名|"
        "障害内容|事象|概要|故障名称|事件标题|标题名称|what broke|what failed"
    ),
    "description": (
        "description|details|detail|body|symptoms|symptom|error logs|logs|text|long description|"
        "what was seen|message|summary|beschreibung|fehlerbeschreibung|ausführliche beschreibung|"
        "descripción|descrição|descrizione|omschrijving|beschrijving|内容|詳細|説明|描述|详细描述"
    ),
    "started_at": (
        "started at|start|start time|broke at|down since|started|start date|opened at|opened|open time|incident start|"
        "impact start|occurred at|occurred|time of occurrence|detected at|detected|begin|began|"
        "outage start|created at|created|created on|created date|creation date|created time|date|"
        "incident date|timestamp|time|datetime|date time|reported|reported at|report date|date opened|"
        "beginn|start zeit|startzeit|angelegt am|angelegt|erstellt am|erstellt|eröffnet am|eröffnet|"
        "gemeldet am|begonnen am|datum|créé le|ouvert le|date de création|date de début|heure de début|"
        "abierto|abierto el|creado|creado el|fecha|fecha de inicio|aberto em|criado em|data|"
        "data de abertura|aangemaakt|aangemaakt op|aperto il|creato il|when|début|inicio|inizio|発生日時|発生時刻|"
        "开始时间|发生时间|beginn der störung|störungsbeginn|start der störung|anfang|von|startdatum|"
        "début de l incident|date début|début incident|date et heure de début|fecha inicio|"
        "fecha y hora de inicio|hora de inicio|inicio del incidente|data de início|data início|"
        "data e hora de início|início|início do incidente|data inizio|ora inizio|data e ora inizio|"
        "inizio incidente|begindatum|begintijd|starttijd|begin storing|aanvang|開始日時|開始時刻"
        "|障害発生日時|発生日|開始|开始|"
        "故障时间|故障开始时间"
    ),
    "acknowledged_at": "acknowledged at|acknowledged on|acknowledged date|acknowledged|acked at|ack time",
    "resolved_at": (
        "resolved at|resolved|resolved on|resolution date|resolution time|resolved date|resolved time|"
        "closed at|closed|closed on|close date|closed date|closed time|end|ended at|end time|end date|"
        "ended|fixed at|incident end|impact end|outage end|duration|outage duration|time to resolve|"
        "back at|up since|up again|"
        "time to resolution|downtime|date closed|date resolved|mitigated at|ende|finish|finished|"
        "finished at|completed|completed at|completed on|how long|lasted|duration minutes|duration min|"
        "duration mins|duration hours|duration h|downtime minutes|downtime min|outage minutes|minutes down|"
        "dauer|durée|duración|duração|gelöst am|gelöst|behoben am|behoben|erledigt am|geschlossen am|"
        "abgeschlossen am|beendet am|résolu le|clôturé le|fermé le|date de fin|heure de fin|resuelto|"
        "resuelto el|cerrado|cerrado el|fecha de cierre|resolvido em|fechado em|encerrado em|opgelost|"
        "opgelost op|gesloten op|risolto il|chiuso il|fin|fine|復旧日時|終了日時|结束时间|恢复时间|ende der störung|"
        "störungsende|bis|enddatum|endzeit|wiederhergestellt am|fin de l incident|date fin|"
        "date et heure de fin|date de résolution|date de clôture|fecha de resolución|fecha de fin|fecha fin|"
        "fecha y hora de fin|hora de fin|fecha de solución|fin del incidente|data de fim|data fim|"
        "data de término|data e hora de fim|término|fim|data de resolução|data de encerramento|data fine|"
        "ora fine|data e ora fine|data risoluzione|einddatum|eindtijd|einde|einde storing|完了日時"
        "|復旧日|復旧時刻|復旧|"
        "解決日時|終了時刻|終了|结束|恢复|解决时间"
    ),
    "service": (
        "service|service name|affected service|affected services|services|component|components|application|"
        "app|system|product|configuration item|business service|impacted service|impacted services|svc|ci|"
        "affected ci|affected cis|impacted ci|affects|"
        "cmdb ci|platform|affected system|affected systems|affected component|module|betroffener dienst|"
        "system dienst|service touché|servicio afectado|serviço|serviço afetado|dienst|servicio|servizio|"
        "サービス|サービス名|服务|where|betroffenes system|betroffene systeme|betroffener service|"
        "betroffene anwendung|betroffene dienste|betroffene komponente|anwendung|dienst system|komponente|"
        "wo|application concernée|applications concernées|service concerné|services concernés|"
        "service affecté|service impacté|système concerné|système|composant|application impactée|"
        "sistema afectado|sistemas afectados|sistema|aplicación afectada|aplicación|componente|"
        "sistema afetado|sistemas afetados|serviço impactado|aplicação|aplicação afetada|"
        "sistema interessato|servizio interessato|servizio impattato|applicazione|applicazione interessata|"
        "getroffen systeem|getroffen dienst|systeem|applicatie|toepassing|対象システム|対象サービス"
        "|影響システム|影響サービス|システム|"
        "システム名|系统|系统名称|影响系统|受影响系统|受影响服务|应用|服务名称"
    ),
    "environment": ("environment|env|stage|umgebung|environnement|entorno|ambiente|omgeving|環境|环境"),
    "severity": (
        "severity|sev|priority|prio|urgency|criticality|level|sev level|schwere|schweregrad|gravité|"
        "gravedad|gravità|gravidade|priorität|priorité|prioridad|prioridade|prioriteit|重大度|优先级|严重程度|"
        "dringlichkeit|kritikalität|schweregrad der störung|criticité|sévérité|urgence|niveau de gravité|"
        "criticidad|severidad|urgencia|nivel de gravedad|criticidade|severidade|urgência|criticità|"
        "priorità|urgenza|severità|urgentie|ernst|impactniveau|重要度|深刻度|緊急度|優先度|级别|严重级别|严重性|优先度"
    ),
    "status": (
        "status|state|statut|état|estado|situação|zustand|statut actuel|stato|situação atual|ステータス|状態|状况|状态"
    ),
    "root_cause": (
        "root cause|root causes|root cause description|root cause analysis|reason|why|rca|rca summary|"
        "root cause summary|explanation|why it happened|why did it happen|causes|contributing causes|"
        "contributing factors|ursache|grundursache|cause racine|causa raíz|causa|causa raiz|oorzaak|原因|"
        "grund|grund der störung|grund des ausfalls|grund des fehlers|ausfallgrund|ausfallursache|störungsgrund|"
        "ursache der störung|ursache des ausfalls|ursache des fehlers|ursache des problems|"
        "根本原因|根因|fehlerursache|hauptursache|ursachen|störungsursache|cause de l incident|cause principale|"
        "cause profonde|causa del incidente|causa principal|causa principale|causa radice|"
        "causa do incidente|grondoorzaak|hoofdoorzaak|障害原因|発生原因|直接原因|故障原因|事故原因|原因分析"
    ),
    "cause": (
        "cause label|cause code|root cause category|root cause code|cause category|root cause type|failure type|"
        "failure mode|fault type|cause"
    ),
    "fix": (
        "resolution|fix|solution|resolution notes|resolution message|resolution summary|close notes|"
        "resolution steps|action taken|fix summary|actions taken|remedy|mitigation|mitigation steps|"
        "remediation|how fixed|workaround|what fixed it|corrective action|fix applied|applied fix|"
        "mitigation message|what we did|what was done|what did we do|how we fixed it|how it was fixed|"
        "how was it fixed|fix description|maßnahme|maßnahmen|lösung|behebung|résolution|solución|soluzione|"
        "solução|resolução|oplossing|対応|対応内容|处理措施|解决方案|massnahme|massnahmen|behebungsmaßnahme|"
        "fehlerbehebung|problemlösung|abhilfe|wiederherstellung|"
        "lösung des problems|action corrective|mesure prise|mesures prises|solution appliquée|correction|"
        "rétablissement|resolución|solución aplicada|acción correctiva|acciones tomadas|"
        "acciones realizadas|medidas tomadas|solução aplicada|ação corretiva|ações tomadas|correção|"
        "risoluzione|soluzione applicata|azione correttiva|azioni intraprese|genomen maatregelen|maatregel|"
        "herstel|対処|対処内容|対処方法|対策|対応策|復旧対応|解決策|処置|处理方法|处理过程|解决措施|恢复措施|解决方法"
    ),
    "comments": (
        "comments|comment|work notes|worknotes|notes|updates|activity log|remarks|remark|"
        "additional comments|additional notes|other notes|bemerkung|bemerkungen|kommentar|kommentare|"
        "anmerkung|anmerkungen|notiz|notizen|verlauf|arbeitsnotizen|commentaire|commentaires|remarque|"
        "remarques|observations|historique|observaciones|observación|comentarios|comentario|notas|"
        "observações|observação|comentários|note|osservazioni|commenti|opmerking|opmerkingen|notities|備考|"
        "コメント|対応履歴|経過|备注|评论|处理记录"
    ),
    "impact": (
        "impact|customer impact|business impact|user impact|auswirkung|auswirkungen|folgen|impact client|"
        "impact utilisateur|conséquence|conséquences|impacto|impacto al cliente|impatto|gevolg|gevolgen|影響|"
        "影響範囲|影响|影响范围"
    ),
    "detection": (
        "detection|detection method|how detected|detected by|erkennung|erkannt durch|entdeckt durch|"
        "détection|détecté par|detección|detectado por|detecção|rilevamento|rilevato da|検知|検知方法|发现方式|"
        "how it was detected|how was it detected"
    ),
    "trigger": ("trigger|triggered by|auslöser|déclencheur|desencadenante|gatilho|きっかけ|契機|触发原因"),
    "labels": "labels|tags",
    "duplicate_of": "duplicate of|dupe of|dup of|is duplicate of",
    "source": "source",
    "source_id": "source id",
}
SYNONYMS: Mapping[str, Sequence[str]] = {name: tuple(synonyms.split("|")) for name, synonyms in _NAMES.items()}
"""Our field → its common names, most reliable first; compared without case, underscores and punctuation."""
_ACCOUNTS = frozenset(
    (
        *SYNONYMS["comments"],
        "action taken",
        "actions taken",
        "steps taken",
        "mitigation",
        "mitigation message",
        "mitigation steps",
        "workaround",
        "resolution notes",
        "resolution message",
        "close notes",
        "what was tried",
        "timeline",
        "immediate actions",
        "sofortmaßnahmen",
        "maßnahmen",
        "acciones",
    )
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
    return _TAKEN.sub("", " ".join(re.sub(r"[\W_]+", " ", name.lower()).split()))


_TAKEN = re.compile(r"^(?:durchgeführt|getroffen|ergriffen|eingeleitet|umgesetzt|erfolgt)e (?=ma(?:ß|ss)nahmen?$)")
"""A participle before a German *measure*, which makes it one that was taken."""


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
    return tuple(
        column
        for column in columns
        if column not in used and (normalize_column(column) in _ACCOUNTS or states_failed_fix(column))
    )


def states_action_items(column: str) -> bool:
    """Return whether a column tells what is still to be done so that it does not come again."""
    name = normalize_column(column)
    return name not in _AMBIGUOUS_ACTIONS and heading_topic(name) == "actions"


_AMBIGUOUS_ACTIONS = frozenset(
    ("actions", "tickets", "tasks", "jira tickets", "corrective action", "corrective actions")
)
"""Columns that may as well tell what was done, or name other records."""


def states_failed_fix(column: str) -> bool:
    """Return whether a column tells what was tried and did not help."""
    return section_topic(normalize_column(column)) == "failed_fix"


def states_whys(column: str) -> bool:
    """Return whether a column holds a chain of whys, of which the last answer is the root cause."""
    return names_chain(normalize_column(column))


def _assign_rest(by_name: Mapping[str, str], already_assigned: Mapping[str, Sequence[str]]) -> dict[str, str]:
    assigned: dict[str, str] = {}
    for name, synonyms in SYNONYMS.items():
        used = set(assigned.values())
        free = (by_name[synonym] for synonym in synonyms if synonym in by_name and by_name[synonym] not in used)
        if name not in already_assigned and (chosen := next(free, None)) is not None:
            assigned[name] = chosen
    return assigned
