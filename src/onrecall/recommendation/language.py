"""Which language a text is in, as far as that matters here: whether question and memory can be compared by meaning."""

import re
from collections.abc import Mapping

_split = re.compile(r"\w+").findall
SCRIPTS: Mapping[str, str] = {
    "Japanese": r"[\u3040-\u30ff]",
    "Chinese": r"[\u4e00-\u9fff]",
    "Korean": r"[\uac00-\ud7af]",
    "Russian": r"[\u0400-\u04ff]",
    "Greek": r"[\u0370-\u03ff]",
    "Arabic": r"[\u0600-\u06ff]",
    "Hebrew": r"[\u0590-\u05ff]",
    "Hindi": r"[\u0900-\u097f]",
    "Thai": r"[\u0e00-\u0e7f]",
}
"""Languages told by their script; Japanese before Chinese, whose characters it uses too."""
COMMON_WORDS: Mapping[str, frozenset[str]] = {
    "English": frozenset(
        _split(
            "the and is are was were of to in for with not on after from when since has have that "
            "this our cannot all by"
        )
    ),
    "German": frozenset(
        _split(
            "der die das und ist sind nicht mit ein eine einen von auf für sich kann keine nach beim "
            "seit alle den dem im wird werden niemand ihre"
        )
    ),
    "French": frozenset(
        _split("le la les des une est pas sur avec dans pour plus aucun depuis du sont ne que qui au aux après tous")
    ),
    "Spanish": frozenset(
        _split("el los las una no con en por para un desde está que se del falta todos al más sin después son")
    ),
    "Portuguese": frozenset(_split("o os as uma não com em por para um desde está que do da dos ao mais sem após são")),
    "Italian": frozenset(
        _split("il gli le una non con per un della dal che si del nel alla sono più senza dopo tutti")
    ),
    "Dutch": frozenset(_split("de het een niet en van met voor op na sinds geen zijn is wordt alle naar bij kan")),
    "Polish": frozenset(_split("nie jest na się do od po dla przez są z w brak wszystkie przy")),
}
"""The commonest small words of some languages; they hardly occur in names and codes."""
OUTAGE_WORDS: Mapping[str, frozenset[str]] = {
    "German": frozenset(
        _split(
            "abgelaufen anmeldung anmelden antwortet ausfall ausgefallen bestellung bestellungen datenbank "
            "dienst fehler fehlgeschlagen fehlt festplatte geht hängt kaputt kunden langsam leer melden "
            "meldung nutzer schlägt sichere speicher störung verbindung verbindungen verloren voll "
            "warteschlange zertifikat zugriff überlastet"
        )
    ),
    "French": frozenset(
        _split(
            "bloqué bloquée certificat clients commande commandes connexion connexions disque données échec "
            "échoue échouent erreur erreurs expiré expirée lente panne plein pleine perdu perdue réponse "
            "serveur utilisateurs"
        )
    ),
    "Spanish": frozenset(
        _split(
            "caducado caída certificado clientes cola conexión conexiones datos disco errores falla fallan "
            "índice latencia lento lenta lleno llena pedido pedidos perdido respuesta servicio servidor "
            "usuarios"
        )
    ),
    "Portuguese": frozenset(
        _split(
            "banco certificado clientes conexão conexões dados disco erro erros expirado expirou falha fila "
            "lento lenta cheio cheia pedido pedidos perdido resposta serviço servidor usuários"
        )
    ),
    "Italian": frozenset(
        _split(
            "certificato clienti coda connessione connessioni dati disco errore errori fallisce guasto lento "
            "lenta ordini pieno piena risposta scaduto servizio utenti"
        )
    ),
    "Dutch": frozenset(
        _split(
            "bestelling bestellingen certificaat foutmelding gebruikers klanten langzaam leeg mislukt schijf "
            "storing traag verbinding verbindingen verlopen vol wachtrij"
        )
    ),
    "Polish": frozenset(
        _split(
            "awaria baza błąd błędy certyfikat dysk klienci kolejka pełny połączenie serwer użytkownicy wolno wygasł"
        )
    ),
}
"""Words that people use of outages in these languages; a terse question has no small words."""
_TELLING_WORDS = {
    language: common | OUTAGE_WORDS.get(language, frozenset()) for language, common in COMMON_WORDS.items()
}
MIN_COMMON_WORDS = 2
"""Small words or words of outages that it takes to tell a language."""
_SCRIPT_SHARE = 0.2
_WORD = re.compile(r"[^\W\d_]+")


def detect_language(text: str) -> str | None:
    """The language by its script, its small words or words of outages; None where none tells, as in names and codes."""
    letters = sum(map(str.isalpha, text))
    for language, script in SCRIPTS.items():
        if letters and len(re.findall(script, text)) >= _SCRIPT_SHARE * letters:
            return language
    words = [word.lower() for word in _WORD.findall(text)]
    counts = {
        language: sum(word in telling_words for word in words) for language, telling_words in _TELLING_WORDS.items()
    }
    first, second = sorted(counts, key=lambda language: -counts[language])[:2]
    return first if counts[first] >= MIN_COMMON_WORDS and counts[first] > counts[second] else None
