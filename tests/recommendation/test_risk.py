"""The labelled commands and steps, and the traps; with `-s` it prints the tables that docs/risk.md states."""

import json
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import confusion, labelled, level, wrong

from example_counts import example_count
from growth import grows_at_most
from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import assess, classify, classify_text
from onrecall.recommendation.risk.evidence import find_loss_sign
from onrecall.recommendation.risk.languages.sql import is_sql
from onrecall.recommendation.risk.programs.table import find_program

COMMANDS = ["commands.tsv", "commands_held_out.tsv", "commands_unseen.tsv"]
STEPS = ["steps.tsv", "steps_held_out.tsv", "steps_attack.tsv", "steps_everyday.tsv", "steps_orders.tsv"]
LOOKING = ["looking_commands.tsv", "runbook_commands.tsv", "site_commands.tsv", "field_looking.tsv", "duty_looking.tsv"]
DANGEROUS = [
    "nasty_commands.tsv",
    "unfamiliar_commands.tsv",
    "operations_commands.tsv",
    "evasive_commands.tsv",
    "uncommon_commands.tsv",
    "field_commands.tsv",
    "duty_commands.tsv",
]
SETS = [(name, name in STEPS) for name in COMMANDS + STEPS]
CASES = Path(__file__).parents[3] / "shared" / "cases" / "security"
DATA = Path(__file__).parents[2] / "src" / "onrecall" / "recommendation" / "risk"


@pytest.mark.parametrize(("name", "prose"), SETS)
def test_labels_agree(name, prose):
    mislabelled, size = wrong(name, prose=prose), len(labelled(name))
    sys.stdout.write(f"\n{name}: {1 - len(mislabelled) / size:.1%} of {size} right\n{confusion(name, prose=prose)}\n")
    assert len(mislabelled) <= 0.03 * size, mislabelled


@pytest.mark.parametrize(("name", "prose"), SETS)
def test_nothing_is_called_less_dangerous_than_it_is(name, prose):
    assert not [row for row in wrong(name, prose=prose) if RISKS.index(row[1]) < RISKS.index(row[0])]


@pytest.mark.parametrize("name", LOOKING)
def test_everyday_looking_commands_are_read_only(name):
    rows = labelled(name)
    missed = [(text, assessment.reason) for text, _, _ in rows if (assessment := classify(text)).risk != "read_only"]
    programs = {word for text, _, _ in rows if find_program(word := text.split()[0])}
    sys.stdout.write(
        f"\n{name}: {1 - len(missed) / len(rows):.1%} of {len(rows)} read_only, {len(programs)} programs\n"
    )
    assert len(rows) >= 600
    assert len(programs) >= 60
    assert len(missed) <= 0.03 * len(rows), missed


@pytest.mark.parametrize("name", DANGEROUS)
@pytest.mark.parametrize("judge", [classify, assess])
def test_no_nasty_command_falls_below_its_label(judge, name):
    rows = labelled(name)
    below = [(text, risk) for text, risk, _ in rows if level(text, judge) < RISKS.index(risk)]
    sys.stdout.write(f"\n{name}: {len(below)} of {len(rows)} below their label\n")
    assert len(rows) >= 250
    assert not below


def test_steps_of_the_field_are_no_safer_than_their_label_and_those_that_look_are_read_only():
    rows = labelled("steps_field.tsv")
    assert not [text for text, risk, _ in rows if level(text, classify_text) < RISKS.index(risk)]
    looking = [text for text, risk, _ in rows if risk == "read_only"]
    missed = [text for text in looking if level(text, classify_text)]
    assert len(missed) <= 0.03 * len(looking), missed


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
@pytest.mark.parametrize("judge", [classify, assess])
def test_none_of_the_handed_commands_falls_below_its_label(judge):
    rows = json.loads((CASES / "commands.json").read_text())
    assert not [r["command"] for r in rows if level(r["command"], judge) < RISKS.index(r["at_least"])]


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
@pytest.mark.parametrize("judge", [classify_text, assess])
def test_none_of_the_handed_steps_in_words_is_read_only(judge):
    rows = json.loads((CASES / "words.json").read_text())
    assert not [r["text"] for r in rows if judge(r["text"]).risk == "read_only"]


def test_whoever_asks_need_not_say_whether_it_is_a_command():
    for name in COMMANDS:
        assert not [text for text, risk, _ in labelled(name) if assess(text).risk != risk]
    for name in STEPS:
        assert not [text for text, risk, _ in labelled(name) if level(text, assess) < RISKS.index(risk)]


SHELL = [
    (text, risk)
    for text, risk, _ in labelled("commands.tsv")
    if not set(text) & set("'\"\n`#\\") and "$(" not in text and not text.startswith(("db.", "rs.", "$ ", "127"))
    if not is_sql(text)
]  # fmt: skip
WRAPPERS = [
    "sudo {}", "sudo -u root -- {}", "time {}", "nohup {} &", "bash -c '{}'", 'bash -lc "{}"', "ssh web1 '{}'", "ssh -i k -p 22 u@h '{}'",
    "kubectl exec -it api-0 -n prod -- sh -c '{}'", "docker exec -u root api sh -c '{}'", "true && {}", "({})", "echo $({})", 'echo "`{}`"',
    "if true; then {}; fi", "while :; do {}; sleep 1; done", "X=1 Y=2 {}", "timeout 30 sh -c '{}'", "watch -n 5 '{}'", "su - app -c '{}'",
    "ansible web -m shell -a '{}'", "echo '{}' | sh", "ssh web1 <<EOF\n{}\nEOF", "sudo bash <<< '{}'", "cd /tmp; {}", "eval '{}'", "$ {}",
    "nsenter -t 1 -m -- {}", "flock /tmp/lock -c '{}'", "systemd-run --scope {}", "parallel '{}' ::: a", "trap '{}' EXIT", "f() {{ {}; }}; f",
    "salt web1 cmd.run '{}'", "docker run --rm img sh -c '{}'", "unheard-of-wrapper -- {}", "find . -name x -exec sh -c '{}' ;",
]  # fmt: skip


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapper_hides_nothing(wrapper):
    safer = [text for text, risk in SHELL if level(wrapper.format(text)) < RISKS.index(risk)]
    assert not safer


TRAPS = [
    # a word of losing in an option, an argument or the name of a script, of a program that takes any
    ("bq load --replace sales.daily gs://in/x.csv", "destructive"),
    ("terraform-docs markdown .", "read_only"),
    ("ansible-playbook wipe-replicas.yml", "destructive"),
    ("ansible-playbook rollout.yml", "disruptive"),
    ("salt-run manage.down removekeys=True", "destructive"),
    ("gcloud storage buckets update gs://b --clear-lifecycle", "destructive"),
    ("oras manifest delete registry.local/cart:7", "destructive"),
    ("kubectl auth can-i delete deployments", "read_only"),
    ("frobctl -o /srv/cart/stock.db pull", "destructive"),
    ("frobctl zonepurge shop.example", "destructive"),
    ("frobctl snapshot rollback shop", "destructive"),
    ("frobctl sync --force", "destructive"),
    ("frobctl show rollback", "disruptive"),
    ("frobctl set-retention 1h", "destructive"),
    ("mongod --repair --dbpath /data/db", "destructive"),
    ("etcd --force-new-cluster", "destructive"),
    ("gcloud redis instances failover cart --data-protection-mode=force-data-loss", "destructive"),
    ("gcloud sql instances patch cart --no-backup", "destructive"),
    ("az network dns record-set a update -g rg -z shop.example -n cart --ttl 60", "disruptive"),
    ("zcat cart-backup.sql.gz | mysql shop", "destructive"),
    ("mysql shop < fix.sql", "disruptive"),
    ("tar xzf cart.tgz -C /", "destructive"),
    ("tar xzf cart.tgz -C /tmp/cart", "reversible"),
    ("ceph tell osd.3 version", "read_only"),
    ("ceph tell osd.* injectargs --osd-max-backfills=1", "disruptive"),
    ("perl -ne 'print if /timeout/' cart.log", "read_only"),
    ("perl -ne 'print if /@{[system q(rm cart)]}/' cart.log", "destructive"),
    # methods of the MongoDB shell that are named without being called
    ("mongosh --eval 'db.getCollectionNames().forEach(c => print(c, db[c].stats().size))'", "read_only"),
    ("mongosh --eval 'db.getCollectionNames().forEach(c => db[c].drop())'", "destructive"),
    ("mongosh --eval 'ids.forEach(db.carts.deleteOne)'", "destructive"),
    ("mongosh --eval 'var f = db.carts.drop; [1].map(f)'", "destructive"),
    # PowerShell and Cypher
    (
        "Get-WinEvent -FilterHashtable @{LogName='Setup'; StartTime=(Get-Date).AddDays(-2)} | select -First 3",
        "read_only",
    ),
    ("Get-WinEvent -FilterHashtable @{LogName=(Remove-Item C:\\carts)}", "destructive"),
    ("Get-NetNeighbor | sort State", "read_only"),
    ("Get-AcmeThing -All", "disruptive"),
    ("Measure-Acme", "disruptive"),
    ("Select-AcmeRow -All", "disruptive"),
    ("Get-ADReplAccount -All", "disruptive"),
    ("get-service w3svc", "read_only"),
    ("gci C:\\Logs -Recurse", "read_only"),
    ("Measure-Command { Stop-Service cart }", "disruptive"),
    ("Measure-Command { Get-Service cart }", "read_only"),
    ("Get-Process | Sort-Object { Remove-Item cart }", "destructive"),
    ("Get-Process | % { $_.Name }", "read_only"),
    ("Get-Process | % { $_.Kill() }", "disruptive"),
    ("Get-Process | ForEach-Object Kill", "disruptive"),
    ("(Get-Service cart).Status", "read_only"),
    ("(Get-Item C:\\cart).Delete()", "destructive"),
    ("Get-Service | Export-Csv C:\\cart.csv", "destructive"),
    ("Get-AzVM -Name cart -OutFile C:\\cart.txt", "destructive"),
    ("Get-StoredCredential -Target cart", "disruptive"),
    ("Format-Disk", "disruptive"),
    ("cypher-shell \"MATCH (c:Cart) WHERE c.note = 'SET' RETURN count(c)\"", "read_only"),
    ('cypher-shell "MATCH (c:Cart) SET c.open = false"', "destructive"),
    # names of Oracle that look like a comment of MySQL
    ("SELECT sid, serial#, event FROM v$session WHERE event <> 'idle'", "read_only"),
    ("SELECT a# ' \n; DROP TABLE carts; -- '", "destructive"),
    ("curl 'http://prom/api/v1/query_range?query=up&start=1700000000&step=60'", "read_only"),
    ("curl 'http://cart/jobs?start=nightly'", "disruptive"),
    ("curl -s -X POST http://ci/job/cart/doDelete", "destructive"),
    ("redis-cli lrange carts 0 -1", "read_only"),
    ("kubectl rollout status deploy/cart -w=false", "read_only"),
    ("LANG=../../cart ls", "disruptive"),
    ("sudo psql <<EOF\nDROP TABLE x;\nEOF", "destructive"),
    ("kubectl exec -i db-0 -- psql -U app <<< 'DELETE FROM x'", "destructive"),
    ("echo 'DROP TABLE x' | kubectl exec -i db-0 -- psql", "destructive"),
    ("cat fixes.sql | ssh db1 psql", "disruptive"),
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
    ("KUBECTL delete pvc x", "destructive"),
    ("kubectl  delete\tpvc   x", "destructive"),
    ("kubectl delete \\\n  pvc x", "destructive"),
    ("```sh\nkubectl delete pvc x\n```", "destructive"),
    ("# kubectl delete pvc x", "destructive"),
    ("", "read_only"),
    ("rm -rf " + "x " * 20_000, "destructive"),
    ("$(" * 200 + "rm x", "destructive"),
    ("ls ;\\\nrm x", "destructive"),
    ("SELECT 1 --1; DROP TABLE x", "destructive"),  # MySQL subtracts here, and runs what follows
    ("SELECT 'a\\'; DROP TABLE x; --'", "disruptive"),  # one string to PostgreSQL's eyes, two statements to others'
    ("grep <pattern> <file>", "read_only"),
    ("grep x <in>/etc/passwd", "destructive"),
    ("curl 'http://solr:8983/solr/admin/cores?action=UNLOAD&core=orders&deleteIndex=true'", "destructive"),
    ("curl 'http://solr:8983/solr/admin/cores?action=UNLOAD&core=orders'", "disruptive"),
    ("irm http://es:9200/orders -Headers @{'X-HTTP-Method-Override'=$m}", "disruptive"),
    ("sqlite3 app.db vacuum", "disruptive"),
    ("psql -c 'vacuum orders'", "reversible"),
    ("argocd app get guestbook --hard-refresh", "reversible"),
]


@pytest.mark.parametrize(("command", "risk"), TRAPS)
def test_traps(command, risk):
    assert level(command) >= RISKS.index(risk)
    if risk in ("read_only", "disruptive") and "a\\'" not in command:
        assert classify(command).risk == risk


@pytest.mark.parametrize(
    "command", ["frobnicate --all", "./fix.sh", "curl https://x | bash", "psql -f x.sql", 'bash -c "$X"']
)
def test_what_is_not_known_is_disruptive_and_says_so(command):
    assessment = classify(command)
    assert (assessment.risk, assessment.recognised, assessment.understood) == ("disruptive", False, False)
    assert assessment.reason.startswith("not understood: ")


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("kubectl get pods --unheard-of", "--unheard-of"),
        ("df --sparkle", "--sparkle"),
        ("FROB=1 df -h", "FROB"),
        ("./df -h", "./df"),
        ("sed 'k' x", "k"),
        ("psql -c 'SELECT tidy_up()'", "tidy_up"),
        ("echo frob | nc db 5432", "frob"),
        ("curl http://x/frobnicate", "frobnicate"),
        ("curl http://[queue]:9090/metrics", "http://[queue]:9090/metrics"),
        ("curl -X POST http://[queue]/start", "http://[queue]/start"),
        ("wget -qO- http://[queue", "http://[queue"),
        ("mongosh --eval 'db.x.frob()'", "frob"),
        ("systemctl frobnicate nginx", "frobnicate"),
        ("ls > /dev/tcp/db/1", "/dev/tcp/db/1"),
    ],
)
def test_the_reason_names_what_is_not_understood(command, word):
    assessment = classify(command)
    assert RISKS.index(assessment.risk) >= RISKS.index("disruptive")
    assert not assessment.understood
    assert "not understood" in assessment.reason
    assert word in assessment.reason


CLOSED = [
    "{} < /dev/zero", "{} &> out.db", "{} > ./x", "PAGER=/tmp/x {}", "LD_AUDIT=/tmp/x.so {}", "PATH=. {}", "alias df={}", "{}\u200b", "{}\u2028reboot", "{}\x0breboot",
    "{} \u0430", "{}\uff1breboot", "function x {{ {}; }}", "{} <> x", "enable -f x y; {}", "exec -a x /tmp/y {}", "{} ; $(date)", "{} | $PAGER", "!{}", "~/{}", "/opt/../tmp/{}",
]  # fmt: skip


@pytest.mark.parametrize("form", CLOSED)
@pytest.mark.parametrize("command", ["df -h", "cat /etc/hosts", "kubectl get pods"])
def test_what_stands_around_a_harmless_command_has_to_be_understood_too(form, command):
    if form == "{} < /dev/zero" and command != "cat /etc/hosts":
        pytest.skip("only a program that reads it is held up by it")
    assert level(form.format(command)) >= RISKS.index("disruptive" if "< /dev/zero" not in form else "read_only")


WORDS_THAT_LOOK = [
    "Check the dashboards of the checkout service for elevated error rates", "Look at the last 50 lines of /var/log/nginx/error.log",
    "See whether the queue is growing", "Ask the database team if a migration ran last night", "Compare latency, errors and saturation with yesterday",
    "Open the Grafana dashboard", "Take a thread dump of the affected JVM", "If the latency is high, check the slow query log", "Wait until the rollout has finished",
    "Run `kubectl get events -n shop` and note the warnings", "Do not restart the primary",
]  # fmt: skip
WORDS_THAT_DO_NOT = [
    "Check the queue, then yeet its content", "Look at the volume and scrub it", "Inspect the table by emptying it", "Review the cluster with `init 0`", "Read the wiki\n```\nreboot\n```",
    "Check the replica, удали базу", "Check the host, \u0440\u0435boot", "Verify that the bucket was emptied", "Make sure that nobody can log in", "Watch the disk while it is formatted",
    "Check the lag, drain node 4", "Confirm it. Obliterate the index", "Look for `*; rm -rf /srv`", "Tell the bot to purge the topic", "Check logs plonk database", "Note the offset & hand out root",
    "Check the disk\u2028wipe it", "Search and destroy", "Observe the node, unrack it", "List the pods with kubectl drain node-1", "Describe the plan; carry it out",
]  # fmt: skip


@pytest.mark.parametrize("judge", [classify_text, assess])
def test_a_step_in_words_is_read_only_where_every_clause_looks(judge):
    assert not [text for text in WORDS_THAT_LOOK if judge(text).risk != "read_only"]


@pytest.mark.parametrize("judge", [classify_text, assess])
def test_a_step_in_words_is_not_read_only_where_anything_is_not_known_to_look(judge):
    assert not [text for text in WORDS_THAT_DO_NOT if judge(text).risk == "read_only"]


@given(st.text(max_size=60), st.sampled_from(["", "; ", " | ", "'", "$(", "\n"]), st.sampled_from(SHELL))
@settings(max_examples=example_count(300), deadline=None)
def test_any_text_gets_an_answer(text, joint, command):
    for judged in (classify(text + joint + command[0]), classify_text(text + joint + command[0])):
        assert judged.risk in RISKS


def test_either_of_two_commands_is_fed_nothing_by_the_other():
    assert classify("echo FLUSHALL || redis-cli ping").risk == "read_only"


@given(st.sampled_from(SHELL), st.sampled_from(SHELL), st.sampled_from([" && ", "; ", " || ", "\n", " & "]))
@settings(max_examples=example_count(200), deadline=None)
def test_the_worst_part_counts(first, second, joint):
    worse = max(RISKS.index(first[1]), RISKS.index(second[1]))
    assessment = classify(first[0] + joint + second[0])
    assert RISKS.index(assessment.risk) >= worse
    if assessment.understood:  # beside what is not understood a word such as `delete` counts as a sign of loss
        assert RISKS.index(assessment.risk) == worse


LOSING_WORDS = [
    "droptable", "dropindex", "dropfunction", "droplogs", "removefile", "removeindex", "removeimage", "removelabel", "removetag", "purgelogs",
    "flushlogs", "wipefilesystem", "erasedisk", "deletefile", "deltable", "deltag", "delindex", "delfile", "dellogs", "delimage", "delhistory",
    "destroyimage", "truncatelog", "uninstallfeature",
]  # fmt: skip
HARMLESS_WORDS = [
    "delay", "delays", "delayed", "delta", "deltas", "deltalake", "delegate", "deliver", "delivery", "delim", "delims", "delimiter", "delicate",
    "delicious", "delight", "delineate", "dell", "della", "dellemc", "delhi", "delux", "delft", "delphi", "droplet", "droplets", "dropbox",
    "dropdown", "dropped", "dropout", "dropoff", "dropin", "dropins", "wipeout", "wiped", "wiper", "remover", "removed", "eraser", "erased", "purged",
    "flushing", "flusher", "destroyer", "removable", "uninstaller", "truncated", "truncates",
]  # fmt: skip


@pytest.mark.parametrize("word", LOSING_WORDS)
def test_a_verb_of_losing_that_goes_on_is_a_loss(word):
    assert classify(f"frobctl {word} --all").risk == "destructive"


@pytest.mark.parametrize("tail", ["frobctl del sesiones", "‹a› && del /q sesiones", "DEL sesiones"])
def test_a_sentence_in_spanish_hides_no_command_behind_it(tail):
    sentence = "Revisa la memoria del servidor"
    assert find_loss_sign(sentence) is None
    assert find_loss_sign(f"{sentence}; {tail}") == "del"


@pytest.mark.parametrize("word", HARMLESS_WORDS)
def test_a_word_that_only_begins_like_a_loss_is_none(word):
    assert classify(f"frobctl {word} --all").risk == "disruptive"


UNITS = [
    "ls; ", "$(", "(", "`", "'", '"', "a|", "<<A\n", "x=(", "{a,b}", "select 1;", "select (", "$a$ ", "/*", "db.x.find(", "{{", "<x> ", "cm0g", "dd ", "\\", "\n", "‹a›", "é", "\u200b", "е",
    "Check the logs, ", "retention to ", "`ls` ", "```", "A=1 ", "sudo ", "xargs ", 'sh -c "', "curl http://x/a?b=c&", "jq . ", "echo x | sh; ", "open(", "gdb -ex lösche ",
]  # fmt: skip


@pytest.mark.growth
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("judge", [classify, classify_text])
def test_no_text_takes_long(judge, unit):
    judge("select 1")  # the parsers are loaded
    short, long, huge = ((unit * (size // len(unit) + 1))[:size] for size in (1_000, 7_900, 250_000))
    assert grows_at_most(7.9**2, judge, short, long)
    assert grows_at_most(50, judge, long, huge)


def test_several_threads_may_ask_at_once():
    texts = ["kubectl get pods | grep x && " * 20 + "ls", "SELECT 1; " * 50, "db.x.find({a: 1})", "echo $(ls) `date`"]
    expected = [classify(text).risk for text in texts]
    results = []
    threads = [
        threading.Thread(target=lambda: results.append([classify(text).risk for text in texts])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


def test_characters_that_crash_the_grammar_are_kept_from_it():
    text = "*{\u28aa\U000622ad; }<(a=esac\r!\ufeff> = | &`${\U0010ffffif\u6f22a=(\U0010e8f8kubectl get pods`${!=>/''"
    for _ in range(50):
        assert classify(text).risk in RISKS[2:]


@pytest.mark.parametrize(
    ("step", "risk"),
    [
        ("See if a reboot of the scanner helps", "disruptive"),
        ("Check whether last week's outage had an effect", "read_only"),
        ("Run `SELECT count(*) FROM carts` to see the backlog", "read_only"),
        ("Run `uptime` on the scanner host", "read_only"),
        ("Run `uptime` and reboot the scanner", "disruptive"),
        ("Remove the lock and the carts volume", "destructive"),
        ("Check that the scanner ran at midnight", "read_only"),
        ("Check that no one has dropped the carts index", "read_only"),
        ("Confirm that the carts queue is draining", "read_only"),
        ("Ensure that the carts queue is draining away", "disruptive"),
        ("Check free disk space on the scanner", "read_only"),
        ("Go back to the backup of last night", "destructive"),
        ("Prüfe die Logs und wirf dann die alten Indizes weg", "destructive"),
        ("Проверить логи и удалить том", "destructive"),
    ],
)
def test_what_a_step_in_words_tells_to_do(step, risk):
    assert classify_text(step).risk == risk
