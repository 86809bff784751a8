"""Map the headings and labels of postmortem templates, in several languages, to topics."""

import re
from functools import cache, lru_cache
from typing import Literal, cast

from onrecall.domain.word_file import read_sections

Topic = Literal[
    "title", "summary", "impact", "cause", "trigger", "detection", "timeline", "fix", "failed_fix", "actions",
    "date", "start", "end", "detected_at", "mitigated_at", "duration", "severity", "service", "environment", "status",
    "incident_id", "facts", "published", "aside",
]  # fmt: skip
"""The topic of a section or labelled value; `aside` is a known heading without any field."""

SECTIONS = frozenset(
    ("summary", "impact", "cause", "trigger", "detection", "timeline", "fix", "failed_fix", "actions", "facts", "aside")
)
"""Topics that open a section."""

_MARKS = re.compile(r"[*_`~]|\{#[^}]*\}|:[a-z_0-9+]+:")
_NUMBER = re.compile(r"^(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[ivx]{1,4}|[a-h])[.):]\)?|\d{1,2}(?:\.\d{1,2})*|§\s*\d+)\s+")
_BRACKETS = re.compile(r"\s*[(\uff08\[][^()\uff08\uff09\[\]]{0,60}[)\uff09\]]\s*$")
_ENDS = " \t¿¡:\uff1a-\u2013—.·|#>"


@lru_cache(maxsize=4096)
def normalize_heading(heading: str) -> str:
    """Normalise a heading or label: lower case, without markup, numbering and emoji."""
    text = _strip_marks(heading)
    return text if text in _topics() else " ".join(_NUMBER.sub("", text).strip(_ENDS).split())


def _strip_marks(heading: str) -> str:
    text = _MARKS.sub("", heading[:200])
    if not text.isascii():
        text = "".join(letter for letter in text if letter.isprintable() and not _is_picture(letter))
    return " ".join(
        text.replace("\\", "")
        .replace("\u2019", "'")
        .strip(_ENDS)
        .casefold()
        .removesuffix("?")
        .removesuffix("\uff1f")
        .split()
    )


def heading_topic(heading: str) -> Topic | None:
    """Return the topic of a heading or label, or None if it is unknown."""
    text = normalize_heading(heading)
    topics = _topics()
    return topics.get(text) or topics.get(_BRACKETS.sub("", text).strip(_ENDS)) or _topic_of_fact(text)


_FACT_QUESTIONS: tuple[tuple[re.Pattern[str], Topic], ...] = (
    (re.compile(r"when (?:did (?:it|this|the [a-z]+) (?:start|begin)|was the start)"), "start"),
    (
        re.compile(
            r"when (?:did (?:it|this|the [a-z]+) (?:end|stop)|was (?:it|this|the [a-z]+) (?:over|resolved|fixed))"
        ),
        "end",
    ),
    (
        re.compile(
            r"how (?:bad|severe|serious|critical)(?: (?:was|is) it)?|(?:severity|priority) (?:rating|class|grade)"
        ),
        "severity",
    ),
    (
        re.compile(
            r"(?:owning|failing|faulty|broken|concerned) (?:services?|systems?|components?|apps?|applications?)"
            r"|(?:which|what) (?:services?|systems?|components?|apps?|applications?)(?: (?:was|were|is"
            r"|are) (?:affected|impacted|down|hit))?"
        ),
        "service",
    ),
    (re.compile(r"(?:impact|outage|incident|disruption) (?:window|period)"), "duration"),
)
"""Labels of facts in the form of a question, or in words of their own."""


def _topic_of_fact(label: str) -> Topic | None:
    if len(label) > _LONGEST_QUESTION:
        return None
    return next((topic for pattern, topic in _FACT_QUESTIONS if pattern.fullmatch(label)), None)


def section_topic(heading: str) -> Topic | None:
    """Return the topic of a section heading; of two topics, the one with fields."""
    if (exact_topic := heading_topic(heading)) is not None:
        return exact_topic
    parts = re.split(r"\s*(?:/|&|\+| and | und | et | y )\s*", normalize_heading(heading))
    topics = [_topics().get(part) for part in parts]
    if len(parts) > 1 and all(topics):
        return next((candidate for candidate in topics if candidate in SECTIONS and candidate != "aside"), topics[0])
    return _topic_of_question(normalize_heading(heading))


_WE_DO = r"(?:we(?:['’]re| are| will|['’]ll| plan| intend)|(?:are|will|do|can) we)"
_LESSONS = re.compile(r"\b(?:well|right|better|learn\w*|luck\w*|as (?:planned|expected|intended))\b")
"""What a question about the work itself asks for: its answer is no field of the incident."""
_QUESTIONS: tuple[tuple[re.Pattern[str], Topic], ...] = (
    (
        re.compile(
            r"(?:improvement|prevent(?:ion|ive|ative)|corrective|follow[- ]?up|remediation|open|outstanding"
            r"|planned|agreed"
            r"|pending|further|future) (?:items?|tasks?|measures?|tickets?|points?|activities|to-?dos?|actions?)"
            r"|(?:things|stuff|work|items|changes|what) (?:that )?(?:we(?:['’]ll| will| plan to| want to| intend to"
            r"| are going to| need to| still have to)|to) (?:do|change|fix|improve|build|add)\b.*"
        ),
        "actions",
    ),
    (
        re.compile(
            r"was (?:machen|tun|ändern|werden) wir\b.*\b(?:damit|um|künftig|anders|wieder|verhindern|dagegen)\b.*"
            r"|(?:que|qu['’]) ?(?:faisons|ferons|allons)-nous\b.*|comment (?:éviter|allons-nous)\b.*"
            r"|(?:qué|cómo) (?:vamos a|haremos|evitaremos|evitamos|evitar)\b.*|(?:o que|como) (?:vamos|faremos"
            r"|evitar\w*)\b.*"
            r"|(?:cosa|come) (?:faremo|facciamo|evit\w+)\b.*|(?:wat gaan we|hoe voorkomen we)\b.*"
            r"|(?:improvements?|changes|actions|work|measures|tasks|steps|follow-?ups?) (?:that )?(?:we )?(?:have )?"
            r"(?:agreed|decided|planned|committed)(?: on| to)?"
        ),
        "actions",
    ),
    (
        re.compile(
            r"what (?:got|brought|put|led) (?:us|it|things|service|the [a-z]+) (?:out|back|up|going|working)\b.*"
            r"|how (?:did )?we (?:got?|get|came|come) (?:out|back|through)\b.*|what ended (?:it|the [a-z]+)"
            r"|how it (?:was )?ended"
        ),
        "fix",
    ),
    (
        re.compile(
            r"(?:failed|unsuccessful|fruitless|futile|ineffective|unhelpful|abandoned) (?:[a-z]+ )?"
            r"(?:attempts?|tries|fix(?:es)?|mitigations?|steps?|remedies|remedy|actions?|measures?|workarounds?|approach(?:es)?)"
            r"|(?:what|things|steps) (?:else |also |that )?(?:we |was |were |did we )(?:else |also |first |already )*"
            r"(?:try|tried|attempt|attempted)\b.*"
            r"|(?:other|earlier|previous|first) attempts?|attempts? (?:that|which|without|with no|in vain)\b.*"
            r"|(?:stuff|things|fixes|options|ideas|remedies) (?:that )?we (?:first |also )?tried\b.*"
            r"|(?:[^\W\d_]+ ){0,2}(?:ohne (?:erfolg|wirkung)|erfolglos\w*|vergeblich\w*|wirkungslos\w*"
            r"|sans (?:succès|effet|résultat)|sin (?:éxito|efecto|resultado)|sem (?:sucesso|efeito)"
            r"|senza (?:successo|effetto)|zonder (?:succes|effect))(?: [^\W\d_]+)?"
            r"|\w{0,8}(?:无效|未果|失败的尝试|効果(?:が|は)?な|失敗した(?:対応|試み))\w{0,6}"
            r"|(?:not|un) ?(?:successful|helpful|effective)|without (?:success|effect|result)|no success"
        ),
        "failed_fix",
    ),
    (
        re.compile(
            rf"(?:what|how|which)\b.*\b{_WE_DO}\b.*\b(?:do|doing|chang\w*|prevent\w*|improv\w*|avoid\w*|stop\w*"
            r"|differently|next|follow\w*|address\w*)\b.*"
            r"|(?:steps|measures|changes|actions|work) (?:(?:we are taking |taken )?to (?:prevent"
            r"|avoid) (?:this|it|a |such|rec|re-)"
            r"|we (?:are|will|plan))\b.*"
        ),
        "actions",
    ),
    (
        re.compile(
            r"what (?:we tried|did(?: not|n't) (?:help|work|fix|solve|resolve|mend))\b.*"
            r"|(?:things|steps|actions|fixes|attempts|measures|mitigations) (?:that|which) (?:did(?:"
            r" not|n't)|failed)\b.*"
        ),
        "failed_fix",
    ),
    (
        re.compile(
            r"(?:what|how) (?:did we|we|was it|was this|was the \w+) (?:finally |then |eventually )?"
            r"(?:do|did|fix\w*|resolv\w*|recover\w*|restor\w*|mitigat\w*|solv\w*)\b.*"
        ),
        "fix",
    ),
    (
        re.compile(
            r"why (?:did|was|were)\b.*|why (?:it|this|the [\w -]+) (?:happened|failed|broke|occurred"
            r"|stopped|went|crashed|fell)\b.*"
            r"|what (?:\w+ ){0,2}caused\b.*|what (?:was|were) the (?:\w+ )?(?:causes?|reasons?)\b.*"
        ),
        "cause",
    ),
    (
        re.compile(
            r"how (?:did we|we|was it|was this|was the \w+) (?:first )?"
            r"(?:detect\w*|notic\w*|find out|found|discover\w*|learn\w* (?:of|about))\b.*"
        ),
        "detection",
    ),
    (
        re.compile(
            r"(?:who|what|which \w+) (?:was|were) (?:affected|impacted|hit)\b.*"
            r"|how (?:were|was) (?:you|customers?|users?|we) (?:affected|impacted)\b.*"
        ),
        "impact",
    ),
)
"""Headings in the form of a question or a promise, in words of their own."""


def _topic_of_question(heading: str) -> Topic | None:
    if len(heading) > _LONGEST_QUESTION:
        return None
    topic = next((topic for pattern, topic in _QUESTIONS if pattern.fullmatch(heading)), None)
    return None if topic != "detection" and _LESSONS.search(heading) else topic


_LONGEST_QUESTION = 80


@cache
def _topics() -> dict[str, Topic]:
    """Return heading → topic, read from `headings.txt`; the first occurrence counts."""
    topics: dict[str, Topic] = {}
    for heading, lines in read_sections("onrecall.importers.postmortem", "headings.txt").items():
        for word in filter(None, (part.strip() for line in lines for part in line.split("|"))):
            topics.setdefault(word, cast("Topic", heading))
    return topics


def without_pictures(line: str) -> str:
    """Remove leading emoji from a line."""
    if line.lstrip().isascii():
        return line
    start = next((n for n, letter in enumerate(line) if not (_is_picture(letter) or letter.isspace())), 0)
    return line[start:] if any(_is_picture(letter) for letter in line[:start]) else line


def _is_picture(letter: str) -> bool:
    """Return whether a character is an emoji or dingbat."""
    code = ord(letter)
    return 0x2190 <= code <= 0x2BFF or 0x1F000 <= code <= 0x1FAFF or code in (0xFE0F, 0x200D, 0x20E3)
