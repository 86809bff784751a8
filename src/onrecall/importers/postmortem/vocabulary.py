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
    (
        re.compile(
            r"(?:(?:corrective|preventi(?:ve|on)|preventative|protective|mitigating)(?:,? ?(?:and|&|/|or) ?)?){1,2}"
            r" ?(?:actions?|measures?|steps?|items?|tasks?)(?: plan)?"
            r"|(?:long|mid|medium|near)[- ]?term (?:actions?|measures?|improvements?|items?|tasks?|work|plan)"
            r"|who (?:will do|does|is doing|takes|took|owns) what|what will (?:change|be (?:done|changed))\b.*"
            r"|(?:to-?do|task|action|follow-?up) list|(?:action|follow-?up|task)s? (?:and|&|/) owners?"
            r"|owners? (?:and|&|/) (?:actions?|follow-?ups?|tasks?)|(?:ownership|owners) of (?:the )?(?:follow-?ups?"
            r"|actions?|next steps|tasks)"
            r"|who (?:will |is going to )?takes? care\b.*|(?:next steps|tasks|actions) (?:and|&|/) owners?"
            r"|(?:künftige|zukünftige|langfristige|geplante) (?:massnahmen|aktionen|schritte)"
            r"|offene (?:aufgaben|themen|massnahmen)"
            r"|(?:actions|mesures) (?:futures|à venir|prévues|à long terme)|(?:acciones"
            r"|medidas|mejoras) (?:futuras|previstas|planificadas)"
            r"|(?:ações|medidas|melhorias) (?:futuras|previstas|planejadas)|(?:azioni|misure) (?:future"
            r"|previste|pianificate)"
            r"|(?:toekomstige|geplande) (?:acties|maatregelen)"
        ),
        "actions",
    ),
    (
        re.compile(
            r"was (?:wurde|haben wir|hatten wir|wir) .*versucht(?:en)?|qué se (?:intentó"
            r"|probó)|qué (?:probamos|intentamos)\b.*"
            r"|qu'a-t-on (?:essayé|tenté)|ce qu(?:'on a|e l'on a|i a été) (?:essayé|tenté)"
            r"|o que (?:foi|se|nós)? ?(?:tentado|tentou|tentamos)\b.*|cosa (?:è stato|si è) (?:provato|tentato)"
            r"|wat (?:is|werd|hebben we) .*geprobeerd|what (?:was|were) attempted|(?:steps|actions|measures) attempted"
        ),
        "failed_fix",
    ),
    (
        re.compile(
            r"was (?:schliesslich |am ende |dann )?(?:hat )?(?:geholfen|half|funktioniert)(?: hat)?"
            r"|ce qui a (?:finalement )?(?:marché|aidé|fonctionné)"
            r"|(?:lo )?que (?:finalmente )?(?:funcionó|ayudó|sirvió)|qué (?:funcionó|ayudó|lo resolvió)"
            r"|o que (?:finalmente )?(?:funcionou|ajudou|resolveu)|(?:cosa|ciò che) ha (?:funzionato|aiutato|risolto)"
            r"|wat (?:uiteindelijk )?(?:hielp|werkte|heeft geholpen)|what (?:did|helped"
            r"|worked|fixed it)(?: (?:help|work|fix it))?"
            r"|steps (?:we )?(?:took|taken) to (?:recover|restore|resolve|fix|mitigate)\b.*"
        ),
        "fix",
    ),
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
    if names_chain(heading):
        return "cause"
    if _names_attempts_in_vain(normalize_heading(heading)):
        return "failed_fix"
    return _topic_of_question(normalize_heading(heading))


_CHAIN = re.compile(
    r"\b(?:five|5)[ -]?why'?s?\b|\bwhys?\b.{0,12}\b(?:five|5)\b|\bwhy[- ]analysis\b"
    r"|\b(?:fünf|5)[ -]?(?:mal )?(?:warum|w)\b|\b(?:cinco|5) ?(?:porqu[eéê]s?|por qu[eéê]s?)\b"
    r"|\b(?:cinq|5) ?pourquoi\b|\b(?:cinque|5) ?perché\b|\b(?:vijf|5)[ -]?(?:keer )?waaroms?\b"
    r"|なぜなぜ|(?:5|五)つのなぜ|(?:5|五)(?:个)?(?:为什么|为何)",
    re.IGNORECASE,
)
"""Headings of a chain of whys."""


_WHY = re.compile(r"(?:why|warum|weshalb|wieso|pourquoi|por qué|por que|perché|waarom|なぜ|为什么)\b.{0,4}")


def asks_why(label: str) -> bool:
    """Return whether a label is nothing but the word that asks for a reason, and perhaps its number."""
    return _WHY.fullmatch(normalize_heading(label)) is not None


def names_chain(heading: str) -> bool:
    """Return whether a heading announces a chain of whys: `Five whys`, `5 Warum`, `なぜなぜ分析`."""
    return _CHAIN.search(_strip_marks(heading)) is not None


_NO_USE = (
    r"(?:in vain|to no avail|(?:of )?no (?:use|help|avail|luck|success|effect|difference|result|improvement|good)"
    r"|(?:without|w/o) (?:any )?(?:success|effect|luck|avail|result|improvement)"
    r"|(?:did|does|do|has|had|was|were|turned out)(?: not|n't)(?: to)? (?:be )?"
    r"(?:help|work|fix|solve|resolve|matter|mend|cure|effective|successful|useful|helpful)\w*"
    r"|not (?:to )?(?:help|work|matter|fix)\w*|unsuccessful\w*|useless|unhelpful|ineffective|fruitless|futile|pointless"
    r"|no-?ops?|dead[- ]ends?|red herrings?|false starts?|blind alleys?|wrong tracks?"
    r"|vergeblich\w*|erfolglos\w*|wirkungslos\w*|nutzlos\w*|fehlversuche?"
    r"|nichts? (?:geholfen|gebracht|funktioniert|gewirkt)(?: hat| haben)?|(?:half|brachte"
    r"|funktionierte|wirkte)n? nichts?"
    r"|ohne (?:erfolg|wirkung|effekt|ergebnis)"
    r"|n'(?:a|ont) (?:pas|rien) (?:aidé|marché|fonctionné|donné|suffi|servi|changé)|en vain"
    r"|sans (?:succès|effet|résultat)"
    r"|fausses? pistes?|infructueu\w+"
    r"|no (?:funcion(?:ó|aron)|ayud(?:ó|aron)|sirvi(?:ó|eron)|result(?:ó|aron)|di(?:o|eron) resultado)"
    r"|sin (?:éxito|efecto|resultado)|fallid[oa]s?|infructuos[oa]s?"
    r"|não (?:funcion\w+|ajud\w+|resolv\w+|adiant\w+)|sem (?:sucesso|efeito|resultado|êxito)"
    r"|non (?:ha|hanno) (?:funzionato|aiutato|risolto)|senza (?:successo|effetto|esito)"
    r"|niet (?:hielp\w*|werkten?|geholpen|gewerkt)|zonder (?:succes|effect|resultaat)|mislukt\w*)"
)
"""What a heading says of attempts that were in vain."""
_ATTEMPTS = (
    r"(?:what|which|things?|steps?|stuff|work|actions?|fix(?:es)?|attempts?|measures?|mitigations?|remed(?:y|ies)|ideas?|efforts?"
    r"|options?|tried|trials?|tries|also|first|earlier|other|rejected|was|welche|versuche?"
    r"|massnahmen|schritte|ce qu[ei]|mesures"
    r"|essais|tentatives?|lo que|qué|acciones|medidas|intentos?|pruebas?|o que|ações|tentativas|cosa|ciò che|tentativi"
    r"|azioni|wat|pogingen|acties|maatregelen)"
)
_IN_VAIN = re.compile(
    rf"{_ATTEMPTS}\b.*(?<!\w){_NO_USE}(?!\w).*|{_NO_USE}(?: [\w'-]+){{0,2}}"
    r"|[^\u3002\uff0c、]{0,8}(?:効果(?:が|は)?な|うまくいかなかった|失敗した|无效|未奏效|没有用|没有效果)[^\u3002\uff0c、]{0,3}"
    r"(?:対応|試み|処置|こと|もの|尝试|措施|操作|步骤|方法|办法)"
)
_NOT_ATTEMPTS = re.compile(
    r"\b(?:why|how|warum|wieso|pourquoi|por qué|well|go|going|went|on (?:customers?|users?)"
    r"|alert\w*|monitor\w*|detect\w*)\b"
)
"""What a heading with such words is about that is no attempt: lessons, causes, detection."""


def _names_attempts_in_vain(heading: str) -> bool:
    """Return whether a heading announces what was in vain: `Work that had no effect`, `Ce qui n'a pas marché`."""
    return (
        len(heading) <= _LONGEST_QUESTION
        and _IN_VAIN.fullmatch(heading) is not None
        and not _NOT_ATTEMPTS.search(heading)
    )


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
            r"|(?:workarounds?|fix(?:es)?|mitigations?|steps|remed(?:y|ies)) (?:already |first |also )?"
            r"(?:tried|attempted)"
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
            r"(?:what|how) (?:did (?:we|you|they)|we|was it|was this|was the \w+) (?:finally |then |eventually )?"
            r"(?:do|did|fix\w*|resolv\w*|recover\w*|restor\w*|mitigat\w*|solv\w*)\b.*"
        ),
        "fix",
    ),
    (
        re.compile(
            r"why (?:did|was|were)\b.*|why (?:is|has|does)(?: it| this)? happen(?:ed|s)?"
            r"|why (?:it|this|the [\w -]+) (?:happened|failed|broke|occurred"
            r"|stopped|went|crashed|fell)\b.*"
            r"|what (?:\w+ ){0,2}caused\b.*|what (?:was|were) the (?:\w+ )?(?:causes?|reasons?)\b.*"
        ),
        "cause",
    ),
    (
        re.compile(
            r"how (?:did (?:we|you|they)|we|was it|was this|was the \w+) (?:first )?"
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


_EMOJI_NAMES = re.compile(r"^\s*(?::[a-z][a-z_0-9+-]{0,30}:\s+)+")


def without_pictures(line: str) -> str:
    """Remove leading emoji from a line, and their names between colons."""
    line = _EMOJI_NAMES.sub("", line)
    if line.lstrip().isascii():
        return line
    start = next((n for n, letter in enumerate(line) if not (_is_picture(letter) or letter.isspace())), 0)
    return line[start:] if any(_is_picture(letter) for letter in line[:start]) else line


def _is_picture(letter: str) -> bool:
    """Return whether a character is an emoji or dingbat."""
    code = ord(letter)
    return 0x2190 <= code <= 0x2BFF or 0x1F000 <= code <= 0x1FAFF or code in (0xFE0F, 0x200D, 0x20E3)
