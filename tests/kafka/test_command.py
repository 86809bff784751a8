"""The command: what it refuses, how it ends, what `doctor` says of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from intake.payloads import alert, body
from onrecall.bootstrap.kafka import kafka_connection
from onrecall.cli.main import main
from onrecall.domain.errors import Forbidden, Invalid, Unavailable
from onrecall.kafka.connection import Connection, fatal_error
from onrecall.kafka.health import health
from onrecall.pipeline import IncidentService
from onrecall.settings import Settings, load

from .process import process
from .running import committed, send, statuses

pytestmark = pytest.mark.kafka

WRONG = [
    (
        {"kafka_topics": "alerts="},
        "alerts= names no sender; write alerts=alertmanager, or alerts if its records name it",
    ),
    ({"kafka_topics": "a,a"}, "a appears twice"),
    ({"kafka_topics": "no topic=generic"}, "'no topic' is not a valid topic"),
    ({"kafka_publish": "../x"}, "'../x' is not a valid topic"),
    ({"kafka_security_protocol": "TLS"}, "must be 'PLAINTEXT', 'SSL'"),
    ({"kafka_sasl_mechanism": "MD5"}, "must be 'PLAIN', 'SCRAM-SHA-256'"),
    ({"kafka_group": ""}, "at least 1 character"),
]


@pytest.mark.parametrize(("chosen", "message"), WRONG, ids=[next(iter(one.values())) for one, _ in WRONG])
def test_wrong_settings_are_refused_with_the_variable(chosen, message, monkeypatch):
    (name, value), = chosen.items()  # fmt: skip
    monkeypatch.setenv(f"ONRECALL_{name.upper()}", value)
    with pytest.raises(Invalid) as refused:
        load()
    assert str(refused.value).startswith(f"ONRECALL_{name.upper()}: ")
    assert message in str(refused.value)


def settings(**chosen: object) -> Settings:
    return Settings(**({"kafka_brokers": "localhost:9092", "kafka_topics": "alerts=alertmanager"} | chosen))


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"kafka_topics": None}, "ONRECALL_KAFKA_TOPICS: name the topics to consume"),
        ({"kafka_topics": "alerts=nagiosaurus"}, "ONRECALL_KAFKA_TOPICS: alerts=nagiosaurus: unknown sender; choose from alerta, alertmanager"),
        ({"kafka_publish": "alerts"}, "ONRECALL_KAFKA_PUBLISH: alerts is read as well"),
        ({"kafka_sasl_username": "u", "kafka_sasl_password": "p"}, "ONRECALL_KAFKA_SECURITY_PROTOCOL: PLAINTEXT has no login"),
        ({"kafka_security_protocol": "SASL_SSL"}, "ONRECALL_KAFKA_SASL_USERNAME: SASL_SSL needs it"),
        ({"kafka_security_protocol": "SASL_SSL", "kafka_sasl_username": "u"}, "ONRECALL_KAFKA_SASL_PASSWORD: SASL_SSL needs it"),
        ({"kafka_security_protocol": "SSL", "kafka_ssl_ca": "/no/such"}, "ONRECALL_KAFKA_SSL_CA: /no/such is not a file"),
        ({"kafka_ssl_key": __file__}, "ONRECALL_KAFKA_SSL_KEY: PLAINTEXT has no certificates; write SSL or SASL_SSL"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together_are_refused(chosen, message):
    with pytest.raises(Invalid, match=message.replace(".", r"\.")):
        kafka_connection(settings(**chosen))


def test_what_the_client_is_told():
    connection = kafka_connection(
        settings(
            kafka_topics="alerts=alertmanager, mixed", kafka_publish="out", kafka_security_protocol="SASL_SSL",
            kafka_sasl_username="u", kafka_sasl_password="s3cret", kafka_ssl_ca=__file__,
        )
    )  # fmt: skip
    assert connection.topics == {"alerts": "alertmanager", "mixed": None}
    assert connection.security == {
        "security.protocol": "SASL_SSL", "sasl.mechanisms": "SCRAM-SHA-512", "sasl.username": "u",
        "sasl.password": "s3cret", "ssl.ca.location": __file__,
    }  # fmt: skip
    assert "s3cret" not in repr(connection)
    configuration = connection.consumer()
    assert configuration["enable.auto.commit"] is False
    assert configuration["sasl.password"] == "s3cret"
    assert kafka_connection(settings(kafka_brokers=None)) is None


def test_the_password_may_stand_in_a_file(tmp_path: Path, monkeypatch):
    (tmp_path / "password").write_text("s3cret\n")
    monkeypatch.setenv("ONRECALL_KAFKA_SASL_PASSWORD_FILE", str(tmp_path / "password"))
    chosen = load()
    assert chosen.kafka_sasl_password.get_secret_value() == "s3cret"
    assert "s3cret" not in str(chosen.effective_values())


@pytest.mark.parametrize(
    ("code", "fatal", "kind"),
    [
        (KafkaError._AUTHENTICATION, False, Forbidden),
        (KafkaError.SASL_AUTHENTICATION_FAILED, False, Forbidden),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, False, Forbidden),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, False, Forbidden),
        (KafkaError._FATAL, True, Unavailable),
        (KafkaError._ALL_BROKERS_DOWN, False, type(None)),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, False, type(None)),
    ],
)
def test_what_ends_the_process(code, fatal, kind):
    assert isinstance(fatal_error(KafkaError(code, "so it is", fatal)), kind)


def test_a_process_takes_in_and_ends_when_told(
    tmp_path: Path, connection: Connection, topic: str, memory: IncidentService, url: str
):
    send(connection.brokers, topic, b"poison", *(body(alert(n)) for n in range(300)))
    chosen = {
        "KAFKA_BROKERS": connection.brokers,
        "KAFKA_TOPICS": f"{topic}=alertmanager",
        "DATABASE_URL": url.partition("?")[0],
    }
    with process(tmp_path, **chosen) as running_process:
        assert running_process.until("assigned")["partitions"]
        running_process.until("rejected")
        while running_process.total("records") < 301:
            running_process.until("kept")
        assert running_process.end() == 0
        assert running_process.lines[-1]["event"] == "stopped"
        assert (running_process.total("accepted"), running_process.total("rejected")) == (300, 1)
    assert committed(connection.brokers, "onrecall", topic) == 301
    assert len(statuses(memory.store)) == 300


@pytest.mark.parametrize(
    ("chosen", "code", "message"),
    [
        ({}, 2, "set ONRECALL_KAFKA_BROKERS"),
        ({"KAFKA_BROKERS": "127.0.0.1:9", "KAFKA_TOPICS": "alerts=alertmanager"}, 75, "127.0.0.1:9"),
    ],
)
def test_exit_codes(tmp_path: Path, chosen, code, message):
    with process(tmp_path, **chosen) as running_process:
        assert running_process.ended() == code
        assert message in running_process.complaint()


@pytest.mark.parametrize(("command", "code"), [("kafka", 2), ("doctor", 1)])
def test_without_the_extra_it_says_what_to_install(tmp_path: Path, command: str, code: int):
    script = (
        f"import sys; sys.modules['confluent_kafka'] = None; from onrecall.cli.main import main; main(['{command}'])"
    )
    chosen = {"DATA_DIR": str(tmp_path), "KAFKA_BROKERS": "127.0.0.1:9", "KAFKA_TOPICS": "alerts=generic"}
    environment = os.environ | {f"ONRECALL_{name}": value for name, value in chosen.items()}
    finished = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, env=environment
    )
    assert finished.returncode == code
    assert "make demo EXTRAS=kafka" in finished.stdout + finished.stderr


def test_doctor(connection: Connection, topic: str, brokers: str, monkeypatch: pytest.MonkeyPatch):
    send(brokers, topic, *(body(alert(n)) for n in range(30)))
    part = health(connection)
    assert (part.state, part.detail) == ("ok", f"3 brokers, group {connection.group}; 30 records of {topic} to read")
    monkeypatch.setattr("onrecall.kafka.health.REACH_SECONDS", 1.0)
    assert health(Connection("127.0.0.1:9", "g", {"t": None})).state == "down"


def test_doctor_asks_only_where_kafka_is_set_up(run_doctor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onrecall.kafka.health.REACH_SECONDS", 1.0)
    assert not [part for part in run_doctor()["parts"] if part["name"] == "kafka"]
    (part,) = [
        part
        for part in run_doctor(kafka_brokers="127.0.0.1:9", kafka_topics="a=generic")["parts"]
        if part["name"] == "kafka"
    ]
    assert part["state"] == "down"


@pytest.fixture
def run_doctor(tmp_path: Path, capsys, monkeypatch):
    def run(**chosen: str):
        monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))
        for name, value in chosen.items():
            monkeypatch.setenv(f"ONRECALL_{name.upper()}", value)
        with pytest.raises(SystemExit) as ended:
            main(["doctor", "--json"])
        report = json.loads(capsys.readouterr().out)
        assert (report["state"] == "down") == (ended.value.code == 1)
        return report

    return run
