"""Whole commands come out of a block of code; prompts, output, logs and settings don't."""

import pytest

from growth import grows_at_most
from onrecall.domain.command_shapes import is_command, looks_like_output
from onrecall.domain.commands import bare_command, read_commands
from onrecall.domain.shell_lines import ShellLines


def texts(code, language=""):
    return [command.text for command in read_commands(code, language)]


@pytest.mark.parametrize(
    "command",
    [
        "POD=$(kubectl -n fig get pods\n  --no-headers | awk '{print $1}')",
        "aws ec2 describe-instances \\\n  --filters Name=tag:role,Values=db \\\n  --output text",
        "journalctl -u fig |\n  grep -c timeout",
        "test -f /run/fig.pid &&\n  kill $(cat /run/fig.pid)",
        'kubectl patch deploy fig -p \'\n{"spec": {"paused": true}}\n\'',
        "for node in a b; do\n  ssh $node uptime\ndone",
        "if systemctl is-active fig; then\n  systemctl stop fig\nfi",
        "cat <<'YAML' | kubectl apply -f -\nkind: ConfigMap\nmetadata:\n  name: fig\nYAML",
        "drain_all() {\n  kubectl drain $1\n}",
    ],
)
@pytest.mark.parametrize("language", ["bash", "console"])
def test_a_continued_command_stays_whole(command, language):
    code = f"uname -a\n{command}\ndf -h /\n"
    assert texts(code, language) == ["uname -a", command, "df -h /"]


def test_windows_shells_continue_with_marks_of_their_own():
    assert texts("Get-Service fig `\n  -ComputerName a\nRestart-Service fig\n", "powershell") == [
        "Get-Service fig `\n  -ComputerName a",
        "Restart-Service fig",
    ]


@pytest.mark.parametrize(
    "prompt",
    [
        "$ ", "sh-5.1# ", "bash-4.4$ ", "root@fig-0:/app# ", "[ops@fig ~]$ ", "(venv) $ ", "(venv) me@fig:~/src$ ",
        "me@fig ~ % ", "PS C:\\Users\\me> ", "C:\\> ", "\u276f ", "\u279c  ~ ",
    ],
)  # fmt: skip
def test_a_prompt_is_taken_off_and_output_left_out(prompt):
    code = f"{prompt}cat /etc/hosts\n127.0.0.1   localhost\nfig-1 is fine\n"
    assert texts(code, "console") == ["cat /etc/hosts"]
    assert texts(code, "bash") == ["cat /etc/hosts"]


@pytest.mark.parametrize(
    ("code", "command"),
    [
        ("mysql> SELECT *\n    -> FROM plums;\n| 1 |\n1 row in set\n", "SELECT *\nFROM plums;"),
        ("MariaDB [fig]> KILL 7;\nQuery OK\n", "KILL 7;"),
        ("fig=# SELECT 1\nfig-# + 1;\n 2\n(1 row)\n", "SELECT 1\n+ 1;"),
        ("10.0.0.7:6379> CONFIG GET maxmemory\n1) x\n", "CONFIG GET maxmemory"),
    ],
)
def test_prompts_of_database_clients(code, command):
    assert texts(code) == [command]


def test_root_prompts_count_in_a_session_and_comments_do_not():
    session = "# oc adm top nodes\n# find the busy one\n# TODO: finish\n"
    assert texts(session, "console") == ["oc adm top nodes"]
    assert texts(session, "bash") == []
    assert texts("$ oc debug node/a\n# chroot /host\n# then look\n", "bash") == ["oc debug node/a", "chroot /host"]


@pytest.mark.parametrize("language", ["", "console", "bash", "text"])
@pytest.mark.parametrize(
    "line",
    [
        "E0417 22:01:09.118200 77 kubelet.go:9] plum probe failed: timeout",
        "2026-03-01T07:00:00Z plum started",
        "Mar  1 07:00:00 fig-1 sshd[7]: refused",
        "[12345.678901] Out of memory: Killed process 7",
        "ERROR fig could not bind",
        "level=warn ts=2026-03-01 msg=late",
        "connectTimeout = 20 * time.Second",
        "max_connections: 200",
        "[mysqld]",
        '{"status": "down"}',
        "- name: fig",
        "10.0.0.9   fig.internal fig",
        "Launching server...",
        "Warning  BackOff  7m  kubelet  Back-off restarting",
        "NAME      READY   STATUS",
        "| id | state |",
        "(3 rows)",
        'sum by (pod) (rate(fig_total{job="x"}[5m]))',
        "java.lang.OutOfMemoryError: heap",
        "at com.fig.Main.run(Main.java:7)",
        "HTTP/1.1 503 Service Unavailable",
    ],
)
def test_logs_settings_tables_and_queries_are_no_commands(line, language):
    assert looks_like_output(line)
    assert texts(line, language) == []


def test_rows_below_the_header_of_a_table_are_output():
    assert texts("kubectl get pods\nNAME   READY\nfig-1  1/1\n\nkubectl top pods\n", "bash") == [
        "kubectl get pods",
        "kubectl top pods",
    ]


@pytest.mark.parametrize("language", ["yaml", "json", "go", "python", "promql", "ini", "diff", "mermaid"])
def test_other_languages_hold_no_commands(language):
    assert texts("kubectl get pods\nsystemctl restart fig\n", language) == []


def test_a_shell_prompt_counts_in_any_language():
    assert texts("$ go run ./cmd/fig\nok\n", "go") == ["go run ./cmd/fig"]


def test_assignments_are_commands_only_where_they_are_used():
    assert texts("NS=fig\nkubectl -n $NS get pods\n") == ["NS=fig", "kubectl -n $NS get pods"]
    assert texts("REPLICAS=3\nLOG_LEVEL=debug\n") == []
    assert texts("REPLICAS=3\n", "sh") == ["REPLICAS=3"]


def test_statements_end_with_a_semicolon_or_an_empty_line():
    code = "-- look first\nSELECT pid\nFROM pg_stat_activity;\n\nVACUUM FULL plums\n\nSELECT 1;\n"
    assert texts(code, "sql") == ["SELECT pid\nFROM pg_stat_activity;", "VACUUM FULL plums", "SELECT 1;"]


def test_a_quote_that_never_closes_joins_nothing():
    assert texts("echo it's late\nuptime -p\n", "bash") == ["echo it's late", "uptime -p"]


def test_each_command_has_the_line_it_begins_on():
    commands = read_commands("# first\n\ndf -h\nls \\\n  -l\nuname -a\n", "bash", first_line=10)
    assert [(command.text, command.line) for command in commands] == [
        ("df -h", 12),
        ("ls \\\n  -l", 13),
        ("uname -a", 15),
    ]


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("kubectl get pods", True), ("sudo -u x ls /tmp", True), ("FOO=1 make deploy", True), ("/opt/fig/bin/reset now", True),
        ("figctl drain 7", True), ("fig --reset", True), ("SELECT 1;", True), ("Restart-Service fig", True),
        ("nginx", False), ("connection refused", False), ("max_connections", False), ("fig is down", False),
        ("the pod of node 7 was restarted.", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_marked_as_code_is_a_command_or_not(code, known):
    assert is_command(code) is known


@pytest.mark.growth
@pytest.mark.parametrize("unit", ["'a\n", "$ x '\n", "(\n", "\\\n", "<<A\n", "a=$(x\n", "a=b\n", "for x\n", "x" * 99])
@pytest.mark.parametrize("language", ["bash", "", "sql"])
def test_hostile_blocks_are_read_in_linear_time(unit, language):
    short, long = (unit * (size // len(unit)) for size in (7_500, 60_000))
    assert grows_at_most(25, lambda code: read_commands(code, language), short, long)


@pytest.mark.growth
def test_a_long_line_of_backslashes_is_scanned_once():
    short, long = ("\\" * size for size in (50_000, 400_000))
    assert grows_at_most(20, lambda line: ShellLines().feed(line), short, long)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("kubectl logs deploy/fig --tail=50", "kubectl logs deploy/fig --tail=50"),
        ("$ systemctl restart fig", "systemctl restart fig"),
        ("`df -h /var`", "df -h /var"),
        ("sudo umount -f /mnt/fig", "sudo umount -f /mnt/fig"),
        ("psql -c 'select the and then'", "psql -c 'select the and then'"),
        ("Restarted the pods", None),
        ("kubectl rollout restart deploy/fig and wait", None),
        ("kill the stuck process", None),
        ("kubectl delete pod fig-0 did not help", None),
        ("Ran `df -h`", None),
        ("find out who did it", None),
    ],
)
def test_a_text_that_is_nothing_but_a_command_is_one(text, command):
    assert bare_command(text) == command
