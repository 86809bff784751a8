"""Alert → the incident it belongs to, with reasons. Pure: no database, no clock."""

from onrecall.grouping.correlate import plan
from onrecall.grouping.manual_pairings import Kinds, Pairings, kind_of, pairs
from onrecall.grouping.plan import How, Join, Member, Merge, OpenIncident, Opening, Plan, Quiet
from onrecall.grouping.rules import Rules
from onrecall.grouping.topology import Topology, service_name

__all__ = [
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
    "kind_of",
    "pairs",
    "plan",
    "service_name",
]
