"""Confidence along the line: absent with its reason, then a frequency, and taken back with its ground."""

from calibration.histories import history
from onrecall.backtest.chronology import History
from onrecall.backtest.run import backtest
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import Confidence, RecommendationOutcome
from onrecall.domain.situation import make_situation

CAUSES = {
    "disk-full": "no space left on device on the volume of the log shipper",
    "cert-expired": "x509: certificate has expired or is not yet valid at the gateway",
    "oom": "OOM command not allowed when used memory is over maxmemory in redis",
}


def happen(memory, clock, n, cause, symptom):
    clock.forward(hours=6)
    incident, _ = memory.open(Incident("", f"incident {n}: {symptom}", clock(), service=f"service-{n % 3}"))
    answer = memory.recommend(incident.id)
    at = clock.forward(minutes=20)
    memory.resolve(incident.id, Resolution(f"It was {cause}.", at, cause))
    return incident, answer


def test_confidence_is_of_public_data_with_the_reason_then_of_the_own_outcomes(memory, clock):
    answers = []
    for n in range(60):
        cause, symptom = list(CAUSES.items())[n % 3]
        answers.append(happen(memory, clock, n, cause, symptom)[1])
    assert answers[0].confidence is None
    assert answers[0].confidence_reason == "no evidence is on record"
    assert answers[0].probability == 0
    assert answers[5].confidence.basis == "public"
    assert "not measured on your incidents yet" in answers[5].confidence_reason
    confidence = answers[-1].confidence
    assert isinstance(confidence, Confidence)
    assert confidence.basis == "outcomes"
    assert answers[-1].confidence_reason is None
    assert 0 < confidence.right <= confidence.of
    assert confidence.low <= confidence.probability <= confidence.high
    assert confidence.probability < 1
    assert memory.store.recommendations.get(answers[5].id).confidence == answers[5].confidence


def test_wrong_answers_lower_it(memory, clock):
    for n in range(60):
        cause, symptom = list(CAUSES.items())[n % 3]
        happen(memory, clock, n, cause if n % 2 else f"{cause}-{n}", symptom)
    confidence = memory.ask(make_situation(CAUSES["oom"])).confidence
    assert confidence is not None
    assert confidence.probability < 0.8


def test_reopening_takes_the_judgement_back(memory, clock):
    happen(memory, clock, 1, "oom", CAUSES["oom"])
    incident, answer = happen(memory, clock, 2, "oom", CAUSES["oom"])
    assert [one.body["right"] for one in memory.store.verdicts.all()] == [False, True]
    memory.reopen(incident.id)
    assert [one.incident for one in memory.store.verdicts.all()] == ["INC-1"]
    memory.rate(RecommendationOutcome(answer.id, "did_not_help", clock(), by="ann"))
    assert [one.body["right"] for one in memory.store.verdicts.all()] == [False, False]


def test_every_curve_is_kept(memory, clock):
    for n in range(25):
        happen(memory, clock, n, "oom", CAUSES["oom"])
    assert memory.store.curves.newest_version() > 1


def test_a_replay_measures_hits_and_learning_and_the_same_again_changes_nothing(memory, clock):
    told = History.of(history(36, 4))
    for _ in range(2):
        report = backtest(told, None)
        memory.trust.record_replay([known for one in report.cases if (known := one.judged)], clock(), report.learning)
        assert memory.store.curves.newest_version() == 1
    standing = memory.trust.summary()
    assert standing.hits.hit_at_3 == report.hits.hit_at_3
    assert standing.learning == report.learning
    assert [one.of for one in standing.reliability] == [one.of for one in report.trust.bins]
    clock.forward(days=400)
    for n in range(2):
        happen(memory, clock, n, "oom", CAUSES["oom"])
    assert memory.trust.measured().learning == report.learning, "an outcome refits the curve and keeps what was learned"
    assert memory.trust.summary().hits.hit_at_3.n == report.to_find + 1


def test_where_matches_tell_nothing_apart_the_best_must_stand_out(memory, clock):
    happen(memory, clock, 1, "oom", CAUSES["oom"])
    asked = make_situation(CAUSES["oom"])
    assert memory.ask(asked).cause == "It was oom."
    newest = memory.store.curves.newest().body
    memory.store.curves.save({**newest, "apart": 1.01}, clock())
    answer = memory.ask(asked)
    assert (answer.verdict, answer.cause, answer.steps) == ("never_seen", None, ())
    assert answer.confidence is None
    assert answer.nearest_rates.elsewhere.right == 0
    assert "INC-1" in answer.verdict_reason
    assert "its lead over the rest is no larger" in answer.verdict_reason
    assert [one.id for one in answer.evidence] == ["INC-1"]
