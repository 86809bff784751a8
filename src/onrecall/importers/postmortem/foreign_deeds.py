"""Recognise what people did to mend things in texts that are not English."""

import re

_DEED = re.compile(
    r"(?<!nicht )(?<!muss )(?<!wird )\b(?:neu ?gestartet|neugestartet|durchgestartet|zurückgesetzt"
    r"|zurückgerollt|zurückgenommen"
    r"|wiederhergestellt|erneuert|geleert|gelöscht|korrigiert|erhöht|deaktiviert|abgeschaltet|umgeschaltet|entsperrt"
    r"|bereinigt|eingespielt|umgeleitet|hochgesetzt|ausgetauscht|nachgezogen|rückgängig gemacht)\b(?! werden| wird)"
    r"|\b(?:redémarr(?:é|ée|és|ées|age)|relanc(?:é|ée|és|ées)|relance\b|déverrouill(?:é|ée|és|ées)|restaur(?:é|ée|és|ées)"
    r"|supprim(?:é|ée|és|ées)|vid(?:é|ée|és|ées)|désactiv(?:é|ée|és|ées)|réactiv(?:é|ée|és|ées)|remplac(?:é|ée|és|ées)"
    r"|renouvel(?:é|ée|és|ées)|bascul(?:é|ée|és|ées)|resynchronis(?:é|ée|és|ées)|retour arrière|augmentation d)(?!\w)"
    r"|\b(?:se (?:reinició|reiniciaron|reconstruyó|terminó|vació|restauró|eliminó|corrigió|renovó"
    r"|aumentó|desactivó|revirtió|amplió|liberó)"
    r"|reiniciamos|restauramos|eliminamos|revertimos|renovamos|ampliamos|reinicio d|reiniciad[oa]s?|restaurad[oa]s?)\b"
    r"|\b(?:reiniciamos|reiniciou-se|reprocessad[oa]s?|renovad[oa]s?|revertid[oa]s?|restaurad[oa]s?"
    r"|desativad[oa]s?|reinício d)\b"
    r"|\b(?:riavviat[oaie]|ripristinat[oaie]|rimoss[oaie]|svuotat[oaie]|disattivat[oaie]"
    r"|sostituit[oaie]|rinnovat[oaie]|riavvio d)\b"
    r"|\b(?:herstart|teruggezet|teruggedraaid|verwijderd|geleegd|vernieuwd|uitgeschakeld|opnieuw"
    r" gestart|handmatig gestart)\b"
    r"|(?:再起動|削除|変更|修正|復元|延長|更新|切り替え|切替|拡張|増設|再作成|解放|ロールバック|差し戻し|引き上げ|追加)(?:した|を実施|し、|して|実施)|(?:重启|回滚|扩容|清理|删除|切换|恢复)了",
    re.IGNORECASE,
)


_ATTEMPT = re.compile(
    r"\b(?:\w*(?:start|schalten|setzen|spielen|leeren|löschen|tausch|wechsel|installation|aktivieren|wiederherstellung))\s+"
    r"(?:des|der|von|auf|am|im|beider|aller|eines)\b"
    r"|\b(?:redémarrage|ajout|purge|vidage|réinstallation|retour|bascule|remplacement|augmentation|suppression|relance)\s+d"
    r"|\b(?:reinicio|aumento|purga|cambio|vaciado|reinstalación|reversión|eliminación)\s+d"
    r"|\b(?:reinício|limpeza|troca|remoção|reinstalação)\s+d|\b(?:riavvio|aumento|svuotamento|ripristino|sostituzione)\s+d"
    r"|\b(?:neu|wieder|ein|aus|um|zurück|ab|hoch|runter|zu|an|auf|durch|weg|nach)?ge\w{3,}(?:t|en)\b|\w{3,}iert\b|\bneu\s\w+t\b"
    r"|\b(?:se\s\w+(?:ó|aron)|\w{4,}(?:amos|imos))\b|\b(?:nous avons|on a|avons)\s\w+é|\b(?:abbiamo|è stato)\s\w+to\b"
    r"|(?:再起動|削除|変更|切り替え|クリア|追加|延長|増設)|(?:重启|回滚|扩容|清理|删除|切换|重建|升级)",
    re.IGNORECASE,
)
"""Deeds as nouns and participles, which count where the text says that they were in vain."""


def names_foreign_deed(head: str) -> bool:
    """Return whether the words before an outcome name a deed in another language: `Neustart der App`, `重启消费者`."""
    return _ATTEMPT.search(head) is not None


_RUN_WITH = re.compile(
    r"\b(?:wir|haben|wurden?|nous|avons|on a|abbiamo|ho|hemos|se|ha|han|foi|foram|temos|we|werd|werden"
    r"|[^\W\d_]{3,}(?:mos|mmo))\b[^`.]{2,120}?"
    r"\b(?:mit|durch|avec|par|via|con|mediante|com|tramite|met|per)\s*`",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"\b(?:nicht|muss|müssen|sollte\w*|wird|werden|pas|devons|devrait|doit|non|dobbiamo|dovremmo|no|debe\w*|hay que|não"
    r"|deve\w*|niet|moet\w*|kan|können)\b",
    re.IGNORECASE,
)


def reports_foreign_command(sentence: str) -> bool:
    """Return whether such a sentence reports that people did something with a command given in it."""
    match = _RUN_WITH.search(sentence)
    return match is not None and not _NOT_DONE.search(sentence[: match.end()])


def reports_foreign_deed(sentence: str) -> bool:
    """Return whether a sentence in another language than English reports a deed, such as `Dienst neu gestartet`."""
    return _DEED.search(sentence) is not None
