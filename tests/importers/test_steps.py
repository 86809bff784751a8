"""Steps, commands and outcomes from what somebody wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth import grows_at_most
from onrecall.domain import markdown_page as page
from onrecall.domain.incident import ResolutionStep
from onrecall.importers.resolution import closing_comment, labelled_sections
from onrecall.importers.steps import outcome_or_worked, parse_steps


def test_a_numbered_list_with_code_outcomes_and_a_rollback():
    steps = parse_steps(
        """We looked at the logs first.

1. Restarted the auth pods, this did not help
   `kubectl rollout restart deploy/auth`
2. Raised the pool:
   ```bash
   kubectl set env deploy/auth POOL=50
   ```
   Rollback: set POOL back to 10
3) Failover to the replica made it worse
"""
    )
    assert steps == (
        ResolutionStep(
            "Restarted the auth pods, this did not help `kubectl rollout restart deploy/auth`",
            "kubectl rollout restart deploy/auth",
            "did_not_help",
        ),
        ResolutionStep("Raised the pool:", "kubectl set env deploy/auth POOL=50", "worked", "set POOL back to 10"),
        ResolutionStep("Failover to the replica made it worse", None, "made_it_worse"),
    )


def test_bullets_checkboxes_and_wiki_code():
    steps = parse_steps(
        "* [x] Freed space\n{code:bash}\ndu -sh /var/log\nrm /var/log/old.gz\n{code}\n* Watched it\n  - nested detail"
    )
    assert [(step.text, step.command) for step in steps] == [
        ("Freed space", "du -sh /var/log\nrm /var/log/old.gz"),
        ("Watched it nested detail", None),
    ]


def test_prose_gives_the_sentences_that_tell_a_deed_and_nothing_else():
    steps = parse_steps(
        "The user confirmed it works. Restarted nginx on web-1. Thanks all! We then increased the limit to 4096."
    )
    assert [step.text for step in steps] == ["Restarted nginx on web-1.", "We then increased the limit to 4096."]
    assert parse_steps("User confirmed. Closing.") == ()
    assert parse_steps("Address was wrong. Settled by itself.") == ()


def test_a_field_that_holds_only_what_was_done_is_all_steps():
    assert [step.text for step in parse_steps("Bump the pool. Page the DBA.", prose=True)] == [
        "Bump the pool.",
        "Page the DBA.",
    ]


def test_logs_in_a_block_are_no_command():
    steps = parse_steps("1. Looked at the log\n```\nERROR 2024 pool exhausted\n  at Pool.get\n```\n2. Restarted")
    assert [step.command for step in steps] == [None, None]


def test_a_block_alone_is_named_by_the_line_above_it():
    (step,) = parse_steps("Then we cleared the cache:\n\n```sh\nredis-cli FLUSHDB\n```\n")
    assert step == ResolutionStep("Then we cleared the cache:", "redis-cli FLUSHDB")


def test_prompts_are_not_part_of_the_command():
    (step,) = parse_steps("```\n$ systemctl restart nginx\nActive: running\n```")
    assert step.command == "systemctl restart nginx"


def test_outcomes_are_told_only_by_plain_words():
    assert outcome_or_worked("Restarting had no effect") == "did_not_help"
    assert outcome_or_worked("doesn\u2019t fix it") == "did_not_help"
    assert outcome_or_worked("Rolled back, without success") == "did_not_help"
    assert outcome_or_worked("that made things much worse") == "made_it_worse"
    assert outcome_or_worked("helped a bit, no errors since") == "worked"
    assert outcome_or_worked("no change was needed") == "worked"


def test_the_page_of_an_incident_reads_back_as_its_steps():
    step = ResolutionStep("Restart the pods", "kubectl rollout restart deploy/auth", "did_not_help", "wait")
    written = f"1. {page.format_step(step)}\n   Rollback: {step.rollback}\n"
    (parsed,) = parse_steps(written)
    assert (parsed.command, parsed.outcome, parsed.rollback) == (step.command, step.outcome, step.rollback)


def test_sections_are_found_by_heading_and_by_label():
    parts = labelled_sections(
        "## Summary\nDown.\n\n## Root Cause:\nA leak.\nIn nginx.\n\n### Resolution\n1. Restarted\n## Lessons\nNone"
    )
    assert parts == {"root_cause": "A leak.\nIn nginx.", "fix": "1. Restarted"}
    assert labelled_sections("**Root cause:** a leak\n**Fix**: restarted\n") == {
        "root_cause": "a leak",
        "fix": "restarted",
    }
    assert labelled_sections("h3. Root cause\nleak\nh3. Impact\nall") == {"root_cause": "leak"}
    assert labelled_sections("the cause of this was unclear: nobody knows") == {}


def test_a_closing_comment_counts_only_if_it_tells_something():
    assert closing_comment(("hm", "Fixed by rolling back the deploy.")) == "Fixed by rolling back the deploy."
    assert closing_comment(("Rolled back.", "Closing as stale.")) is None
    assert closing_comment(()) is None


@pytest.mark.growth
@pytest.mark.parametrize("piece", ["{", "`", "` ", "{{x", "1. ", "did ", "made the ", "  ", "{code}\n", "no  ", "(("])
def test_a_hostile_text_takes_no_more_than_a_moment(piece):
    short, long = (piece * (size // len(piece)) for size in (30_000, 240_000))
    for read in (lambda text: parse_steps(text, prose=True), labelled_sections, lambda text: closing_comment((text,))):
        assert grows_at_most(25, read, short, long)


@given(st.text(alphabet=st.sampled_from("1.-*`~$ \n\tab(:)#{code}"), max_size=300))
def test_any_text_gives_steps_with_words(text):
    for step in parse_steps(text) + parse_steps(text, prose=True):
        assert step.text.strip()
    labelled_sections(text)
