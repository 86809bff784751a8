"""How dangerous a step is that is told in words: the verbs that stand in it, and what they are done to."""

import re

from onrecall.incident import Risk
from onrecall.recommendation.assessment import Assessment, read_only, unknown

_LOSES = r"(?:data|tables?|rows?|records?|database|schema|index|indices|volumes?|pvcs?|pvs?|persistent\w*|buckets?|objects?|snapshots?|backups?|files?|logs?|topics?|queues?|messages?|namespaces?|clusters?|instances?|disks?|partitions?|wal|slots?|keys?|branch|history|documents?|messages|segments?|secrets?|deployments?|statefulsets?|stack|users?|certificates?|images?|repositor\w+|dumps?|directory|director\w+|folder|old \w+|stale \w+|orphan\w*)"

_RULES: tuple[tuple[str, Risk, str], ...] = (
    (rf"\b(?:delet\w+|remov\w+|drop(?:ped|ping)?|purg\w+|wip\w+|eras\w+|destroy\w*|truncat\w+|clean\w* up|clear\w*(?: out)?|prun\w+|empt(?:y|ied)|discard\w*|flush\w*)\b[^.;]*?\b{_LOSES}\b", "destructive", "data or resources are lost"),
    (r"\b(?:drop|truncate|purge|wipe|erase|destroy|format|reformat|factory reset|hard reset|force[- ]push|overwrit\w+|deprovision|decommission|tear down|nuke|shred|flushall|flushdb|re-?initiali[sz]e|rebuild from scratch|recreate the (?:database|table|volume|cluster)|restore\b[^.;]*\b(?:backup|snapshot)|point[- ]in[- ]time)\b", "destructive", "data or resources may be lost"),
    (r"\b(?:terminat\w+|delet\w+|remov\w+)\b[^.;]*\b(?:vms?|ec2|nodes? group|load balancer|resource|release|job|replicas? set)\b", "destructive", "resources are lost"),
    (r"\b(?:restart\w*|reboot\w*|bounc\w+|kill\w*|terminat\w+|evict\w*|drain\w*|fail(?:ed|ing)?[ -]?over|failover|switch(?:ed|ing)?[ -]?over|stop(?:ped|ping)?|shut(?:ting)? ?down|disabl\w+|roll(?:ed|ing)?[ -]?back|rollback|revert\w*|redeploy\w*|deploy\w*|roll(?:ed|ing)?[ -]?out|scal\w+ (?:\w+ ){0,3}(?:down|to (?:0|zero|1|one)\b|in\b)|downscal\w*|downgrad\w+|upgrad\w+|cancel\w*|abort\w*|block\w*|throttl\w+|rate[- ]limit\w*|shed\w*|revok\w+|rotat\w+|promot\w+|demot\w+|detach\w*|disconnect\w*|cut(?:ting)? off|power[- ]cycl\w+|reset\w*|recycl\w+|delet\w+|remov\w+|evacuat\w*|isolat\w+|take\w* (?:\w+ ){0,3}(?:offline|out of)|migrat\w+|repoint\w*|reroute\w*|redirect\w*|shift\w* (?:\w+ ){0,2}traffic|swap\w*|patch\w*|replac\w+|modif\w+|chang\w+|updat\w+|edit\w*|flip\w*|merg\w+|apply|applied|run the (?:migration|script|job)|reindex\w*|vacuum full|rebalanc\w+|move\w*|purg\w+|clear\w*|flush\w*|invalidat\w+|clean\w*|renew\w*|unmount\w*|fix\w*|hotfix\w*|lower\w*|reduc\w+|decreas\w+|limit\w*|force\w*|tun\w+|reassign\w*|re-?elect\w*|re-?creat\w+|rebuil\w+|re-?join\w*|resync\w*)\b", "disruptive", "may interrupt service or sessions"),
    (r"\b(?:scal\w+ (?:\w+ ){0,4}(?:up|out|to \d+|from \d+ to \d+)|scal\w+|add\w*|increas\w+|rais\w+|bump\w*|enabl\w+|creat\w+|turn(?:ed)? on|cordon\w*|uncordon\w*|label\w*|annotat\w*|start(?:ed|ing)?|resum\w+|unpaus\w+|paus\w+|silenc\w+|mut\w+|reload\w*|extend\w*|expand\w*|provision\w*|set\b|configur\w+|back ?up|take a (?:snapshot|backup|dump)|snapshot\w*|open(?:ed)? a (?:ticket|pr|case)|grant\w*|allow\w*|warm\w*|pre-?warm\w*|widen\w*|grow\w*|doubl\w+|toggle\w*|whitelist\w*|allowlist\w*|analy[sz]e the table|vacuum\w*)\b", "reversible", "can be undone at once"),
    (r"\b(?:check\w*|verif\w+|look\w*|inspect\w*|review\w*|read\w*|confirm\w*|monitor\w*|watch\w*|compar\w+|investigat\w+|list\w*|find|found|identif\w+|examin\w+|search\w*|query|queried|quer\w+|view\w*|show\w*|see|saw|get|got|tail\w*|grep\w*|describ\w+|analy[sz]\w+|measur\w+|trac\w+|profil\w+|captur\w+|collect\w*|gather\w*|notif\w+|inform\w*|page\w*|escalat\w+|contact\w*|ask\w*|communicat\w+|post\w*|wait\w*|note\w*|determin\w+|ensure\w*|make sure|observ\w+|correlat\w+|diff\w*|test\w*|validat\w+|count\w*|log in|ssh|connect|dump the threads|document\w*|discuss\w*|record\w*|tell|call|open|assess\w*|estimate\w*|track\w*|audit\w*|explain\w*|plan\w*)\b", "read_only", "only looks"),
)  # fmt: skip
_NEGATED = re.compile(
    r"\b(?:do not|don't|never|avoid|without|no need to|instead of|rather than|before|after|until|since|whether|if|when|that|which|why)\b[^.;,]*",
    re.IGNORECASE,
)
_LOOKING = re.compile(
    r"^\s*(?:\d+[.)]\s*)?(?:first|then|next|now|also|please|we|finally)?,?\s*(?:check|verif\w+|look|inspect|review|read|confirm|monitor|watch|compare|investigate|list|find|identify|examine|search|query|view|show|see|get|tail|grep|describe|measure|trace|ensure|make sure|observe|determine|validate|count|ask|notify|inform|page|contact|wait|correlate|gather|collect|note)(?:e?d|s)?\b(?P<rest>[^.;]*)",
    re.IGNORECASE,
)
_THEN = re.compile(r"(?:,|\band\b|\bthen\b|\bor\b)\s+(?:then\s+)?", re.IGNORECASE)


def judge(text: str) -> Assessment:
    """The worst of what the sentences tell to do; what only stands in a condition or after a looking verb is not done."""
    best: Assessment | None = None
    order = ("read_only", "reversible", "disruptive", "destructive")
    for clause in _clauses(text):
        found = _clause(clause)
        if found and (best is None or order.index(found.risk) > order.index(best.risk)):
            best = found
    return best or unknown("what it does is not recognised")


def _clauses(text: str) -> list[str]:
    return [
        part for sentence in re.split(r"[.;\n](?:\s|$)|→|=>", text) for part in _THEN.split(sentence) if part.strip()
    ]


def _clause(clause: str) -> Assessment | None:
    if _LOOKING.match(clause):
        return read_only("only looks")
    clause = _NEGATED.sub("", clause)
    for pattern, risk, reason in _RULES:
        if re.search(pattern, clause, re.IGNORECASE):
            return Assessment(risk, reason)
    return None
