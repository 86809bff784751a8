"""Read whether a text states that something helped, did not help, or made it worse."""

import re

from onrecall.domain.incident import StepOutcome

_WORSE = re.compile(
    r"\b(?:ma(?:de|kes|king|ke)\s+(?:it|things|matters|everything|the\s+[\w ]{1,30}|recovery)\s+(?:much\s+"
    r"|even\s+|far\s+)?(?:worse|slower)"
    r"|made_it_worse|worsened|(?:got|became|becoming)\s+(?:much\s+|even\s+|far\s+)?worse|backfired|aggravated"
    r"|exacerbated|verschlimmert\w*)\b",
    re.IGNORECASE,
)
NO_HELP = re.compile(
    r"\b(?:(?:did|does|do|has|had)(?:\s+not|n['’]t)\s+(?:seem\s+to\s+)?(?:come\s+back|return|go\s+(?:away|down)"
    r"|drop|finish|subside|disappear|decrease|reduce|lower|stop|restore|relieve|alleviate|fall|take\s+effect|help|work|fix|solve|resolve|change"
    r"|clear|improve|recover|make\s+(?:a|any)\s+difference|do\s+(?:anything|much)|get\s+better|bring)\w*"
    r"|(?:had|has|have|with|shows?|showed|saw|seeing|see|but)\s+(?:no|little|zero)\s+(?:\w+\s+)?(?:effect"
    r"|improvement|change|impact|luck|success|difference)|no\s+(?:effect|improvement|luck|difference|success"
    r"|change)\b(?!\s+(?:in\s+config|(?:was|were|is)\s+(?:needed|required|necessary)))"
    r"|without\s+(?:any\s+)?(?:success|effect|improvement)|to\s+no\s+avail|made\s+no\s+difference"
    r"|(?:(?:which|that|it|this|but|and)\s+changed|(?:which|that|this|it|but|and)\s+(?:did|achieved|accomplished|brought|solved)"
    r"|(?:achieved|accomplished))\s+(?:us\s+)?(?:absolutely\s+|exactly\s+|precisely\s+)?nothing"
    r"|(?:which|that|this|it|but|and)\s+(?:got|led|brought)\s+(?:us\s+)?nowhere|(?:was|were|proved)\s+(?:of\s+)?(?:no\s+(?:use|help)|pointless|a\s+dead\s+end)|unsuccessful(?:ly)?|(?:was|were|is|are|proved)\s+not"
    r"\s+(?:effective|successful|helpful|enough|sufficient)|did_not_help|in vain|useless|ineffective|"
    r"(?:it|this|that)\s+(?:does|did)\s+not(?=\W*$)|(?:errors?|problems?|issues?|symptoms?|alerts?|timeouts"
    r"|failures|outage|latency|exceptions|restarts|crashes)\s+(?:still\s+)?(?:persist(?:s|ed)?|remain(?:s|ed)?"
    r"|continue[sd]?|return(?:s|ed)|came\s+back|kept\s+\w+ing|went\s+on)"
    r"|(?:was|were|is|are|everything(?:['’]s| is| was)?)\s+still\s+(?:\w+\s+)?(?:failing|down|broken|timing"
    r"|crashing|erroring|full|slow|unavailable|there|present|happening|seeing|elevated|high|returning|throwing"
    r"|rejected|refused|stuck)"
    r"|kept\s+(?:on\s+)?(?:growing|rising|climbing|increasing|failing|crashing|piling|dropping|filling)\b"
    r"|still\s+(?:at\s+|around\s+|above\s+|over\s+)?\d"
    r"|\b(?:users|customers|clients|people|requests|pods|jobs|hosts|connections|builds|calls|queries|sessions|logins|messages|nodes)"
    r"\s+(?:were\s+|are\s+)?still\s+\w+"
    r"|still\s+\w+ing\b|(?:was|were|is|are|got)\s+still\s+\w+ed\b|still\s+(?:failing|failed|down|broken"
    r"|timing\s+out|crash\w*|see(?:ing)?\s+errors"
    r"|saw\s+errors|no\s+luck|the\s+same|happening|erroring|returned|full|getting|not\s+\w+)|same\s+(?:error"
    r"|result|problem|issue|symptoms?)s?\b|(?:only\s+)?helped\s+(?:only\s+)?(?:for|briefly)|only\s+(?:bought"
    r"|delayed)"
    r"|(?:filled|full|failed|crashed|fell over|died|recurred|hung|degraded|broke)\s+(?:up\s+)?again"
    r"|nothing\s+(?:has\s+)?(?:changed|happened|improved)|stay(?:s|ed)?\s+(?!up\b|online\b|healthy\b|stable\b|green\b|low\b|normal\b|fine\b|on\b|in\b|at\b|within\b|below\b|under\b)\w+"
    r"|(?:stayed|stays|remained|remains)\s+(?:just\s+|equally\s+)?(?:as\s+\w+|high|elevated|down"
    r"|unavailable|slow|the\s+same|unchanged|broken|red|full|stuck|degraded|unreachable|empty|unresponsive)\b"
    r"|(?:grows?|grew|rises?|rose|fills?|filled|climbs?|climbed|drops?|dropped|stalls?|stalled)\s+(?:up\s+)?again\b"
    r"|(?:duplicates|drops|losses|delays|retries|restarts|reports|complaints|calls|tickets|alarms|pages|loops|rejections)"
    r"\s+(?:continued?s?|kept\s+coming|came\s+in)\b"
    r"|\b(?:killed|crashed|stopped|died|gone|failed|full)\s+(?:again\s+)?after\s+\S+\s+(?:seconds?|minutes?|mins?|hours?)\b"
    r"|(?:which|that|this|it|but)\s+(?:of\s+course\s+|also\s+|then\s+|again\s+)*failed\b(?!\s+to\b)|failed\s+(?:too|as\s+well|likewise)\b"
    r"|hat nicht geholfen|haben nicht geholfen|half nicht|halfen nicht|brachten? nichts|ohne (?:erfolg"
    r"|wirkung|effekt|besserung)"
    r"|kein(?:e|en)? (?:erfolg|effekt|besserung|wirkung|änderung|veränderung|verbesserung)|erfolglos|vergeblich"
    r"|sans (?:effet|succès|résultat|amélioration)|aucun(?:e)? (?:effet|résultat|amélioration"
    r"|changement)|n['’](?:a|ont) (?:pas aidé|rien (?:donné|changé)|pas (?:suffi|fonctionné))"
    r"|sin (?:efecto|éxito|resultado|mejora|cambios)|no (?:ayudó|funcionó|sirvió|surtió efecto|mejoró)"
    r"|sem (?:efeito|sucesso|resultado|melhora)|não (?:ajudou|funcionou|resolveu|adiantou|teve efeito)"
    r"|senza (?:effetto|successo|risultato|esito)|non ha(?:nno)? (?:aiutato|funzionato|risolto)"
    r"|zonder (?:effect|resultaat|succes)|hielp(?:en)? niet|geen (?:effect|verbetering|resultaat)"
    r"|不起作用|没有效果|无效果|未见效|未恢复|効果なし|効果がなかった|効果はなかった|変化なし|解消せず|改善しなかった"
    r"|改善せず|失敗)",
    re.IGNORECASE,
)
_HELPED = re.compile(
    r"\b(?:it helps?|that helped|this helped|which helped|(?:fixed|resolved|solved|cleared) (?:it|the|this"
    r"|everything)|back to normal|recover(?:s|ed|y)|restored|succeed(?:s|ed)?|"
    r"working again|returned to normal|healthy again|errors? (?:stopped|dropped|cleared|went away|ceased)"
    r"|came back|back up|resolved)\b",
    re.IGNORECASE,
)


def detect_outcome(text: str) -> StepOutcome | None:
    """Return the outcome that a text states, or None if it states none."""
    if _WORSE.search(text):
        return "made_it_worse"
    if NO_HELP.search(text):
        return "did_not_help"
    return "worked" if _HELPED.search(text) else None


def before_outcome(text: str) -> str:
    """Return the text up to where it states that something did not help or made it worse; all of it otherwise."""
    match = min(
        filter(None, (NO_HELP.search(text), _WORSE.search(text))), key=lambda outcome: outcome.start(), default=None
    )
    return text[: match.start()] if match and match.start() > 0 else text
