"""Programs of a host that need more than a rule: they run other commands, write files, or speak to a socket."""

import re
from collections.abc import Callable

from onrecall.recommendation.risk import command_wrappers as wrappers
from onrecall.recommendation.risk.argv import values
from onrecall.recommendation.risk.assessment import (
    Assessment,
    Inner,
    Verdicts,
    destructive,
    disruptive,
    read_only,
    reversible,
    unknown,
)
from onrecall.recommendation.risk.command_table import look_up
from onrecall.recommendation.risk.shell_parser import Command

Handler = Callable[[list[str], Command], Verdicts | None]

_SINKS = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty")
_SCRATCH = re.compile(
    r"^(?:/tmp/|/var/tmp/|/dev/shm/|~|\$|/home/|/root/|/backups?/|/mnt/backups?|\.?/?[^/]*$|\./)"
    r"|(?:backup|dump|snapshot|export|\.bak|\.orig|\.old$|\.save$)",
    re.IGNORECASE,
)
_SAYS_NOTHING = frozenset(["", "echo", "true", ":", "printf", "cat"])
_EMPTY = (["/dev/null"], ["-n"], ["-n", ""], [""])


def overwriting(operator: str, target: str, words: list[str]) -> Assessment:
    """Writing to a file: appending can be undone; overwriting loses what stood there."""
    if target in _SINKS or target.startswith(("/dev/fd/", "/dev/tcp/", "/dev/udp/")):
        return read_only("throws the output away")
    if target.startswith(("/proc/", "/sys/")):
        return disruptive("sets something in the running kernel")
    if target.startswith("/dev/"):
        return destructive("overwrites a device")
    if ">>" in operator:
        return reversible("appends to a file")
    emptied = not words or (words[0] in _SAYS_NOTHING and (len(words) == 1 or words[1:] in _EMPTY))
    if emptied or not _SCRATCH.search(target):
        return destructive("overwrites a file; what stood there is lost")
    return reversible("writes a file")


def _tee(args: list[str], _: Command) -> Verdicts:
    operator = ">>" if any(a in ("-a", "--append", "-ai") for a in args) else ">"
    files = [a for a in args if not a.startswith("-")]
    return tuple(overwriting(operator, file, ["tee", "its input"]) for file in files) or (read_only("prints"),)


def _cp(args: list[str], _: Command) -> Verdicts:
    files = [a for a in args if not a.startswith("-")]
    if files[:1] == ["/dev/null"]:
        return (destructive("truncates a file"),)
    put_back = len(files) > 1 and re.search(r"\.(?:bak|orig|old|save|backup)$", files[0])
    if put_back or (len(files) > 1 and re.match(r"/(?:etc|usr|opt|srv|var/lib)/", files[-1]) and _not_a_copy(files)):
        return (disruptive("overwrites a file that is in use"),)
    return (reversible("adds a copy"),)


def _not_a_copy(files: list[str]) -> bool:
    return not _SCRATCH.search(files[-1]) and not files[-1].startswith(files[0])


def _dd(args: list[str], _: Command) -> Verdicts:
    target = next((a[3:] for a in args if a.startswith("of=")), None)
    if target is None:
        return (read_only("reads a disk or file"),)
    return (overwriting(">", target, ["dd", "its input"]),)


def _rm(_args: list[str], _: Command) -> Verdicts:
    return (destructive("removes files"),)


def _find(args: list[str], _: Command) -> Verdicts:
    found: list[Assessment | Inner] = [read_only("find only lists")]
    for at, arg in enumerate(args):
        if arg == "-delete":
            found.append(destructive("find -delete removes files"))
        elif arg in ("-exec", "-execdir", "-ok", "-okdir"):
            rest = args[at + 1 :]
            end = next((n for n, a in enumerate(rest) if a in (";", "+", "\\;")), len(rest))
            found.append(Inner(tuple(rest[:end])))
        elif arg in ("-fprint", "-fls", "-fprintf"):
            found.append(reversible("writes a file"))
    return tuple(found)


def _service(args: list[str], _: Command) -> Verdicts | None:
    if args[:1] == ["--status-all"]:
        return (read_only("lists services"),)
    found = look_up("systemctl", args[1:2] or ["status"])
    return (found,) if found else None


def _ip(args: list[str], _: Command) -> Verdicts:
    words = [a for a in args if not a.startswith("-")]
    if words[:2] == ["netns", "exec"]:
        return (Inner(tuple(words[3:])),)
    changing = ("add", "del", "delete", "flush", "set", "change", "replace", "append")
    verb = next((w for w in words[1:3] if w in changing), None)
    if verb is None:
        return (read_only("only reads"),)
    if (verb == "add" and words[0].startswith("a")) or (verb == "set" and words[-1] == "up"):
        return (reversible("can be undone at once"),)
    return (disruptive("changes the network of the host"),)


_SOCKET_LOSES = re.compile(r"^\s*(?:flush_all|delete |FLUSHALL|FLUSHDB|DEL )", re.MULTILINE)
_SOCKET_ACTS = re.compile(
    r"\b(?:disable|enable|set|shutdown|clear|add|del|kill|stop|restart|drain|quit|crst|srst|reload)\b", re.IGNORECASE
)


def _socket(args: list[str], command: Command) -> Verdicts:
    """What is sent to a socket: an admin interface may act on it."""
    fed = wrappers.spoken(command)
    if fed is None:
        seen = command.upstream is None and command.reads is None
        return (read_only("opens a connection"),) if seen else (unknown("sends what is not seen here"),)
    if any(a in ("-l", "-e", "-c") for a in args):
        return (unknown("listens or runs a program"),)
    if _SOCKET_LOSES.search(fed):
        return (destructive("deletes what is stored at the other end"),)
    return (disruptive("sends a command that acts"),) if _SOCKET_ACTS.search(fed) else (read_only("asks"),)


def _script(args: list[str], command: Command) -> Verdicts:
    """Interpreters: what they run is not judged, unless it plainly deletes."""
    if args[:2] == ["-m", "json.tool"] or args[:1] in (["-V"], ["--version"], ["-v"]):
        return (read_only("only formats or tells its version"),)
    texts = [text for name in ("-c", "-e", "-ne", "-pe", "-r") for text in values(args, name)]
    text = " ".join([*texts, command.fed or ""])
    if re.search(r"rmtree|os\.remove|unlink|rm -|shutil\.|rmSync|DROP |DELETE |TRUNCATE ", text):
        return (destructive("the script deletes"),)
    return (unknown("runs a program that is not seen here"),)


HANDLERS: dict[str, Handler] = {
    "find": _find,
    "service": _service,
    "ip": _ip,
    "rm": _rm,
    "dd": _dd,
    "cp": _cp,
    "tee": _tee,
    **dict.fromkeys(("nc", "ncat", "netcat", "socat", "telnet"), _socket),
    **dict.fromkeys(
        ("python", "python3", "perl", "ruby", "node", "php", "java", "osascript", "powershell", "pwsh", "deno"), _script
    ),
}
