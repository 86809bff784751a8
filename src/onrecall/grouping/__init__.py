"""Alerts come in, with the incidents that are open.
A plan goes out: which alert joins or opens which incident, which incidents merge, and why. No database, no clock.
"""

from onrecall.grouping.background import NOTHING_BEFORE, Background, PastAlert
from onrecall.grouping.correlate import plan_grouping
from onrecall.grouping.features import extract_features
from onrecall.grouping.manual_pairings import Kinds, ManualPairings, canonical_environment, kind_of, manual_pairs
from onrecall.grouping.plan import (
    GroupingPlan,
    How,
    IgnoredAlert,
    JoinIncident,
    Member,
    MergeIncidents,
    NewIncidentPlan,
    OpenIncident,
)
from onrecall.grouping.rules import GroupingRules
from onrecall.grouping.topology import ServiceGraph, service_name

__all__ = [
    "NOTHING_BEFORE",
    "Background",
    "GroupingPlan",
    "GroupingRules",
    "How",
    "IgnoredAlert",
    "JoinIncident",
    "Kinds",
    "ManualPairings",
    "Member",
    "MergeIncidents",
    "NewIncidentPlan",
    "OpenIncident",
    "PastAlert",
    "ServiceGraph",
    "canonical_environment",
    "extract_features",
    "kind_of",
    "manual_pairs",
    "plan_grouping",
    "service_name",
]
