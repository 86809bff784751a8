"""The same memory on SQLite and on PostgreSQL gives the same answers, each by its own index."""

import pytest

from onrecall.bootstrap.app import open_app
from onrecall.domain.situation import make_situation
from onrecall.schemas.recommendations import RecommendationOut
from onrecall.settings import Settings

ASKED = (
    "auth service returning 503 errors users cant login",
    "DB connection pool at 95%, API p99 latency at 6.2s, auth service returning 503s",
    "the coffee machine on floor 3 is leaking",
    "kafka consumer lag keeps growing on orders",
    "x509: certificate has expired or is not yet valid",
    "redis OOM command not allowed when used memory > 'maxmemory'",
    "KubePodCrashLooping",
    "denied: Your authorization token has expired. Reauthenticate and try again.",
)
PASSING = {"latency_ms", "created_at", "as_of"}


@pytest.mark.postgres
def test_the_same_answers_on_both(example_data, postgres_url, tmp_path):
    with open_app(Settings(data_dir=example_data)) as ours:
        with open_app(Settings(data_dir=tmp_path, database_url=postgres_url)) as theirs:
            theirs.memory.store.archive.load(ours.memory.store.archive.dump())
        with open_app(Settings(data_dir=tmp_path, database_url=postgres_url)) as theirs:
            for text in ASKED:
                one, other = (
                    RecommendationOut.model_validate(home.memory.ask(make_situation(text))).to_json()
                    for home in (ours, theirs)
                )
                assert {k: v for k, v in one.items() if k not in PASSING} == {
                    k: v for k, v in other.items() if k not in PASSING
                }, text
