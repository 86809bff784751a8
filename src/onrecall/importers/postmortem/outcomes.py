"""Read whether a text states that something helped, did not help, or made it worse."""

import re

from onrecall.domain.incident import StepOutcome
from onrecall.importers.postmortem.healthy_states import without_healthy_states

_WORSE = re.compile(
    r"\b(?:ma(?:de|kes|king|ke)\s+(?:it|things|matters|everything|the\s+[\w ]{1,30}|recovery)\s+(?:much\s+"
    r"|even\s+|far\s+)?(?:worse|slower)"
    r"|made_it_worse|worsened|(?:got|became|becoming)\s+(?:much\s+|even\s+|far\s+)?worse|backfired|aggravated"
    r"|exacerbated|verschlimmert\w*|verschlechtert\w*|(?:machte|hat) (?:es|alles|das) (?:nur )?(?:noch )?schlimmer"
    r"|a (?:empiré|aggravé)|aggravé(?:e|es|s)?|empeor(?:ó|aron|ado)|agrav(?:ó|ou|ado)|pior(?:ou|aram)"
    r"|(?:ha )?peggiorato"
    r"|verergerde|maakte het (?:alleen )?(?:maar )?erger)\b|悪化し|恶化|更糟",
    re.IGNORECASE,
)
_FOREIGN_IN_VAIN = (
    r"ohne (?:erfolg|wirkung|effekt|besserung|ergebnis)|erfolglos|vergeblich|wirkungslos"
    r"|sans (?:effet|succès|résultat)|n['’]a (?:pas aidé|rien (?:donné|changé))|en vain\b"
    r"|sin (?:efecto|éxito|resultado|suerte)|no (?:ayudó|funcionó|sirvió)"
    r"|sem (?:efeito|sucesso|resultado|êxito)|não (?:ajudou|funcionou|resolveu|adiantou)"
    r"|senza (?:effetto|successo|risultato|esito)|nessun (?:effetto|risultato|esito)"
    r"|zonder (?:effect|resultaat|succes)|geen (?:effect|resultaat)|tevergeefs"
)
"""What says that something done was in vain, in languages with blanks between words."""
NO_HELP = re.compile(
    rf"\b(?:{_FOREIGN_IN_VAIN}"
    r"|(?:did|does|do|has|had)(?:\s+not|n['’]t)\s+(?:seem\s+to\s+)?(?:come\s+back|return|go\s+(?:away|down)"
    r"|drop|finish|subside|disappear|decrease|reduce|lower|stop|restore|relieve|alleviate|fall|take\s+effect"
    r"|help|work|fix|solve|resolve|change"
    r"|clear|improve|recover|make\s+(?:a|any)\s+difference|do\s+(?:anything|much)|get\s+better|bring)\w*"
    r"|(?:had|has|have|with|shows?|showed|saw|seeing|see|but)\s+(?:no|little|zero)\s+(?:\w+\s+)?(?:effect"
    r"|improvement|change|impact|luck|success|difference)|no\s+(?:effect|improvement|luck|difference|success"
    r"|change)\b(?!\s+(?:in\s+config|(?:was|were|is)\s+(?:needed|required|necessary)))"
    r"|without\s+(?:any\s+)?(?:success|effect|improvement)|to\s+no\s+avail|made\s+no\s+difference"
    r"|(?:(?:which|that|it|this|but|and)\s+changed|(?:which|that|this|it|but|and)\s+(?:did|achieved|accomplished"
    r"|brought|solved)"
    r"|(?:achieved|accomplished))\s+(?:us\s+)?(?:absolutely\s+|exactly\s+|precisely\s+)?nothing"
    r"|(?:which|that|this|it|but|and)\s+(?:got|led|brought)\s+(?:us\s+)?nowhere|(?:was|were"
    r"|proved)\s+(?:of\s+)?(?:no\s+(?:use|help)|pointless|a\s+dead\s+end)|unsuccessful(?:ly)?|(?:was|were|is|are"
    r"|proved)\s+not"
    r"\s+(?:effective|successful|helpful|enough|sufficient)|did_not_help|in vain|useless|ineffective|"
    r"(?:it|this|that)\s+(?:does|did)\s+not(?=\W*$)|(?:errors?|problems?|issues?|symptoms?|alerts?|timeouts"
    r"|failures|outage|latency|exceptions|restarts|crashes)\s+(?:still\s+)?(?:persist(?:s|ed)?|remain(?:s|ed)?"
    r"|continue[sd]?|return(?:s|ed)|came\s+back|kept\s+\w+ing|went\s+on)"
    r"|(?:was|were|is|are|everything(?:['’]s| is| was)?)\s+still\s+(?:\w+\s+)?(?:failing|down|broken|timing"
    r"|crashing|erroring|full|slow|unavailable|there|present|happening|seeing|elevated|high|returning|throwing"
    r"|rejected|refused|stuck)"
    r"|kept\s+(?:on\s+)?(?:growing|rising|climbing|increasing|failing|crashing|piling|dropping|filling)\b"
    r"|still\s+(?:at\s+|around\s+|above\s+|over\s+)?\d"
    r"|\b(?:users|customers|clients|people|requests|pods|jobs|hosts|connections|builds|calls|queries|sessions"
    r"|logins|messages|nodes)"
    r"\s+(?:were\s+|are\s+)?still\s+\w+"
    r"|still\s+\w+ing\b|(?:was|were|is|are|got)\s+still\s+\w+ed\b|still\s+(?:failing|failed|down|broken"
    r"|timing\s+out|crash\w*|see(?:ing)?\s+errors"
    r"|saw\s+errors|no\s+luck|the\s+same|happening|erroring|returned|full|getting|not\s+\w+)|same\s+(?:error"
    r"|result|problem|issue|symptoms?)s?\b|(?:only\s+)?helped\s+(?:only\s+)?(?:for|briefly)|only\s+(?:bought"
    r"|delayed)"
    r"|(?:filled|full|failed|crashed|fell over|died|recurred|hung|degraded|broke)\s+(?:up\s+)?again"
    r"|(?:errors?|problems?|issues?|symptoms?|alerts?|timeouts?|failures|latency|lag|load|rates?|levels?|situation"
    r"|queues?|[,;:])\s+(?:was\s+|were\s+|is\s+|are\s+)?(?:\w+\s+)?unchanged\b"
    r"|(?:^|(?<=[.;!]\s))still\s+(?!(?:to|need\w*|must|should|open|waiting|investigat\w*|unclear|unknown|under)\b)"
    r"\w+(?:\s\w+){0,2}\s*[.!]?$"
    r"|\b(?:loops?|leaks?|lag|floods?|storms?|backlogs?|spikes?|locks?|flapping)\s+(?:comes?|came|is|was|are"
    r"|were)\s+back\b"
    r"|\bbut\s+(?:the\s+)?(?:\w+\s+){1,2}(?:goes|go|went|keeps?|kept|continue[sd]?)\s+(?:on\b|going|running|\w+ing)"
    r"|nothing\s+(?:has\s+)?(?:changed|happened|improved)|stay(?:s|ed)?\s+(?!up\b|online\b|healthy\b|stable\b"
    r"|green\b|low\b|normal\b|fine\b|on\b|in\b|at\b|within\b|below\b|under\b)\w+"
    r"|(?:stayed|stays|remained|remains)\s+(?:just\s+|equally\s+)?(?:as\s+\w+|high|elevated|down"
    r"|unavailable|slow|the\s+same|unchanged|broken|red|full|stuck|degraded|unreachable|empty|unresponsive)\b"
    r"|(?:grows?|grew|rises?|rose|fills?|filled|climbs?|climbed|drops?|dropped|stalls?|stalled)\s+(?:up\s+)?again\b"
    r"|(?:duplicates|drops|losses|delays|retries|restarts|reports|complaints|calls|tickets|alarms|pages|loops"
    r"|rejections)"
    r"\s+(?:continued?s?|kept\s+coming|came\s+in)\b"
    r"|\b(?:killed|crashed|stopped|died|gone|failed|full)\s+(?:again\s+)?after\s+\S+\s+(?:seconds?|minutes?"
    r"|mins?|hours?)\b"
    r"|(?:which|that|this|it|but)\s+(?:of\s+course\s+|also\s+|then\s+|again\s+)*failed\b(?!\s+to\b)"
    r"|failed\s+(?:too|as\s+well|likewise)\b"
    r"|\b(?:did|does|achieved|accomplished)\s+(?:absolutely\s+|exactly\s+)?nothing\b(?!\s+(?:wrong|else|special"
    r"|but|to))"
    r"|\b(?:freed|saved|gained|brought|helped|changed)\s+(?:almost|next\s+to|virtually|practically)\s+nothing\b"
    r"|[,;:–—-]\s*(?:nope|nada|no\s+(?:dice|joy|go|cigar))\b|keeps\s+(?:on\s+)?(?:growing|rising|climbing"
    r"|increasing|failing"
    r"|crashing|piling|dropping|filling|restarting)\b"
    r"|still\s+(?:offline|behind|unreachable|red|empty|hung|dead|missing|blank|stale|late|locked|degraded|wrong|grey"
    r"|gray)\b"
    r"|(?:hat|haben|hatte) (?:auch |leider |aber )?nichts? (?:geholfen|gebracht|bewirkt|geändert)"
    r"|half(?:en)? (?:auch |leider |aber )?nicht|(?:brachten?|änderten?|bewirkten?) (?:auch |leider "
    r"|aber )?nichts"
    r"|kein(?:e|en)? (?:erfolg|effekt|besserung|wirkung|änderung|veränderung|verbesserung)"
    r"|sans amélioration|aucun(?:e)? (?:effet|résultat|amélioration|changement)"
    r"|n['’]ont (?:pas aidé|rien (?:donné|changé))|n['’](?:a|ont) (?:pas (?:suffi|fonctionné)|servi à rien|eu aucun)"
    r"|sin (?:mejora|cambios)|no (?:surtió efecto|mejoró|tuvo efecto|cambió nada)|\ben vano\b"
    r"|sem melhora|não (?:teve efeito|surtiu efeito)|\bem vão\b"
    r"|non (?:ha(?:nno)? (?:aiutato|funzionato|risolto)|è servito)"
    r"|nessun (?:miglioramento|cambiamento|successo)|\binvano\b"
    r"|hielp(?:en)? (?:ook |helaas )?niet|geen (?:verbetering|succes)|haalden? niets uit)"
    r"|不起作用|没有效果|没有改善|没有用|无效|未见效|未恢复|効果がなく|変わらず|直らず|効果なし|効果がなかった|効果はなかった|変化なし|解消せず|改善しなかった"
    r"|改善せず|失敗",
    re.IGNORECASE,
)
_SUBJECT = r"(?:it|they|this|that|these|both|all|which|and|but|yet|though|also|leider|auch|ebenfalls)"
_FAILURE_BEHIND = re.compile(
    rf"(?:^|(?:[,;:(\u2013\u2014\u2192]|[=-]>|\s-(?=\s))\s*|\b(?:but|yet|and|which|though)\s+)(?:{_SUBJECT}\s+)*"
    r"(?:nothing|none|nope|nok|nada|no joy|no dice|no cigar|no go|no chance|no cure"
    r"|useless|pointless|no use|no help|not helpful|fruitless|in vain|same(?: again| as before"
    r"| thing| story)?"
    r"|(?:the |with the )?same (?!day|night|evening|morning|afternoon|hour|minute|week|time|way|order|procedure"
    r"|method|commands?|steps)\w+(?: as before)?|failed(?: again| too| as well| in the same way)?"
    r"|timed out(?: again| too)?"
    r"|hung(?: again)?|tripped again\b.*|blocked again\b.*|broke again|came (?:right|straight) back"
    r"|comes (?:right|straight) back"
    r"|no quorum still|still no \w+|no \w+ still|not a bit (?:\w+)|only (?:cost|wasted)\b.*"
    r"|only for (?:a |some |\w+ )?(?:seconds?|minutes?|while)"
    r"|worse(?:,.*)?|(?:got|gets|made (?:it|things|matters)) worse|(?:numbers|results|values"
    r"|lag|latency|errors|load) (?:got|get|gets|was|were) worse"
    r"|brachten? (?:\w+ )?(?:nichts|keine \w+)|bleib(?:t|en)|gleiche[rs]? fehler|ohne (?:nutzen"
    r"|(?:ver)?änderung|verbesserung|reaktion|hilfe|unterschied)|weiterhin \w+"
    r"|(?:le|la|les) mêmes? (?!jour|nuit|soir|matin|heure|semaine|commande|procédure)\w+|toujours \w+(?: \w+)?"
    r"|sin (?:mejoría|cambio|diferencia|respuesta)|mismo error|sigue igual|mesmo erro"
    r"|stesso errore|zelfde fout)"
    r"\s*[).!]*\s*$"
    r"|\b(?:errors?|frames|faults?|fehler|lag|queue|problem|issue|5xx|4xx|5\d\ds?|p9\d|alarm|status|spinner"
    r"|duplicates|pressure|temperature|load|erreurs?)"
    r"\s+(?:\w+\s+)?(?:stays?|stayed|persists?|persisted|remains?|remained|continues?|continued|unchanged"
    r"|bleibt|bleiben|still\s.*"
    r"|(?:is|was|are|were) (?:still|unchanged|as before)|kept \w+ing|keeps? \w+ing|persistent)\b"
    r"|\b(?:do|does|did|is|are|was|were|could|would|has|have)(?:\s+not|n['\u2019]t)\b[^.;]{0,40}\beither\b"
    r"|(?:[,;\u2013\u2014\u2192]|->|\s-)\s*(?:\w+\s+){0,3}still\s+(?!waiting\b|to\b|investigat|open\b|unclear\b)\w+"
    r"|\bfailed (?:again|too|as well|likewise|in the same way)\b|\bwithout (?:any |a )?(?:result|luck|avail)\b"
    r"|(?:[,;(\u2013\u2014\u2192])\s*(?:the\s+|our\s+)?(?:\w+\s+){1,2}(?:does|do|did)(?:\s+not|n['\u2019]t)\s+\w+"
    r"|\bhing(?:en)? (?:\w+ )?wieder\b|\bstürzten? (?:\w+ )?wieder ab\b|\bgleiches (?:bild"
    r"|ergebnis|problem)\b|\b(?:was|were) no help\b"
    r"|\bc[ao]me (?:right|straight) back\b|\bcame back within\b|\bneither\s+did\b|\bnot help(?:ing)?\b"
    r"|\bturned out (?:to be )?(?:irrelevant"
    r"|useless|pointless|unrelated|a dead end|to be unrelated)\b"
    r"|\b(?:was|proved) (?:irrelevant|unnecessary|of no help|no help|a mistake|a dead end)\b"
    r"|\bwas tried [^.;]{0,30}in vain\b"
    r"|\b(?:brought|gave|bought)\s+(?:us\s+)?(?:only\s+)?(?:nothing|relief for|(?:a few|some) (?:seconds"
    r"|minutes|hours)|(?:\w+\s+)?minutes)\b"
    r"|\b(?:doesn|didn|don)['\u2019]t\s+(?:change|move|do|make|budge)\b|\bdidn['\u2019]t move the needle\b"
    r"|\bbut (?:they|he|she) refused\b"
    r"|\bonly (?:lost|cost|wasted)\s(?:us\s)?(?:[\w-]+\s)?(?:time|(?:seconds|minutes|hours"
    r"|half an hour)\b(?! of\b))|\brien (?:changé|donné)\b|\bno sirvió\b|\bsame symptoms?\b|\bstill blank\b"
    r"|(?:brachten?|brachte) (?:keine|nichts)|(?:half|halfen)(?: \w+){0,2} nicht|hat (?:\w+ ){0,2}nicht geholfen",
    re.IGNORECASE,
)
"""What stands behind a dash, a comma or the like, or as a sentence of its own, of something that was in vain."""
_HELPED = re.compile(
    r"(?<!no )(?<!não )(?<!tampoco )(?<!non )(?<!nada )\b(?:a (?:finalement )?(?:aidé|rétabli|résolu|réglé)"
    r"|ajudou|resolveu"
    r"|funcionou|ayudó|(?:lo )?resolvió|funcionó|sirvió|hat (?:schließlich |dann )?geholfen|ha (?:aiutato"
    r"|risolto|funzionato)|hielp)\b"
    r"(?!\s+(?:\w+\s+)?(?:por|pendant|durante|für|per|voor|nicht|niet|nada|um pouco)\b)|"
    r"\b(?:it helps?|that helped|this helped|which helped|(?:fixed|resolved|solved) (?:it|the|this"
    r"|everything)|cleared (?:it|this|everything|the (?:[\w-]+ ){0,2}(?:alerts?|errors?|issue|problem))"
    r"|back to normal|recover(?:s|ed|y)|restored|succeed(?:s|ed)?|"
    r"working again|returned to normal|healthy again|"
    r"(?:errors?|5\d\ds?|timeouts?|alerts?|failures|crashes|duplicates|retries|complaints|pages) (?:have )?"
    r"(?:stopped|dropped|cleared|went away|ceased)"
    r"|came back|back up|resolved|(?:works?|worked|runs?|ran|flows?|flowing|available|reachable|online|up|fine"
    r"|stable|green|ok(?:ay)?) again)\b"
    r"|[–—]\s*(?:solved|fixed|done|success|that did it|worked|yes)\W*$|\bsolved it\b"
    r"|(?:->|→|=>)\s*(?:\w+\s+){0,3}(?:green|ok(?:ay)?|fixed|gone|fine|healthy|works?|back"
    r"|again)\b(?!\s+(?:failing|down|red))",
    re.IGNORECASE,
)


def detect_outcome(text: str) -> StepOutcome | None:
    """Return the outcome that a text states, or None if it states none."""
    doubtful = without_healthy_states(text)
    if _WORSE.search(doubtful):
        return "made_it_worse"
    if NO_HELP.search(doubtful) or _FAILURE_BEHIND.search(doubtful):
        return "did_not_help"
    return "worked" if _HELPED.search(text) else None


def states_failure(text: str) -> bool:
    """Return whether a text states that something did not help or made it worse."""
    return detect_outcome(text) in ("did_not_help", "made_it_worse")


_NO_EFFECT = re.compile(
    r"(?:\bno\s+(?:effect|luck|success|improvement|change|difference)\b|\bwithout\s+(?:any\s+)?(?:success|effect"
    r"|improvement|luck)\b"
    r"|\bto\s+no\s+avail\b|\bin\s+vain\b|\b(?:did|changed|achieved|brought|helped)\s+nothing\b|\bdid(?:\s+not"
    r"|n['’]t)\s+(?:help|work|fix)\b"
    r"|\bmade\s+(?:it|things|matters)\s+worse\b|(?:brachte|half|änderte)n? (?:\w+ )?nichts?"
    r"|hielp(?:en)? (?:\w+ )?niet|効果なし|効果がな|没有效果|无效)"
    rf"|\b(?:{_FOREIGN_IN_VAIN})",
    re.IGNORECASE,
)
FEWEST_WORDS = 2
"""Minimum words before what says that they were in vain."""
SHORTEST_WORDS = 12
"""Bytes that are more than one word, in languages without blanks between words."""


def is_attempt_in_vain(sentence: str) -> bool:
    """Return whether a sentence about a fix tells of something done without effect, whatever its verb and language."""
    doubtful = without_healthy_states(sentence)
    match = _NO_EFFECT.search(doubtful) or _FAILURE_BEHIND.search(doubtful)
    before = sentence[: match.start()] if match else ""
    return len(before.split()) >= FEWEST_WORDS or len(before.encode()) > SHORTEST_WORDS


def is_bare_outcome(sentence: str) -> bool:
    """Return whether a sentence only says that what stands before it was in vain, such as `No effect.`"""
    return states_failure(sentence) and len(sentence.split()) <= LONGEST_OUTCOME and _BARE.match(sentence) is not None


LONGEST_OUTCOME = 7
"""Maximum words of a sentence that only states an outcome."""
_BARE = re.compile(
    r"\W*(?:no|none|nope|nothing|without|did|didn['’]t|made|that|this|it|which|neither|still|in vain|to no|alas"
    r"|sadly|unfortunately"
    r"|ohne|kein\w*|brachte|half|das|es|sans|aucun\w*|cela|ça|sin|esto|eso|no|sem|isso|senza|nessun\w*|zonder"
    r"|geen|dat|効果|没有|无效)\b",
    re.IGNORECASE,
)


def before_outcome(text: str) -> str:
    """Return the text up to where it states that something did not help or made it worse; all of it otherwise."""
    doubtful = without_healthy_states(text)
    match = min(
        filter(None, (NO_HELP.search(doubtful), _FAILURE_BEHIND.search(doubtful), _WORSE.search(doubtful))),
        key=lambda outcome: outcome.start(),
        default=None,
    )
    return text[: match.start()] if match and match.start() > 0 else text
