"""Commands that run other commands: sudo, ssh, xargs, `sh -c`, `kubectl exec` and their like."""

import re
from collections.abc import Callable

from onrecall.recommendation.risk.argv import value
from onrecall.recommendation.risk.assessment import Inner, Verdicts, disruptive, read_only, reversible, unknown
from onrecall.recommendation.risk.shell_parser import MARK, Command


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


SHELLS = _set("sh bash zsh dash ksh ash fish busybox-sh csh tcsh /bin/sh /bin/bash")
"""Programs that run shell text."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")

_PREFIXES: dict[str, tuple[str, int]] = {
    "sudo": ("-u -g -h -p -C -U -r -t -T -D --user --group", 0),
    "doas": ("-u -C", 0),
    "time": ("-f -o", 0),
    "nice": ("-n", 0),
    "ionice": ("-c -n -p", 0),
    "timeout": ("-s -k --signal --kill-after", 1),
    "gtimeout": ("-s -k", 1),
    "stdbuf": ("-i -o -e", 0),
    "chroot": ("", 1),
    "nsenter": ("-t -S -G --target", 0),
    "exec": ("-a", 0),
    "env": ("-u -C", 0),
    "flock": ("-w -E", 1),
    "numactl": ("-C -m -N", 0),
    "chrt": ("-p", 1),
    "taskset": ("-p", 1),
    "systemd-run": ("-p -u --unit --property --on-calendar --uid --slice", 0),
    "proxychains4": ("-f", 0),
    "gosu": ("", 1),
    "su-exec": ("", 1),
    "faketime": ("", 1),
    "setarch": ("", 1),
    "retry": ("-t -d", 0),
    "parallel": ("-j -a", 0),
    "xargs": ("-I -n -P -L -d -a -E -s --max-args --max-procs --replace", 0),
    "ltrace": ("-p -o -e", 0),
    "prlimit": ("-p", 0),
    "cpulimit": ("-l -p", 0),
    **dict.fromkeys(
        ("nohup", "setsid", "unshare", "command", "builtin", "busybox", "caffeinate", "unbuffer", "chronic"), ("", 0)
    ),
    **dict.fromkeys(("proxychains", "dumb-init", "tini", "torsocks", "catchsegv"), ("", 0)),
}
"""Program → its flags that take a value, and how many words stand before the command it runs."""
_RESCHEDULES = ("taskset", "prlimit", "cpulimit", "ionice", "chrt")
_ALONE_HARMLESS = ("sudo", "doas", "time", "env", "xargs", "nsenter", "chroot", "command", "exec", "unshare", "nice")
A_SHELL = Inner(("sh",))
"""A shell that is opened: it runs what is fed to it, if anything is."""
_MADE_LATER = "…"
"""Stands for the words that xargs and parallel put in."""
_SSH_FLAGS = _set("-i -p -l -o -F -J -L -R -D -b -c -E -e -I -m -O -Q -S -W -w -B")
_PDSH_FLAGS = _set("-w -g -x -l -u -t -f -a -i -o")
_CONTAINER_FLAGS = _set(
    "-u --user -e --env -w --workdir -n --namespace -c --container --context -v --volume -p --publish --name "
    "--network --image -l --label --index --entrypoint --memory -m --cpus --restart --mount --add-host --hostname "
    "-h --env-file --kubeconfig -f --file --pull --platform --pid --target --profile --overrides --labels -s "
    "--server --token"
)
_READING_MODULES = _set(
    "ping setup debug stat gather_facts service_facts slurp fetch uri wait_for assert win_ping package_facts"
)
_READING_FUNCTIONS = ("test.", "grains.", "status.", "pillar.", "service.status", "disk.", "network.")


def unwrap(name: str, args: list[str], command: Command) -> Verdicts | None:
    """What a wrapper runs; None when the program is no wrapper."""
    if name in SHELLS or name in ("source", "."):
        return _shell(name, args, command)
    handler = _HANDLERS.get(name)
    if handler:
        return handler(args)
    if name in _PREFIXES:
        return _prefix(name, args)
    return None


def _prefix(name: str, args: list[str]) -> Verdicts:
    taking, positional = _PREFIXES[name]
    if name in _RESCHEDULES and any(a.startswith(("-p", "--pid")) for a in args):
        return (reversible(f"`{name}` changes how a running process is scheduled"),)
    if name == "command" and args[:1] in (["-v"], ["-V"]):
        return (read_only("only looks up a program"),)
    rest = _after_flags(args, frozenset(taking.split()), assignments=name in ("env", "sudo", "doas"))[positional:]
    return (_prefixed(name, rest),) if rest else _alone(name, args)


def _prefixed(name: str, rest: list[str]) -> Inner:
    if rest[0] == "-c":
        return Inner(text=" ".join(rest[1:]))
    if name in ("xargs", "parallel"):
        shell_text = len(rest) == 1 and " " in rest[0]
        return Inner(text=rest[0], stdin=False) if shell_text else Inner((*rest, _MADE_LATER), stdin=False)
    return Inner(tuple(rest))


def _alone(name: str, args: list[str]) -> Verdicts:
    if name in ("sudo", "doas") and any(a in ("-i", "-s", "--login", "--shell") for a in args):
        return (A_SHELL,)
    harmless = name in _ALONE_HARMLESS
    return (read_only(f"`{name}` alone changes nothing") if harmless else unknown(f"`{name}` without a command"),)


def _after_flags(args: list[str], taking: frozenset[str], *, assignments: bool = False) -> list[str]:
    """The words after the leading flags (and assignments) of a wrapper."""
    at = 0
    while at < len(args):
        arg = args[at]
        if arg == "--":
            return args[at + 1 :]
        if arg in taking:
            at += 2
        elif (arg.startswith("-") and len(arg) > 1) or (assignments and _ASSIGNMENT.match(arg)):
            at += 1
        else:
            break
    return args[at:]


def _shell(name: str, args: list[str], command: Command) -> Verdicts:
    """`sh -c text`, a script file, or text that is piped in."""
    for at, arg in enumerate(args):
        if re.fullmatch(r"-[a-z]*c[a-z]*", arg) and name not in ("source", "."):
            text = args[at + 1] if at + 1 < len(args) else ""
            return (unknown("runs what another command prints"),) if text.strip() == MARK else (Inner(text=text),)
    if args and not all(a.startswith("-") for a in args):
        return (unknown("runs a script that is not seen here"),)
    fed = spoken(command)
    if fed is not None:
        return (Inner(text=fed),)
    if command.upstream is not None or command.reads:
        return (unknown("runs what another command prints"),)
    return (read_only("opens a shell; nothing is run yet"),)


def spoken(command: Command) -> str | None:
    """The text a command is fed, where it can be seen: a here-document, a here-string, or the words of an echo."""
    if command.fed is not None:
        return command.fed
    if command.upstream is None:
        return None
    words = [w for w in command.upstream.words if not _ASSIGNMENT.match(w)]
    if words and words[0] in _PREFIXES:
        words = words[next((n for n, w in enumerate(words) if w in ("echo", "printf")), 0) :]
    if words[:1] in (["echo"], ["printf"]):
        return " ".join(w for w in words[1:] if w not in ("-e", "-n", "-en", "-ne")).replace("\\n", "\n")
    return command.upstream.fed if words == ["cat"] else None


def _watch(args: list[str]) -> Verdicts:
    rest = _after_flags(args, frozenset(["-n", "--interval", "-q", "--equexit"]))
    return (Inner(text=" ".join(rest)),) if rest else (unknown("watch without a command"),)


def _evaluate(args: list[str]) -> Verdicts:
    text = " ".join(args)
    if text.strip() == MARK:
        return (unknown("runs what another command prints"),)
    return (Inner(text=text),)


def _ssh(args: list[str]) -> Verdicts:
    return _remote(args, _SSH_FLAGS, hosts=1)


def _pdsh(args: list[str]) -> Verdicts:
    return _remote(args, _PDSH_FLAGS, hosts=0)


def _remote(args: list[str], taking: frozenset[str], hosts: int) -> Verdicts:
    rest = _after_flags(_after_flags(args, taking)[hosts:], taking)
    if "-N" in args:
        return (read_only("opens a tunnel; nothing is run"),)
    if not rest:
        return (A_SHELL,)
    return (Inner(text=" ".join(rest)),)


def _su(args: list[str]) -> Verdicts:
    for at, arg in enumerate(args[:-1]):
        if arg in ("-c", "--command") or re.fullmatch(r"-l?c", arg):
            return (Inner(text=args[at + 1]),)
    if "--" in args:
        return (Inner(tuple(args[args.index("--") + 1 :])),)
    return (A_SHELL,)


def _after_dashes(args: list[str]) -> Verdicts:
    if "--" not in args:
        return (unknown("runs something that is not seen here"),)
    return (Inner(tuple(args[args.index("--") + 1 :])),)


def in_container(args: list[str], *, words_before: int) -> Verdicts:
    """The command of `exec` and `run`: what stands after `--`, or after the container's name."""
    if "--" in args:
        rest = args[args.index("--") + 1 :]
    else:
        rest = _after_flags(args, _CONTAINER_FLAGS)[words_before:]
        rest = _after_flags(rest, _CONTAINER_FLAGS)
    if not rest:
        return (A_SHELL,)
    if len(rest) == 1 and " " in rest[0]:
        return (Inner(text=rest[0]),)
    return (Inner(tuple(rest)),)


def _ansible(args: list[str]) -> Verdicts:
    if any(a in ("--check", "-C", "--list-hosts", "--syntax-check") for a in args):
        return (read_only("checks only"),)
    module = (value(args, "-m", "--module-name") or "command").rsplit(".", 1)[-1]
    text = value(args, "-a", "--args") or ""
    if module in _READING_MODULES:
        return (read_only(f"the module {module} only reads"),)
    if module in ("command", "shell", "raw", "win_shell", "win_command"):
        return (Inner(text=text),)
    harmless = module in ("service", "systemd", "systemd_service") and re.search(r"state=(?:started|reloaded)\b", text)
    return ((reversible if harmless else disruptive)(f"the module {module} changes the hosts"),)


def _salt(args: list[str]) -> Verdicts:
    rest = _after_flags(args, frozenset(["-G", "-E", "-L", "-t", "-b"]))
    function, given = (rest[1] if len(rest) > 1 else ""), rest[2:]
    if function in ("cmd.run", "cmd.shell", "cmd.run_all"):
        return (Inner(text=" ".join(given)),)
    reads = function.startswith(_READING_FUNCTIONS)
    return ((read_only if reads else disruptive)(f"`{function}` " + ("only reads" if reads else "changes the hosts")),)


def _strace(args: list[str]) -> Verdicts:
    rest = _after_flags(args, frozenset(["-p", "-e", "-o", "-s", "-u", "-P", "-b", "-E", "-S", "-a", "-O"]))
    attached = any(a.startswith("-p") for a in args)
    return (reversible("slows the process it is attached to"),) if attached or not rest else (Inner(tuple(rest)),)


_HANDLERS: dict[str, Callable[[list[str]], Verdicts]] = {
    "eval": _evaluate,
    "ansible": _ansible,
    "salt": _salt,
    "strace": _strace,
    **dict.fromkeys(("watch", "viddy"), _watch),
    **dict.fromkeys(("ssh", "autossh", "mosh"), _ssh),
    **dict.fromkeys(("pdsh", "clush"), _pdsh),
    **dict.fromkeys(("su", "runuser"), _su),
    **dict.fromkeys(("aws-vault", "op", "doppler", "chamber", "envconsul"), _after_dashes),
}
