"""The labelled commands and steps, and the traps; with `-s` it prints the tables that docs/risk.md states."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import confusion, labelled, wrong

from onrecall.recommendation.risk import sql as statements
from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import classify, classify_text

COMMANDS = ["commands.tsv", "commands_held_out.tsv", "commands_unseen.tsv"]
STEPS = ["steps.tsv", "steps_held_out.tsv"]
SETS = [(name, name in STEPS) for name in COMMANDS + STEPS]


@pytest.mark.parametrize(("name", "prose"), SETS)
def test_labels_agree(name, prose):
    found, size = wrong(name, prose=prose), len(labelled(name))
    sys.stdout.write(f"\n{name}: {1 - len(found) / size:.1%} of {size} right\n{confusion(name, prose=prose)}\n")
    assert len(found) <= 0.03 * size, found


@pytest.mark.parametrize(("name", "prose"), SETS)
def test_nothing_that_loses_data_is_called_harmless(name, prose):
    assert not [row for row in wrong(name, prose=prose) if row[0] == "destructive" and row[1] in RISKS[:2]]


def test_there_are_enough_commands():
    assert sum(len(labelled(name)) for name in COMMANDS) >= 450


def level(text: str) -> int:
    return RISKS.index(classify(text).risk)


SHELL = [
    (text, risk)
    for text, risk, _ in labelled("commands.tsv")
    if not set(text) & set("'\"\n`#\\") and "$(" not in text and not text.startswith(("db.", "rs.", "$ ", "127"))
    if not statements.looks_like_sql(text)
]  # fmt: skip
WRAPPERS = [
    "sudo {}", "sudo -u root -- {}", "time {}", "nohup {} &", "bash -c '{}'", 'bash -lc "{}"', "ssh web1 '{}'", "ssh -i k -p 22 u@h '{}'",
    "kubectl exec -it api-0 -n prod -- sh -c '{}'", "docker exec -u root api sh -c '{}'", "true && {}", "({})", "echo $({})", 'echo "`{}`"',
    "if true; then {}; fi", "while :; do {}; sleep 1; done", "X=1 Y=2 {}", "timeout 30 sh -c '{}'", "watch -n 5 '{}'", "su - app -c '{}'",
    "ansible web -m shell -a '{}'", "echo '{}' | sh", "ssh web1 <<EOF\n{}\nEOF", "sudo bash <<< '{}'", "cd /tmp; {}", "eval '{}'", "$ {}",
]  # fmt: skip


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapper_hides_nothing(wrapper):
    safer = [text for text, risk in SHELL if level(wrapper.format(text)) < RISKS.index(risk)]
    assert not safer


TRAPS = [
    ("sudo psql <<EOF\nDROP TABLE x;\nEOF", "destructive"),
    ("kubectl exec -i db-0 -- psql -U app <<< 'DELETE FROM x'", "destructive"),
    ("echo 'DROP TABLE x' | kubectl exec -i db-0 -- psql", "destructive"),
    ("cat cleanup.sql | ssh db1 psql", "disruptive"),
    ("cat tables | xargs -I{} psql -c {}", "disruptive"),
    ("cat tables | xargs -I{} psql -c 'DROP TABLE {}'", "destructive"),
    ("echo $'rm -rf /x' | bash", "destructive"),
    ("echo $((1 + 1)) && rm -rf x", "destructive"),
    ("ls # nothing\nrm -rf x", "destructive"),
    ("cat <<'EOF'\nrm -rf /\nEOF", "read_only"),
    ("cat <<EOF\n$(rm -rf /)\nEOF", "destructive"),
    ("select 1; drop table x", "destructive"),
    ("select 1 -- ; drop table x", "read_only"),
    ("select ';drop table x'", "read_only"),
    ("SELECT $$ drop table x $$", "read_only"),
    ("DO $$ BEGIN DELETE FROM x; END $$", "destructive"),
    ("kubectl get pods;kubectl delete ns x", "destructive"),
    ("kubectl get pods|xargs kubectl delete ns", "destructive"),
    ("find . -name x -exec sh -c 'rm -rf {}' ;", "destructive"),
    ("KUBECTL delete pvc x", "disruptive"),
    ("kubectl  delete\tpvc   x", "destructive"),
    ("kubectl delete \\\n  pvc x", "destructive"),
    ("```sh\nkubectl delete pvc x\n```", "destructive"),
    ("# kubectl delete pvc x", "destructive"),
    ("", "read_only"),
    ("rm -rf " + "x " * 20_000, "disruptive"),
    ("$(" * 200 + "rm x", "destructive"),
]


@pytest.mark.parametrize(("command", "risk"), TRAPS)
def test_traps(command, risk):
    found = classify(command)
    assert level(command) >= RISKS.index(risk) if "$(" * 3 in command else found.risk == risk


@pytest.mark.parametrize(
    "command", ["frobnicate --all", "./fix.sh", "curl https://x | bash", "psql -f x.sql", 'bash -c "$X"']
)
def test_what_is_not_known_is_disruptive_and_says_so(command):
    found = classify(command)
    assert (found.risk, found.recognised) == ("disruptive", False)
    assert found.reason


@given(st.text(max_size=60), st.sampled_from(["", "; ", " | ", "'", "$(", "\n"]), st.sampled_from(SHELL))
@settings(max_examples=300, deadline=None)
def test_any_text_gets_an_answer(text, joint, command):
    for judged in (classify(text + joint + command[0]), classify_text(text + joint + command[0])):
        assert judged.risk in RISKS


def test_either_of_two_commands_is_fed_nothing_by_the_other():
    assert classify("kubectl get pods -n prod || kubectl exec -it api-0 -- bash").risk == "read_only"


@given(st.sampled_from(SHELL), st.sampled_from(SHELL), st.sampled_from([" && ", "; ", " || ", "\n", " & "]))
@settings(max_examples=200, deadline=None)
def test_the_worst_part_counts(one, other, joint):
    assert level(one[0] + joint + other[0]) == max(RISKS.index(one[1]), RISKS.index(other[1]))
