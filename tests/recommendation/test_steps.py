"""Steps come from what worked for the leading cause, cited, in the order of their sources; what failed is told apart."""

from dataclasses import replace
from datetime import timedelta

import pytest
from recommendation_cases import NOW, ask, did, line_of, resolved_incident, runbook

from onrecall.domain.evidence import Citation, TrackRecord
from onrecall.domain.recommendation import first_safe_step
from onrecall.domain.situation import Situation
from onrecall.recommendation import compose, step_key, step_keys

KILL = "psql -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'\""
LOOK = 'psql -c "SELECT state, count(*) FROM pg_stat_activity GROUP BY 1"'


def pool(name="P", score=0.8, steps=(), **more):
    return resolved_incident(name, score, cause="pool", root_cause="The pool ran dry", steps=steps, **more)


def test_steps_stay_in_the_order_in_which_they_were_done():
    evidence = [pool(steps=[did("Ended the idle sessions", KILL), did("Looked at the sessions", LOOK)])]
    first, second = ask(evidence).steps
    assert (first.n, first.risk, first.command) == (1, "disruptive", KILL)
    assert (second.n, second.risk, second.command) == (2, "read_only", LOOK)
    assert first.precondition is None  # the check stood after it, so it was not what led to it


RESTORE = (
    did("Stopped the writer", "kubectl scale deploy/writer --replicas=0"),
    did("Emptied the folder", "rm -rf /data/writer/segments"),
    did("Copied the backup", "aws s3 cp --recursive s3://fig/segments /data/writer/segments"),
    did("Started the writer", "kubectl scale deploy/writer --replicas=2"),
)


def step_texts(evidence):
    return [step.text for step in ask(evidence).steps]


def test_a_restore_is_not_sorted_by_risk():
    assert step_texts([pool(steps=RESTORE)]) == [step.text for step in RESTORE]


def test_what_another_incident_did_in_between_stands_in_between():
    stop, empty, copy, start = RESTORE
    look = did("Looked at the sessions", LOOK)
    note = did("Wrote down the offset", "cat /data/writer/offset")
    count = did("Counted the segments", "ls /data/writer/segments")
    second_incident = pool("Q", 0.7, steps=[look, stop, note, copy, count])
    assert step_texts([pool(steps=[stop, empty, copy, start]), second_incident]) == [
        look.text, stop.text, empty.text, note.text, copy.text, start.text, count.text,
    ]  # fmt: skip


def test_where_two_incidents_disagree_the_leading_one_is_followed():
    first, second, third = did("Raised a", "a --x"), did("Raised b", "b --x"), did("Looked", LOOK)
    texts = step_texts([pool(steps=[first, second]), pool("Q", 0.7, steps=[second, third, first])])
    assert texts.index("Raised a") < texts.index("Raised b") < texts.index("Looked")


def test_what_was_done_twice_is_shown_twice():
    again = did("Restarted the writer", "systemctl restart writer")
    assert step_texts([pool(steps=[again, did("Looked", LOOK), again])]) == [again.text, "Looked", again.text]


def test_a_long_procedure_is_not_cut_in_its_middle():
    steps = [did(f"Moved shard {'abcdefghijklmnop'[n]}x", f"mv /a/{'abcdefghijklmnop'[n]}x /b") for n in range(14)]
    assert step_texts([pool(steps=steps)]) == [step.text for step in steps]


def test_of_a_further_incident_nothing_disturbing_is_taken_that_would_lack_its_end():
    best = [did(f"Looked at {'abcdef'[n]}x", None) for n in range(6)]
    texts = step_texts([pool(steps=best), pool("Q", 0.7, steps=[did("Read the log", "tail /var/log/fig"), *RESTORE])])
    assert texts == [*(step.text for step in best), "Read the log"]


@pytest.mark.parametrize(
    ("steps", "number"),
    [
        ([did("Looked", LOOK), did("Ended them", KILL)], 1),
        ([did("Ended them", KILL), did("Looked", LOOK)], None),
        (RESTORE, None),
        ([], None),
    ],
)
def test_the_first_safe_step_is_one_that_nothing_disturbing_goes_before(steps, number):
    step = first_safe_step(ask([pool(steps=steps)]).steps)
    assert (step.n if step else None) == number


def test_another_sources_check_may_be_the_first_safe_step():
    evidence = [pool(steps=[did("Ended them", KILL)]), pool("Q", 0.7, steps=[did("Looked", LOOK)])]
    assert first_safe_step(ask(evidence).steps).n == 2


def test_a_check_cited_in_the_postmortem_comes_after_what_its_incident_disturbed():
    ending, looking = ask([pool(steps=[did("Ended them", KILL), did("Looked", LOOK)])]).steps
    in_report = replace(looking, citation=Citation("PM-8", "Looked", 40, incident="P"))
    assert first_safe_step((ending, in_report)) is None


def test_a_dangerous_step_names_the_check_that_stood_before_it():
    evidence = [pool(steps=[did("Looked at the sessions", LOOK), did("Ended the idle sessions", KILL)])]
    assert ask(evidence).steps[1].precondition == "first confirm step 1: Looked at the sessions"


def test_every_quote_is_the_line_it_names():
    evidence = [
        pool(
            description="one\n\ntwo\r\nthree",
            steps=[did("Looked", LOOK), did("Ended them\nall", KILL, rollback="none"), did("Raised it", None)],
        )
    ]
    for step in ask(evidence).steps:
        assert step.citation.quote == line_of(evidence, step.citation)


def test_steps_of_another_cause_never_mix_in():
    evidence = [
        pool(steps=[did("Looked at the sessions", LOOK)]),
        resolved_incident(
            "DISK",
            0.79,
            cause="disk-full",
            root_cause="Logs filled it",
            steps=[did("Emptied it", "rm -rf /var/log/old")],
        ),
    ]
    advice = ask(evidence)
    assert {step.citation.id for step in advice.steps} == {"P"}
    assert [alternative.evidence for alternative in advice.alternatives] == [("DISK",)]


def test_the_same_action_on_other_hosts_is_one_step_and_its_tries_add_up():
    evidence = [
        pool("A", 0.8, steps=[did("Restarted the pod", "kubectl -n prod delete pod web-6c9d7f4b8-qx2mt")]),
        pool("B", 0.7, steps=[did("Restarted a pod", "kubectl -n prod delete pod web-5f7c9d8b6d-k2x8v")]),
    ]
    (step,) = ask(evidence).steps
    assert step.citation.id == "A"
    assert (step.record.tried, step.record.worked) == (2, 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Restarted PgBouncer", None), ("restart pgbouncer", None)),
        (("x", "sudo systemctl restart nginx;"), ("y", "$ systemctl   restart nginx")),
        (("x", "SELECT 1 FROM t"), ("x", "select 1 from t")),
        (("Ended ‹web-6c9d7f4b8-qx2mt›", None), ("Ended web-6c9d7f4b8-qx2mt", None)),
        (("a\u202eb", "ls\x07 -l"), ("ab", "ls -l")),
    ],
)
def test_one_key_for_all_wordings(first, second):
    assert step_key(*first) == step_key(*second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Restarted nginx", None), ("Restarted redis", None)),
        (("x", "git branch -d old"), ("x", "git branch -D old")),
        (("x", "kubectl get pods"), ("x", "kubectl delete pods")),
    ],
)
def test_other_actions_have_other_keys(first, second):
    assert step_key(*first) != step_key(*second)


def test_a_shown_step_keeps_the_key_of_what_was_done():
    performed = did("Deleted pod web-6c9d7f4b8-qx2mt " + "and looked again " * 80, None)
    (step,) = ask([pool(steps=[performed])]).steps
    assert "‹web-6c9d7f4b8-qx2mt›" in step.text
    assert step_key(step.text, step.command) == step_key(performed.text, performed.command)


def test_old_values_are_marked_and_those_of_today_are_not():
    evidence = [pool(steps=[did("Deleted the pod", "kubectl -n prod delete pod web-6c9d7f4b8-qx2mt")])]
    (step,) = ask(evidence).steps
    assert step.command == "kubectl -n prod delete pod ‹web-6c9d7f4b8-qx2mt›"
    assert step.old_values == ("web-6c9d7f4b8-qx2mt",)
    (today,) = ask(evidence, text="web-6c9d7f4b8-qx2mt is broken again").steps
    assert (today.command, today.old_values) == ("kubectl -n prod delete pod web-6c9d7f4b8-qx2mt", ())


def test_marks_in_the_source_are_not_taken_for_ours():
    (step,) = ask([pool(steps=[did("Restarted ‹nothing›", "systemctl restart ‹nginx›")])]).steps
    assert (step.text, step.command, step.old_values) == ("Restarted nothing", "systemctl restart nginx", ())


def test_what_failed_is_told_with_its_receipt_and_never_recommended():
    evidence = [
        pool(
            steps=[
                did("Restarted the pods", "kubectl rollout restart deploy/web", "did_not_help"),
                did("Raised the limit", "ALTER SYSTEM SET max_connections = 800", "made_it_worse"),
                did("Looked at the sessions", LOOK),
            ]
        )
    ]
    advice = ask(evidence)
    assert [step.text for step in advice.steps] == ["Looked at the sessions"]
    assert [(tried.text, tried.outcome) for tried in advice.tried_before] == [
        ("Raised the limit", "made_it_worse"),
        ("Restarted the pods", "did_not_help"),
    ]
    assert all(tried.citation.quote == line_of(evidence, tried.citation) for tried in advice.tried_before)


def test_what_failed_for_another_cause_is_not_held_against_it():
    restart = "kubectl rollout restart deploy/web"
    leak = resolved_incident("LEAK", 0.8, cause="leak", root_cause="A leak", steps=[did("Restarted", restart)])
    other_cause = pool(score=0.5, steps=[did("Restarted", restart, "did_not_help")])
    records = {step_key("", restart): TrackRecord(2, 1, 1)}
    advice = ask([leak, other_cause], records=records)
    assert [step.command for step in advice.steps] == [restart]
    assert advice.tried_before == ()
    worse = [pool(f"P{n}", 0.5, steps=[did("Restarted", restart, "did_not_help")]) for n in range(3)]
    records = {step_key("", restart): TrackRecord(4, 1, 3)}
    assert [step.command for step in ask([leak, *worse], records=records).steps] == [restart]


def test_a_step_that_outcomes_speak_against_moves_to_what_was_tried():
    evidence = [pool(steps=[did("Looked", LOOK), did("Restarted nginx", "systemctl restart nginx")])]
    records = {step_key("", "systemctl restart nginx"): TrackRecord(4, 1, 3, NOW)}
    advice = ask(evidence, records=records)
    assert [step.command for step in advice.steps] == [LOOK]
    assert [(tried.command, tried.outcome) for tried in advice.tried_before] == [
        ("systemctl restart nginx", "did_not_help")
    ]


def test_a_line_of_a_runbook_that_only_instructs_is_never_cited_as_what_did_not_help():
    restart = "systemctl restart nginx"
    page = runbook(
        "RB", 0.7, f"# Pool is full\n\n## Mitigation\n1. Look at the pool `{LOOK}`\n2. Restart nginx `{restart}`\n"
    )
    page = replace(page, document=replace(page.document, labels={"cause": "pool-full"}))
    incident = pool(steps=[did("Looked", LOOK)])
    resolution = replace(incident.resolution, cause="pool-full")
    incident = replace(incident, incident=replace(incident.incident, resolution=resolution))
    advice = ask([incident, page], records={step_key("", restart): TrackRecord(4, 1, 3, NOW)})
    assert restart not in [step.command for step in advice.steps]
    assert advice.tried_before == ()
    followed = ask([incident, page])
    assert restart in [step.command for step in followed.steps]


def test_the_record_of_the_store_is_shown():
    records = {step_key("", LOOK): TrackRecord(7, 6, 1, NOW)}
    assert ask([pool(steps=[did("Looked", LOOK)])], records=records).steps[0].record == TrackRecord(7, 6, 1, NOW)


def test_the_keys_for_the_records_are_those_that_compose_asks_for():
    requested = []

    class Asked(dict):
        def get(self, key, default=None):
            requested.append(key)
            return default

    evidence = [
        pool(steps=[did("Looked", LOOK), did("Ended", KILL, "did_not_help")]),
        runbook("RB", 0.5, "## Fix\n1. Restart nginx\n", labels={"cause": "pool"}),
    ]
    compose(Situation("x"), evidence, Asked(), NOW)
    assert requested
    assert set(requested) <= set(step_keys(evidence))


@pytest.mark.parametrize(
    ("days", "stale"), [(30, None), (181, "last known to work on 2025-12-02, 181 days ago"), (-3, None)]
)
def test_what_has_not_worked_for_long_is_called_so(days, stale):
    assert ask([pool(steps=[did("Looked", LOOK)], days_ago=days)]).steps[0].stale == stale


def test_a_recent_success_makes_it_fresh_again():
    records = {step_key("", LOOK): TrackRecord(2, 2, 0, NOW - timedelta(days=1))}
    assert ask([pool(steps=[did("Looked", LOOK)], days_ago=400)], records=records).steps[0].stale is None


RAISED = did("Raised the timeout to 90 s", None)
RAISED_IN_VAIN = did("Raised the timeout to 90 s", None, "made_it_worse")
LOWERED = did("Put the timeout back and doubled the threads", None)


@pytest.mark.parametrize("cause", ["pool", "threads"])
def test_what_a_later_incident_says_made_it_worse_is_told_as_tried_and_its_fix_is_offered(cause):
    old = pool("OLD", 0.9, steps=[RAISED], days_ago=300)
    new = resolved_incident(
        "NEW", 0.9, cause=cause, root_cause="Too few threads", steps=[RAISED_IN_VAIN, LOWERED], days_ago=9
    )
    advice = ask([old, new])
    assert [step.text for step in advice.steps] == [LOWERED.text]
    assert [(tried.citation.id, tried.outcome) for tried in advice.tried_before] == [("NEW", "made_it_worse")]
    assert {step.citation.id for step in advice.steps} == {"NEW"}


def test_many_older_successes_do_not_outweigh_what_made_it_worse_later():
    older = [pool(f"OLD{n}", 0.95, steps=[RAISED], days_ago=300 + n) for n in range(4)]
    new = resolved_incident(
        "NEW", 0.9, cause="threads", root_cause="Too few threads", steps=[RAISED_IN_VAIN, LOWERED], days_ago=9
    )
    advice = ask([*older, new])
    assert [step.citation.id for step in advice.steps] == ["NEW"]
    assert [tried.citation.id for tried in advice.tried_before] == ["NEW"]


def test_the_right_fix_of_a_cause_is_not_dropped_because_it_did_not_help_against_one_that_looks_alike():
    renew = did("Renewed the certificate", "cmctl renew web")
    older = [pool(f"OLD{n}", 0.95, steps=[LOWERED, renew], days_ago=300 + n) for n in range(4)]
    vain = did("Renewed the certificate", "cmctl renew web", "did_not_help")
    new = resolved_incident(
        "NEW", 0.9, cause="drift", root_cause="Another file was served", steps=[vain, RAISED], days_ago=9
    )
    advice = ask([*older, new])
    assert [step.text for step in advice.steps] == [LOWERED.text, renew.text]
    assert advice.tried_before == ()


def test_a_later_success_outweighs_earlier_failures():
    failed = [
        pool(f"F{n}", 0.8, steps=[did("Restarted", "systemctl restart fig", "did_not_help")], days_ago=90) for n in "ab"
    ]
    advice = ask([*failed, pool("OK", 0.7, steps=[did("Restarted", "systemctl restart fig")], days_ago=3)])
    assert [step.citation.id for step in advice.steps] == ["OK"]
    assert advice.tried_before == ()


def test_a_later_failure_in_something_far_less_alike_refutes_nothing():
    old = pool("OLD", 0.95, steps=[RAISED], days_ago=300)
    far = resolved_incident(
        "FAR", 0.5, cause="threads", root_cause="Too few threads", steps=[RAISED_IN_VAIN, LOWERED], days_ago=9
    )
    advice = ask([old, far])
    assert ([step.citation.id for step in advice.steps], advice.tried_before) == (["OLD"], ())


def test_what_failed_first_and_worked_in_the_end_worked():
    steps = [
        did("Restarted", "systemctl restart fig", "did_not_help"),
        LOWERED,
        did("Restarted", "systemctl restart fig"),
    ]
    advice = ask([pool(steps=steps)])
    assert [step.text for step in advice.steps] == [LOWERED.text, "Restarted"]
    assert advice.tried_before == ()


def test_what_failed_since_it_last_worked_is_no_step():
    evidence = [
        pool("OLD", 0.8, steps=[did("Restarted", "systemctl restart nginx")], days_ago=60),
        pool("NEW", 0.7, steps=[did("Restarted", "systemctl restart nginx", "did_not_help")], days_ago=10),
    ]
    advice = ask(evidence)
    assert advice.steps == ()
    assert [tried.citation.id for tried in advice.tried_before] == ["NEW"]


def test_at_most_eight_steps_and_the_best_evidence_first():
    best = pool("BEST", 0.8, steps=[did(f"Raised limit {'abcdefgh'[n]}x", None) for n in range(6)])
    weaker = pool("REST", 0.7, steps=[did(f"Looked at {'ijklmnop'[n]}x", None) for n in range(6)])
    often = {step_key(step.text, None): TrackRecord(50, 50, 0, NOW) for step in weaker.resolution.steps}
    steps = ask([best, weaker], records=often).steps
    assert len(steps) == 8
    assert sum(step.citation.id == "BEST" for step in steps) == 6


def test_evidence_that_hardly_matches_gives_no_steps_though_its_cause_leads():
    evidence = [pool("A", 0.8, steps=[did("Looked", LOOK)]), pool("FAR", 0.2, steps=[did("Ended", KILL)])]
    assert {step.citation.id for step in ask(evidence).steps} == {"A"}


def test_a_command_in_the_words_counts_as_much_as_the_command():
    (step,) = ask(
        [pool(steps=[did("Checked with it, then ran `rm -rf /var/lib/postgresql`", "kubectl get pods")])]
    ).steps
    assert step.risk == "destructive"


def test_hidden_characters_are_not_shown_and_the_quote_stays_verbatim():
    nasty = "Looked \x1b[31mat\x1b[0m the \u202esnoisses\u202c \u200bnow"
    evidence = [pool(steps=[did(nasty, "kubectl get\x00 pods\x1b[2J")])]
    (step,) = ask(evidence).steps
    assert (step.text, step.command) == ("Looked at the snoisses now", "kubectl get pods")
    assert step.citation.quote in line_of(evidence, step.citation)
    assert step.citation.quote.isprintable()


def test_a_step_of_which_nothing_can_be_quoted_is_left_out():
    assert ask([pool(steps=[did("\u200b\u202e", None), did("Looked", LOOK)])]).steps[0].text == "Looked"


def test_a_command_too_long_to_read_is_neither_cut_nor_shown():
    evidence = [pool(steps=[did("Looked", "kubectl get pods " + "x" * 10_000), did("Looked again", LOOK)])]
    assert [step.command for step in ask(evidence).steps] == [LOOK]


def test_a_long_command_is_shown_whole():
    command = "kubectl get pods " + " ".join(f"name-{n}" for n in range(400))
    assert ask([pool(steps=[did("Looked", command)])]).steps[0].command.endswith("name-399")


def relative(name, outcome, cause="pool-full"):
    piece = pool(name, 0.0, steps=[did("Purged the queue", "rabbitmqctl purge_queue till", outcome)])
    return replace(piece, incident=replace(piece.incident, resolution=replace(piece.resolution, cause=cause)))


@pytest.mark.parametrize(
    ("cause", "tied", "shown"),
    [("pool-full", ("OLD",), True), ("", ("OLD",), True), ("disk-full", ("OLD",), False), ("pool-full", (), False)],
)
def test_what_did_not_help_in_a_tied_incident_of_the_cause_is_shown(cause, tied, shown):
    first = pool("NEW", 0.9, steps=[did("Looked", LOOK)])
    resolution = replace(first.resolution, cause="pool-full")
    first = replace(first, incident=replace(first.incident, resolution=resolution), family=tied)
    old = [relative("OLD", "did_not_help", cause or None)]
    advice = compose(Situation("it is broken again"), [first], {}, NOW, relatives=old)
    assert [tried.citation.id for tried in advice.tried_before] == ["OLD"] * shown
    assert [step.citation.id for step in advice.steps] == ["NEW"]


def test_a_recommended_step_is_not_shown_as_tried_in_vain_for_a_relative():
    first = pool("NEW", 0.9, steps=[did("Purged the queue", "rabbitmqctl purge_queue till")])
    first = replace(first, family=("OLD",))
    advice = compose(
        Situation("it is broken again"), [first], {}, NOW, relatives=[relative("OLD", "did_not_help", None)]
    )
    assert len(advice.steps) == 1
    assert advice.tried_before == ()
