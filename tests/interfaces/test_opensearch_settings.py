"""The settings of OpenSearch: what `config check`, `doctor` and `reindex` say about them; no node is needed."""

import json
import sys
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from onrecall.bootstrap.config_check import check_config
from onrecall.bootstrap.search_index import open_search_index, words_alone
from onrecall.cli.main import app
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.situation import Situation
from onrecall.retrieval import Retriever
from onrecall.settings import Settings
from opensearch.real_node import free_port

NODE = "http://127.0.0.1:9"


def findings(monkeypatch, **variables: str) -> list[tuple[str, str, str]]:
    for name, value in variables.items():
        monkeypatch.setenv(f"ONRECALL_OPENSEARCH_{name}", value)
    return [(finding.level, finding.variable, finding.message) for finding in check_config().findings]


@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        ({"URL": "search:9200"}, "URL", "write a scheme and a host"),
        ({"URL": "https://me:secret@search:9200"}, "URL", "ONRECALL_OPENSEARCH_USER"),
        ({"URL": NODE, "INDEX": "On Recall"}, "INDEX", "lower-case letters"),
        ({"URL": NODE, "USER": "me"}, "PASSWORD", "a login has a user and a password"),
        ({"URL": NODE, "PASSWORD": "secret"}, "USER", "a login has a user and a password"),
        ({"URL": NODE, "CA": "/nowhere/ca.pem"}, "CA", "is not a file"),
        ({"URL": NODE, "TIMEOUT": "0"}, "TIMEOUT", "must be more than 0"),
        ({"INDEX": "other"}, "INDEX", "no effect without ONRECALL_OPENSEARCH_URL"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch, variables, variable, words):
    ((_, named, message),) = findings(monkeypatch, **variables)
    assert named == f"ONRECALL_OPENSEARCH_{variable}"
    assert words in message
    assert "secret" not in message


def test_the_missing_package_is_named_with_the_command_that_brings_it(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("onrecall.retrieval.opensearch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opensearchpy", None)
    ((level, _, message),) = findings(monkeypatch, URL=NODE)
    assert level == "error"
    assert "make extras EXTRAS=opensearch" in message


def test_several_nodes_are_several_addresses():
    chosen = Settings(opensearch_url="https://a:9200/, https://b:9200")
    assert chosen.opensearch_nodes == ("https://a:9200", "https://b:9200")


def test_a_cluster_that_is_away_degrades_and_stops_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ONRECALL_OPENSEARCH_URL", f"http://127.0.0.1:{free_port()}")
    runner = CliRunner()
    report = json.loads(runner.invoke(app, ["doctor", "--json"]).stdout)
    (part,) = [part for part in report["parts"] if part["name"] == "opensearch"]
    assert (part["state"], part["ready"], report["state"]) == ("degraded", True, "degraded")
    matches = json.loads(runner.invoke(app, ["recall", "disk full", "--json"]).stdout)
    assert "no connection" in matches["degraded"]
    assert isinstance(runner.invoke(app, ["reindex", "--search-index"]).exception, Unavailable)


def test_there_is_no_index_to_rebuild_without_a_cluster(monkeypatch, tmp_path):
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))
    refusal = CliRunner().invoke(app, ["reindex", "--search-index"]).exception
    assert isinstance(refusal, Invalid)
    assert "ONRECALL_OPENSEARCH_URL is not set" in str(refusal)


def test_words_of_either_database_stand_in(store, tmp_path):
    recall = Retriever(store, None, words_alone(store))
    document = Document("RB-9", "Certificate expired", "renew the certificate", service="edge")
    (passages,) = recall.prepare([document])
    store.documents.put(document, passages, datetime(2031, 1, 1, tzinfo=UTC))
    chosen = Settings(data_dir=tmp_path, opensearch_url=f"http://127.0.0.1:{free_port()}")
    with open_search_index(store, None, chosen) as index:
        away = Retriever(store, None, index)
        (evidence,) = away.recall(Situation("certificate expired"))
        assert evidence.id == "RB-9"
        assert "words in the database alone" in away.limitation
