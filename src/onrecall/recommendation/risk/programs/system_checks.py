"""Programs whose words say what they do by their place: `ip`, `service`, `rpm`, `export`, `git`, `socat`."""

import re
from collections.abc import Iterator, Sequence

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    disruptive,
    not_understood,
    read_only,
    reversible,
)
from onrecall.recommendation.risk.characters import VARIABLE
from onrecall.recommendation.risk.programs.environment import is_custom_variable, judge_shell_variable
from onrecall.recommendation.risk.programs.file_targets import judge_overwrite
from onrecall.recommendation.risk.programs.situation import InvocationContext
from onrecall.recommendation.risk.programs.value_kinds import judge_input, judge_value
from onrecall.recommendation.risk.sections import words as listed_words
from onrecall.recommendation.risk.shell.commands import Command


def check_service(situation: InvocationContext) -> Iterator[Assessment]:
    """`service NAME VERB`."""
    operands = situation.invocation.operands
    if situation.invocation.has("--status-all", "-a", "--all", "-s", "-l", "--list"):
        return
    verb = operands[1] if len(operands) > 1 else "status" if operands else ""
    if verb in ("status", "configtest", "config", "test"):
        yield read_only("only reports")
    elif verb in ("start", "reload"):
        yield reversible(f"`{verb}` can be undone at once")
    else:
        yield disruptive(f"`{verb}` interrupts a service")


def check_rpm(situation: InvocationContext) -> Iterator[Assessment]:
    invocation = situation.invocation
    if invocation.has("-i", "--install") and not invocation.has("-q", "--query", "-V", "--verify"):
        yield disruptive("installs packages")


def check_declaration(situation: InvocationContext) -> Iterator[Assessment]:
    """`export NAME=value` and its like."""
    exports = situation.invocation.node.path in ("export", "readonly") or situation.invocation.has("-x")
    for operand in situation.invocation.operands:
        name, joint, value = operand.partition("=")
        if not joint:
            continue
        judged = judge_shell_variable(name, value, "")
        yield (
            reversible("a variable of the shell")
            if exports and judged.understood and not is_custom_variable(name)
            else judged
        )


_IP_OBJECTS = {
    "address": 1,
    "link": 1,
    "route": 1,
    "neighbour": 1,
    "neighbor": 1,
    "rule": 2,
    "netns": 3,
    "maddress": 1,
    "monitor": 2,
    "tunnel": 1,
    "xfrm": 1,
}
"""Objects of `ip`, and how many letters they are told by at least."""


_IP_SHOWS = frozenset(["show", "sho", "sh", "s", "list", "lis", "ls", "lst", "l", "get", "ge", "g", "help"])
_IP_OWN_SETUP = ("link", "netns", "tunnel", "xfrm")
"""Objects that were set up by hand, and are not built again by themselves."""


def check_ip(situation: InvocationContext) -> Iterator[Assessment]:
    """`ip OBJECT VERB`, where both may be shortened."""
    words = list(situation.invocation.operands)
    if not words:
        if situation.invocation.options:
            yield not_understood("what `ip` is to show")
        return
    object_name = next(
        (
            name
            for name, min_letters in _IP_OBJECTS.items()
            if name.startswith(words[0]) and len(words[0]) >= min_letters
        ),
        None,
    )
    if object_name is None:
        yield not_understood(f"`ip {words[0][:20]}`")
        return
    if object_name == "xfrm":
        words = words[1:] or words
    if object_name == "netns" and words[1:2] == ["exec"]:
        yield situation.judge.command(Command(tuple(words[3:]), input=situation.fed))
    else:
        yield _judge_ip_verb(object_name, words)


def _judge_ip_verb(object_name: str, words: Sequence[str]) -> Assessment:
    verb = words[1] if len(words) > 1 else "show"
    if object_name == "link" and verb in ("s", "se"):
        return disruptive("`ip link s` sets; it does not show")
    if verb in _IP_SHOWS or object_name == "monitor" or (object_name == "netns" and verb in ("identify", "pids")):
        return read_only("only reads")
    if any(word.startswith(verb) for word in ("delete", "flush")) and _takes_away(object_name, verb, words):
        return destructive("what was set up by hand is lost")
    if object_name in ("route", "address") and re.fullmatch(r"[\d.:/a-f]+|dev|table|default", verb):
        return not_understood(f"`ip {' '.join(words)[:40]}`")
    if object_name == "link" and verb == "set" and words[-1] == "up":
        return reversible("can be undone at once")
    return disruptive("changes the network of the host")


def _takes_away(object_name: str, verb: str, words: Sequence[str]) -> bool:
    """Whether it deletes what was set up by hand, or all of it; what the kernel only remembers comes back."""
    is_remembered = object_name in ("neighbour", "neighbor") or "cache" in words
    return (object_name in _IP_OWN_SETUP and verb.startswith("d")) or (verb.startswith("f") and not is_remembered)


def check_compose_scale(situation: InvocationContext) -> Iterator[Assessment]:
    """`docker compose up --scale worker=4`."""
    for value in situation.invocation.values("--scale"):
        yield judge_value("replicas", value, situation)


def check_git_names(situation: InvocationContext) -> Iterator[Assessment]:
    """`git branch NAME`, `git tag NAME`: makes one, unless it only lists."""
    invocation = situation.invocation
    lists = (
        "-l",
        "--list",
        "--contains",
        "--no-contains",
        "--merged",
        "--no-merged",
        "--points-at",
        "-a",
        "-r",
        "--all",
        "--remotes",
        "-n",
        "-v",
        "--verify",
    )
    if invocation.operands and not invocation.has(*lists):
        yield reversible("adds a name; it can be removed again")


def check_git_paths(situation: InvocationContext) -> Iterator[Assessment]:
    """`git checkout [COMMIT] -- PATH` overwrites files of the working tree."""
    invocation = situation.invocation
    many = len(invocation.operands) > 1 and not invocation.has(
        "-b", "-c", "--orphan", "--create", "-t", "--track", "-B"
    )
    if "--" in invocation.arguments or many:
        yield destructive("local changes are lost")


def check_socat(situation: InvocationContext) -> Iterator[Assessment]:
    """`socat` between its standard streams and a socket: what is sent counts; other addresses run or write."""
    operands = situation.invocation.operands
    streams = [word for word in operands if re.fullmatch(r"-|stdio|stdin|stdout", word, re.IGNORECASE)]
    sockets = [word for word in operands if _SOCKET.fullmatch(word) and word not in streams]
    if len(operands) != 2 or len(streams) != 1 or len(sockets) != 1:
        for word in operands:
            if re.match(r"(?:open|create|creat|gopen|file):(?!.*,rdonly)", word, re.IGNORECASE):
                yield judge_overwrite(word.partition(":")[2].partition(",")[0])
            if re.match(r"(?:exec|system|shell):", word, re.IGNORECASE):
                yield destructive(f"runs `{word.partition(':')[2][:40]}` for anybody who connects")
        yield not_understood("what socat connects with what")
    else:
        yield judge_input("socket", situation)


_SOCKET = re.compile(
    r"(?:(?:unix-connect|unix-client|unix|tcp|tcp4|tcp6|tcp-connect|ssl|openssl|openssl-connect|udp):)?[\w./\[\]:-]+(?:,(?:crlf|crnl|verify=\d|connect-timeout=\d+|nodelay))*",
    re.IGNORECASE,
)


_EVERYBODY = ("0.0.0.0/0", "::/0", "any", "anywhere")
_WEB_PORTS = re.compile(
    r"(?:80|443|http|https|nginx full|nginx https?|apache full)(?:/tcp)?(?:,(?:80|443))*", re.IGNORECASE
)


def check_packet_filter(situation: InvocationContext) -> Iterator[Assessment]:
    """`iptables -I … -j ACCEPT`: without a source, or with all of them, it lets everybody in; web ports may."""
    invocation = situation.invocation
    adds = invocation.has("-A", "-I", "--append", "--insert")
    sources = [value for value in invocation.values("-s", "--source") if value not in _EVERYBODY]
    ports = invocation.values("--dport", "--dports")
    is_web = bool(ports) and all(_WEB_PORTS.fullmatch(port) for port in ports)
    if adds and "ACCEPT" in invocation.values("-j", "--jump") and not sources and not is_web:
        yield disruptive("lets everybody in")


def check_ufw_allow(situation: InvocationContext) -> Iterator[Assessment]:
    """`ufw allow 22`, `ufw allow from 10.0.0.0/8 to any port 22`."""
    operands = situation.invocation.operands
    source = operands[operands.index("from") + 1 :][:1] if "from" in operands else []
    is_web = len(operands) == 1 and _WEB_PORTS.fullmatch(operands[0]) is not None
    if not is_web and (not source or source[0].lower() in _EVERYBODY):
        yield disruptive("lets everybody in")


def check_kcat(situation: InvocationContext) -> Iterator[Assessment]:
    """`kcat -P -Z`: an empty message is a tombstone, which deletes what its key names."""
    if situation.invocation.has("-P") and situation.invocation.has("-Z"):
        yield destructive("empty messages delete what their keys name")


_COMPARISON = rf"\s*(?:{VARIABLE}(?:\.\w+)+|\w+)(?:\s+-\w+\s+[\w.*:%/-]+)?\s*"
_WHERE = re.compile(
    rf"\{{(?=\s*{VARIABLE}){_COMPARISON}(?:-(?:and|or)(?=\s*{VARIABLE}){_COMPARISON})*\}}|{_COMPARISON}"
)


def check_where_object(situation: InvocationContext) -> Iterator[Assessment]:
    """`Where-Object {$_.Status -eq 'Stopped'}`, `Where-Object Status -eq Stopped`: only comparisons."""
    if not _WHERE.fullmatch(" ".join(situation.invocation.arguments)):
        yield not_understood("the block of `Where-Object`")


def check_script_blocks(situation: InvocationContext) -> Iterator[Assessment]:
    """`Measure-Command { … }`, `Sort-Object { … }`: what stands in braces is run."""
    text = " ".join(situation.invocation.arguments)
    if text.count("{") != text.count("}") or re.search(r"\{[^{}]*\{", text):
        yield not_understood("a block in a block")
        return
    for block in re.findall(r"\{([^{}]*)\}", text):
        if not re.fullmatch(rf"\s*{VARIABLE}(?:\.\w+)+\s*|\s*", block):
            yield situation.judge.text(block.strip(), situation.fed)


def check_for_each(situation: InvocationContext) -> Iterator[Assessment]:
    """`ForEach-Object { … }`: a name instead of a block may be that of a method."""
    text = " ".join(situation.invocation.arguments).strip()
    if re.fullmatch(r"(?:-(?:Begin|Process|End)\s+)?\{[^{}]*\}", text) is None:
        yield not_understood(f"`ForEach-Object {text[:40]}`")
    yield from check_script_blocks(situation)


def check_ceph_daemon(situation: InvocationContext) -> Iterator[Assessment]:
    """`ceph tell osd.3 version`: commands for one daemon, of which some only show."""
    subcommands = situation.invocation.operands[1:]
    looks = listed_words("programs/kinds.txt", "ceph daemon looks")
    acts = subcommands[:2] == ["perf", "reset"] or any("/" in word for word in subcommands[1:])
    if (
        subcommands
        and (subcommands[0] not in looks or acts)
        and " ".join(subcommands[:2]) not in ("config get", "config show", "config diff", "session ls")
    ):
        yield evidence.suspect(
            " ".join(subcommands), f"what `{' '.join(subcommands)[:40]}` does to a daemon", recognised=True
        )


def check_in_place_script(situation: InvocationContext) -> Iterator[Assessment]:
    """`perl -pi -e …`, `ruby -i.bak -pe …`: the files are edited in place."""
    for argument in situation.invocation.arguments:
        match = re.fullmatch(r"-[pnlasw0-7]*i(.*)", argument)
        if match is not None:
            yield judge_value("in-place", match[1] if match[1].startswith((".", "~", "_")) else "", situation)


def check_printf(situation: InvocationContext) -> Iterator[Assessment]:
    """`printf -v NAME`: the name may be evaluated."""
    if any("$(" in word or "`" in word for word in situation.invocation.values("-v")):
        yield not_understood("the name of a variable that holds a command")


def check_test(situation: InvocationContext) -> Iterator[Assessment]:
    """`test`, `read`, `let`: a word in quotes with a substitution may be evaluated."""
    if any("$(" in word or "`" in word for word in situation.invocation.arguments):
        yield not_understood("a test of quoted text that holds a command")
