"""Commands that run other commands: sudo, ssh, xargs, `sh -c`, `kubectl exec` and their like."""

import re
from collections.abc import Callable

from onrecall.recommendation.assessment import Inner, Verdicts, disruptive, read_only, reversible, unknown
from onrecall.recommendation.shell import MARK, Command

SHELLS = frozenset(["sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "busybox-sh", "csh", "tcsh", "/bin/sh", "/bin/bash"])
"""Programs that run shell text."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")

_PREFIXES: dict[str, tuple[str, int]] = {
    "sudo": ("-u -g -h -p -C -U -r -t -T -D --user --group", 0), "doas": ("-u -C", 0), "nohup": ("", 0), "time": ("-f -o", 0),
    "nice": ("-n", 0), "ionice": ("-c -n -p", 0), "timeout": ("-s -k --signal --kill-after", 1), "gtimeout": ("-s -k", 1), "stdbuf": ("-i -o -e", 0),
    "setsid": ("", 0), "chroot": ("", 1), "unshare": ("", 0), "nsenter": ("-t -S -G --target", 0), "exec": ("-a", 0), "command": ("", 0),
    "builtin": ("", 0), "env": ("-u -C", 0), "flock": ("-w -E", 1), "numactl": ("-C -m -N", 0), "chrt": ("-p", 1), "taskset": ("-p", 1), "busybox": ("", 0),
    "systemd-run": ("-p -u --unit --property --on-calendar --uid --slice", 0), "caffeinate": ("", 0), "unbuffer": ("", 0), "chronic": ("", 0),
    "proxychains": ("-f", 0), "proxychains4": ("-f", 0), "dumb-init": ("", 0), "tini": ("", 0), "gosu": ("", 1), "su-exec": ("", 1),
    "faketime": ("", 1), "setarch": ("", 1), "torsocks": ("", 0), "retry": ("-t -d", 0), "parallel": ("-j -a", 0), "xargs": ("-I -n -P -L -d -a -E -s --max-args --max-procs --replace", 0),
    "ltrace": ("-p -o -e", 0), "catchsegv": ("", 0), "prlimit": ("-p", 0), "softlimit": ("-m", 0), "cpulimit": ("-l -p", 0), "uv": ("", 0),
}  # fmt: skip
"""Program → its flags that take a value, and how many words stand before the command it runs."""
_TEXTUAL = frozenset(["watch", "entr", "parallel"])
_REMOTE_FLAGS = frozenset(["-i", "-p", "-l", "-o", "-F", "-J", "-L", "-R", "-D", "-b", "-c", "-E", "-e", "-I", "-m", "-O", "-Q", "-S", "-W", "-w", "-u", "-f", "-n", "-t", "-h", "--user"])
_CONTAINER_FLAGS = frozenset(
    ["-u", "--user", "-e", "--env", "-w", "--workdir", "-n", "--namespace", "-c", "--container", "--context", "-v", "--volume", "-p", "--publish", "--name", "--network", "--image", "-l", "--label", "--index", "--entrypoint", "--memory", "-m", "--cpus", "--restart", "--mount", "--add-host", "--hostname", "-h", "--env-file", "--kubeconfig", "-f", "--file", "--pull", "--platform", "--pid", "--target", "--profile", "--overrides", "--labels", "-s", "--server", "--token"]
)


def unwrap(name: str, args: list[str], command: Command) -> Verdicts | None:
    """What a wrapper runs; None when the program is no wrapper."""
    if name in SHELLS or name == "source" or name == ".":
        return _shell(name, args, command)
    handler = _HANDLERS.get(name)
    if handler:
        return handler(args)
    if name in _PREFIXES:
        return _prefix(name, args)
    return None


def _prefix(name: str, args: list[str]) -> Verdicts:
    taking, positional = _PREFIXES[name]
    if name in ("taskset", "prlimit", "cpulimit", "ionice", "chrt") and any(a.startswith("-p") or a.startswith("--pid") for a in args):
        return (reversible(f"`{name}` changes how a running process is scheduled"),)
    rest = _after_flags(args, frozenset(taking.split()), assignments=name in ("env", "sudo", "doas"))[positional:]
    if name == "flock" and "-c" in args:
        return (Inner(text=args[args.index("-c") + 1]),) if args[-1] != "-c" else (unknown("flock -c without a command"),)
    if name == "command" and args[:1] in (["-v"], ["-V"]):
        return (read_only("only looks up a program"),)
    if not rest:
        interactive = name in ("sudo", "doas", "time", "env", "xargs", "nsenter", "chroot", "command", "exec", "unshare", "nice")
        return (read_only(f"`{name}` alone changes nothing"),) if interactive else (unknown(f"`{name}` without a command"),)
    return (Inner(text=" ".join(rest)),) if name in _TEXTUAL and len(rest) == 1 else (Inner(tuple(rest)),)


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
    upstream = command.upstream
    if upstream is None or not upstream.words:
        return None
    if upstream.words[0] in ("echo", "printf"):
        return " ".join(w for w in upstream.words[1:] if w not in ("-e", "-n", "-en", "-ne")).replace("\\n", "\n")
    return upstream.fed if upstream.words == ["cat"] else None


def _watch(args: list[str]) -> Verdicts:
    rest = _after_flags(args, frozenset(["-n", "--interval", "-q", "--equexit"]))
    return (Inner(text=" ".join(rest)),) if rest else (unknown("watch without a command"),)


def _evaluate(args: list[str]) -> Verdicts:
    text = " ".join(args)
    if text.strip() == MARK:
        return (unknown("runs what another command prints"),)
    return (Inner(text=text),)


def _ssh(args: list[str]) -> Verdicts:
    rest = _after_flags(args, _REMOTE_FLAGS)
    if "-N" in args or len(rest) <= 1:
        return (read_only("opens a session or a tunnel; nothing is run yet"),)
    rest = _after_flags(rest[1:], _REMOTE_FLAGS)
    return (Inner(text=" ".join(rest)),)


def _su(args: list[str]) -> Verdicts:
    for at, arg in enumerate(args[:-1]):
        if arg in ("-c", "--command") or re.fullmatch(r"-l?c", arg):
            return (Inner(text=args[at + 1]),)
    if "--" in args:
        return (Inner(tuple(args[args.index("--") + 1 :])),)
    return (read_only("opens a session; nothing is run yet"),)


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
        return (read_only("opens a session; nothing is run yet"),)
    if len(rest) == 1 and " " in rest[0]:
        return (Inner(text=rest[0]),)
    return (Inner(tuple(rest)),)


def _ansible(args: list[str]) -> Verdicts:
    if any(a in ("--check", "-C", "--list-hosts", "--syntax-check") for a in args):
        return (read_only("checks only"),)
    module = _value(args, "-m", "--module-name") or "command"
    text = _value(args, "-a", "--args") or ""
    short = module.rsplit(".", 1)[-1]
    if short in ("ping", "setup", "debug", "stat", "gather_facts", "service_facts", "slurp", "fetch", "uri", "wait_for", "assert"):
        return (read_only(f"the module {short} only reads"),)
    if short in ("command", "shell", "raw", "win_shell", "win_command"):
        return (Inner(text=text),)
    if short in ("service", "systemd", "supervisorctl", "systemd_service"):
        state = re.search(r"state=(\w+)", text)
        harmless = state and state[1] in ("started", "reloaded")
        return ((reversible if harmless else disruptive)(f"the module {short} changes a service"),)
    return (disruptive(f"the module {short} changes the hosts"),)


def _salt(args: list[str]) -> Verdicts:
    rest = _after_flags(args, frozenset(["-G", "-E", "-L", "-t", "-b"]))
    function, values = (rest[1] if len(rest) > 1 else ""), rest[2:]
    if function in ("cmd.run", "cmd.shell", "cmd.run_all"):
        return (Inner(text=" ".join(values)),)
    if function.startswith(("test.", "grains.", "status.", "pillar.", "service.status", "disk.", "network.")):
        return (read_only(f"`{function}` only reads"),)
    return (disruptive(f"`{function}` changes the hosts"),)


def _value(args: list[str], *names: str) -> str | None:
    for at, arg in enumerate(args):
        for name in names:
            if arg == name and at + 1 < len(args):
                return args[at + 1]
            if arg.startswith(name + "="):
                return arg[len(name) + 1 :]
    return None


def _strace(args: list[str]) -> Verdicts:
    rest = _after_flags(args, frozenset(["-p", "-e", "-o", "-s", "-u", "-P", "-b", "-E", "-S", "-a", "-O"]))
    attached = any(a.startswith("-p") for a in args)
    return (reversible("slows the process it is attached to"),) if attached or not rest else (Inner(tuple(rest)),)


_HANDLERS: dict[str, Callable[[list[str]], Verdicts]] = {
    "watch": _watch, "viddy": _watch, "eval": _evaluate, "ssh": _ssh, "pdsh": _ssh, "clush": _ssh, "autossh": _ssh, "mosh": _ssh, "su": _su, "runuser": _su,
    "ansible": _ansible, "salt": _salt, "strace": _strace, "aws-vault": _after_dashes, "op": _after_dashes, "doppler": _after_dashes,
    "chamber": _after_dashes, "envconsul": _after_dashes, "toolbox": _after_dashes,
}  # fmt: skip
