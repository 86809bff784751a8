"""Alert → the incident it belongs to, with reasons. Pure: no database, no clock."""

from onrecall.grouping.background import NOTHING_BEFORE, Background, Heard
from onrecall.grouping.correlate import plan
from onrecall.grouping.features import see
from onrecall.grouping.manual_pairings import Kinds, Pairings, canonical_environment, kind_of, pairs
from onrecall.grouping.plan import How, Join, Member, Merge, OpenIncident, Opening, Plan, Quiet
from onrecall.grouping.rules import Rules
from onrecall.grouping.topology import Topology, service_name

__all__ = [
    "NOTHING_BEFORE",
    "Background",
    "Heard",
    "How",
    "Join",
    "Kinds",
    "Member",
    "Merge",
    "OpenIncident",
    "Opening",
    "Pairings",
    "Plan",
    "Quiet",
    "Rules",
    "Topology",
    "canonical_environment",
    "kind_of",
    "pairs",
    "plan",
    "see",
    "service_name",
]
