"""Blank out what sounds like a failure but says that all was well: `errors did not return`, `still green`."""

import re

_MEASURE = (
    r"(?<!hit )(?<!success )(?:(?:error|failure)\s+)?(?:errors?|rates?|load|latency|lag|queues?|backlog"
    r"|temperature|pressure|status|cpu|memory"
    r"|5xx|4xx|p9\d|alarms?|alerts?)"
)
_TROUBLE = (
    r"(?:errors?|alerts?|alarms?|problems?|issues?|symptoms?|faults?|leaks?|lag|loops?|timeouts?|5xx|spikes?"
    r"|crash(?:es)?"
    r"|fehler|alarme?)"
)
_NOT = r"(?:(?:did|does|do|has|have|had)(?:\s+not|n['\u2019]t)|never)"
_HEALTHY = (
    r"(?:monitoring|watching|observing|draining|shrinking|recovering|green|fine|ok(?:ay)?|stable|healthy|quiet|leaves?"
    r"|leaving|stabil|grün|erreichbar|verfügbar|in ordnung|disponibles?|estables?|stables?|estável|normales?|verts?)"
)
_STATE = re.compile(
    rf"\b{_NOT}\s+(?:really\s+)?(?:make|made|get)\s+(?:it|things|matters|anything)\s+(?:any\s+)?worse\b"
    rf"|\b(?:still|weiterhin|toujours|siguen?|ainda)\s+(?:all\s+)?{_HEALTHY}\b"
    rf"|\b{_MEASURE}\s+(?:\w+\s+)?(?:stay(?:s|ed)?|remain(?:s|ed)?|(?:is|are|was|were)\s+still)\s+(?:at\s+"
    rf"|well\s+|nearly\s+)?"
    r"(?:low|normal|green|ok(?:ay)?|fine|stable|below|under|within|zero|0\b|healthy|quiet)"
    rf"|\b{_MEASURE}\s+(?:kept|keeps)\s+(?:on\s+)?(?:falling|dropping|sinking|decreasing|declining|clearing"
    rf"|going\s+down)\b"
    r"|\b(?:kept|keeps)\s+(?:on\s+)?(?:draining|shrinking|improving|recovering)\b"
    rf"|\b{_TROUBLE}\s+{_NOT}\s+(?:yet\s+|since\s+)?(?:come\s+back|came\s+back|return\w*|recur\w*|reappear\w*"
    rf"|fire\w*|trip\w*"
    r"|happen\w*)\b(?:\s+again\b)?"
    rf"|\bno\s+(?:\w+\s+)?{_TROUBLE}\s+(?:have\s+|has\s+)?c[ao]me\s+back\b"
    rf"|\b(?:customers|users|clients|people|buyers|drivers|staff)\s+{_NOT}\s+(?:even\s+)?(?:notice|see|feel"
    rf"|complain)\w*(?:\s+\w+){{0,2}}"
    r"|\b(?:data\s+loss|loss(?:es)?|impact|downtime|side\s+effects|damage|risks?|errors)\s*:\s*(?:none|zero"
    r"|nothing|no)\b",
    re.IGNORECASE,
)


def without_healthy_states(text: str) -> str:
    """Return a text of the same length with such phrases as blanks."""
    return _STATE.sub(lambda phrase: " " * len(phrase[0]), text)
