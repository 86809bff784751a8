"""The language of a question: told where it matters, and not guessed from names and codes."""

import pytest

from onrecall.recommendation.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Bestellungen sind nach dem Update nicht mehr da", "German"),
        ("Le paiement ne passe pas depuis ce matin", "French"),
        ("los pedidos no llegan desde ayer", "Spanish"),
        ("os pedidos não chegam desde ontem", "Portuguese"),
        ("決済サービスが停止しています", "Japanese"),
        ("支付服务无法连接数据库", "Chinese"),
        ("сервис оплаты не отвечает", "Russian"),
        ("the payment service does not answer since noon", "English"),
    ],
)
def test_a_language_is_told_by_its_script_or_its_small_words(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "KubePodCrashLooping", "503 checkout p99 6.2s", "redis oom", "ERR-4711 disk /dev/sda1"]
)
def test_names_codes_and_terse_notes_tell_none(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Zertifikat abgelaufen, Apps melden Fehler", "German"),
        ("Datenbank voll, Anmeldung schlägt fehl", "German"),
        ("certificat expiré, connexion bloquée", "French"),
        ("certificado caducado, conexión lenta", "Spanish"),
        ("certificato scaduto, connessione lenta", "Italian"),
        ("database error, server slow", None),
        ("file service base error on checkout server", None),
    ],
)
def test_a_terse_question_is_told_by_its_words_of_outages(text: str, language: str | None) -> None:
    assert detect_language(text) == language
