"""A step in one short line, as somebody would tell it: “Throttled connections to 30 %: pool from 100 to 30; timeouts
fell” becomes “Throttle connections to 30 %”. Only what is certain is changed; every other sentence stays as it is.
"""

import re
from collections.abc import Iterator
from functools import cache

from onrecall.domain.command_shapes import is_command_in_comment
from onrecall.recommendation.sanitize import sentence

MAX_LENGTH = 160
"""Characters of a line."""
MIN_CLAUSE_WORDS = 2
"""Words that must stand before a cut: “Fixed: raised the limit” is not cut to “Fixed”."""

_REGULAR = (
    "add adjust allow apply archive ask assign attach ban block boot bounce bound bump bypass cancel cap change "
    "check clean clear clone close compare compress configure confirm connect convert copy cordon correct count "
    "create decrease defer delay delete deploy detach disable disconnect divert double downgrade drain drop dump "
    "empty enable end enforce evict exclude expand expire export extend fail fence filter fix flush force free "
    "grant halve honor honour import increase inspect install invalidate isolate join kill label limit list load "
    "lock log look lower mark measure merge migrate mirror mount move mute name open order override page patch "
    "pause pin plan point prune publish pull purge push quarantine query queue quiesce raise rate re-deploy re- "
    "index re-issue re-run rebalance reboot reclaim reconfigure recreate recycle redeploy redirect reduce refresh "
    "register reindex reinstall reissue reject release reload relocate remove rename renew repair replace replay "
    "repoint request require reroute rescale reset resize resolve restart restore restrict resume retire retry "
    "return reuse revert revoke roll rotate route sample scale schedule seal serve shard shift shorten shrink "
    "skip snapshot soften split squash start stop suspend swap switch sync tag taint terminate test throttle "
    "toggle trace trigger trim truncate try tune turn unblock uncordon undo uninstall unlock unmount unpin "
    "untaint update upgrade upload vacuum verify wait warm watch whitelist wipe"
)
_IRREGULAR = {
    "began": "begin",
    "bought": "buy",
    "brought": "bring",
    "built": "build",
    "cut": "cut",
    "did": "do",
    "drew": "draw",
    "found": "find",
    "froze": "freeze",
    "gave": "give",
    "got": "get",
    "grew": "grow",
    "held": "hold",
    "kept": "keep",
    "let": "let",
    "made": "make",
    "put": "put",
    "ran": "run",
    "read": "read",
    "rebuilt": "rebuild",
    "reran": "rerun",
    "resent": "resend",
    "rewrote": "rewrite",
    "saw": "see",
    "sent": "send",
    "set": "set",
    "shrank": "shrink",
    "shut": "shut",
    "split": "split",
    "spun": "spin",
    "stood": "stand",
    "swapped": "swap",
    "switched": "switch",
    "told": "tell",
    "took": "take",
    "tore": "tear",
    "undid": "undo",
    "went": "go",
    "withdrew": "withdraw",
    "wrote": "write",
}
_LOOKING = frozenset(
    (
        *("check", "compare", "confirm", "count", "inspect", "list", "look", "measure", "query", "read", "see", "test"),
        *("trace", "verify", "wait", "watch"),
    )
)
"""Deeds that change nothing: a line may leave them out."""
_PLAIN_DEEDS = frozenset(
    (
        *("add", "ask", "drain", "increase", "lower", "move", "put", "raise", "reboot", "redeploy", "reduce", "reload"),
        *("rerun", "restart", "resume", "roll", "run", "scale", "send", "set", "switch", "tell"),
    )
)
"""Deeds whose past form after “and” is hardly ever an adjective: “and restarted payments”, not “and expired keys”."""
_DOUBLED = frozenset("bdglmnprt")
_LEAD = re.compile(
    r"(?:(?:step\s*)?\d{1,3}[.):]\s+|[-*•]\s+)?(?:(?:then|finally|first|next|manually|temporarily)[,\s]+)?"
    r"(?:(?:we|i|they|the team|on-?call|ops|sre)\s+(?:then\s+|manually\s+|temporarily\s+)?)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z][A-Za-z-]*")
_CODE = re.compile(r"`[^`]*`")
_ASIDE = re.compile(r"\s*\([^()]*\)")
_CUT = re.compile(
    r"[:;]\s|\.\s+(?=[A-Z‹])|\s[–—]\s|\s-\s"
    r"|,\s+(?:so that|so|which|because|since|whereas|while)\b|,\s+\d[^,;:]*\b(?:instead of|rather than)\b"
)
_DANGLING = re.compile(r"\b(?:following|these|this|steps?|commands?|below|as follows)$", re.IGNORECASE)
_JOINED = re.compile(
    r"(?P<joint>\band then|,?\s*\bthen|\band|[;.](?:\s+then)?)\s+(?P<verb>[A-Za-z][a-z-]*)(?=\s|$)", re.IGNORECASE
)
_OBJECT = re.compile(
    r"$|\s+(?:(?:the|a|an|all|any|both|each|every|it|its|them|their|our|one|two|three|up|down|out|off|on|back|in|into|to"
    r"|from|over|at|with|for|again)\b|[A-Z`‹\d])"
)


def to_imperative(text: str) -> str:
    """Return the step as one short line in the base form of its verb; what follows the deed is cut.

    A verb is changed only where its past form is known, so that no word is made up.
    """
    stated = _LEAD.sub("", sentence(text), count=1)
    line = _to_base_forms(_main_clause(stated)).strip().rstrip(".,;:! ")
    if len(line) > MAX_LENGTH:
        line = line[: MAX_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
    return line if is_command_in_comment(stated) else line[:1].upper() + line[1:]


def _main_clause(line: str) -> str:
    """The part that tells what was done: without asides in brackets, up to what tells of its details or its effect.

    A clause that begins with another deed is no detail: “enabled the timer; deleted the logs” is told whole.
    """
    masked = _CODE.sub(lambda code: "\0" * len(code[0]), line)
    for aside in reversed(list(_ASIDE.finditer(masked))):
        if _is_deed(aside[0].strip(" ()")):
            continue
        line = line[: aside.start()] + line[aside.end() :]
        masked = masked[: aside.start()] + masked[aside.end() :]
    for cut in _CUT.finditer(masked):
        head = masked[: cut.start()]
        is_another = _is_deed(line[cut.end() :], with_object=cut[0].startswith(":"))
        if len(head.split()) >= MIN_CLAUSE_WORDS and not _DANGLING.search(head) and not is_another:
            return line[: cut.start()]
    return line


def _is_deed(clause: str, *, with_object: bool = False) -> bool:
    """Whether a clause begins with a verb that tells what was changed; after a colon only where its object follows.

    “Look at CPU: throttled” tells what to look for.
    """
    deed = _LEAD.sub("", clause, count=1)
    first = _WORD.match(deed)
    if first is None or _past_forms().get(first[0].lower(), "wait") in _LOOKING:
        return False
    return not with_object or (first.end() < len(deed) and _OBJECT.match(deed, first.end()) is not None)


def _to_base_forms(line: str) -> str:
    """The sentence as an order, if it begins with a verb in the past whose base form is known."""
    first = _WORD.match(line)
    base = _past_forms().get(first[0].lower()) if first else None
    if first is None or base is None:
        return line
    return base + _JOINED.sub(_joined_base_form, line[first.end() :])


def _joined_base_form(match: re.Match[str]) -> str:
    """A further verb in the past: after “then” or a stop for certain, after “and” if an object or nothing follows."""
    base = _past_forms().get(match["verb"].lower())
    certain = match["joint"].lower().endswith(("then", ";", ".")) or base in _PLAIN_DEEDS
    if base is None or not (certain or _OBJECT.match(match.string, match.end())):
        return match[0]
    return f"{match['joint']} {base.capitalize() if match['verb'][0].isupper() else base}"


@cache
def _past_forms() -> dict[str, str]:
    """Past form → base form."""
    return {past: base for base in _REGULAR.split() for past in _regular_pasts(base)} | _IRREGULAR


def _regular_pasts(base: str) -> Iterator[str]:
    if base.endswith("e"):
        yield f"{base}d"
    elif base.endswith("y") and base[-2] not in "aeiou":
        yield f"{base[:-1]}ied"
    else:
        yield f"{base}ed"
        if base[-1] in _DOUBLED:
            yield f"{base}{base[-1]}ed"
