"""Incidents, alerts, documents, answers and all that becomes of them come in, a repository for each.
What is stored in SQLite or PostgreSQL goes out, now or as it was known at a time.
"""

from onrecall.storage.apply_plan import (
    BY_ALERTS,
    AlertAssignment,
    GroupingWrite,
    IncidentChange,
    IncidentMerge,
    NewIncident,
)
from onrecall.storage.events import NewEvent
from onrecall.storage.grouping_snapshot import (
    ALERTS_SOURCE,
    CandidateIncident,
    GroupingSnapshot,
    IncidentAlertCache,
    IncidentAlerts,
)
from onrecall.storage.ingest_results import (
    IngestBatch,
    IngestResult,
    RejectedPart,
    StoredAlert,
    StoredNote,
    StoredRejectedPart,
)
from onrecall.storage.results import (
    CircuitState,
    DailyModelUsage,
    EmbeddingVersion,
    FittedCurve,
    IncidentEvent,
    ModelCall,
    ModelUsage,
    PassageFeatures,
    PassageLogEntry,
    PassageText,
    PreparedRecord,
    ReindexedItem,
    ReindexItem,
    ResultPage,
    SaveResult,
    StoredTermStatistics,
    StoredVerdict,
)
from onrecall.storage.storage import Storage
from onrecall.storage.usage import Usage, UsageLimits

__all__ = [
    "ALERTS_SOURCE",
    "BY_ALERTS",
    "AlertAssignment",
    "CandidateIncident",
    "CircuitState",
    "DailyModelUsage",
    "EmbeddingVersion",
    "FittedCurve",
    "GroupingSnapshot",
    "GroupingWrite",
    "IncidentAlertCache",
    "IncidentAlerts",
    "IncidentChange",
    "IncidentEvent",
    "IncidentMerge",
    "IngestBatch",
    "IngestResult",
    "ModelCall",
    "ModelUsage",
    "NewEvent",
    "NewIncident",
    "PassageFeatures",
    "PassageLogEntry",
    "PassageText",
    "PreparedRecord",
    "ReindexItem",
    "ReindexedItem",
    "RejectedPart",
    "ResultPage",
    "SaveResult",
    "Storage",
    "StoredAlert",
    "StoredNote",
    "StoredRejectedPart",
    "StoredTermStatistics",
    "StoredVerdict",
    "Usage",
    "UsageLimits",
]
