"""Programs of a host: files, disks, processes, the network, the kernel. Their danger hangs on flags and words of their own."""

import re
from collections.abc import Callable

from onrecall.incident import Risk
from onrecall.recommendation.arguments import flag, value, values
from onrecall.recommendation.assessment import (
    Assessment,
    Inner,
    Verdicts,
    destructive,
    disruptive,
    read_only,
    reversible,
    unknown,
)
from onrecall.recommendation.commands import look_up
from onrecall.recommendation.shell import Command

Handler = Callable[[list[str], Command], Verdicts | None]


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


def _sed(args: list[str], _: Command) -> Verdicts:
    in_place = any(a.startswith("-i") or a.startswith("--in-place") or re.fullmatch(r"-[nrEsz]*i\S*", a) for a in args)
    if not in_place:
        return (read_only("prints what it edits"),)
    kept = any(re.fullmatch(r"-[nrEsz]*i\S+|--in-place=\S+", a) and not re.fullmatch(r"-[nrEszi]+", a) for a in args)
    return (reversible("edits a file and keeps a copy"),) if kept else (disruptive("edits a file in place; no copy is kept"),)


def _kill(args: list[str], _: Command) -> Verdicts:
    if args[:1] in (["-0"], ["-l"], ["-L"]) or args[:2] == ["-s", "0"]:
        return (read_only("sends nothing"),)
    return (disruptive("sends a signal to a process"),)


def _service(args: list[str], _: Command) -> Verdicts | None:
    if args[:1] == ["--status-all"]:
        return (read_only("lists services"),)
    found = look_up("systemctl", args[1:2] or ["status"])
    return (found,) if found else None


def _journalctl(args: list[str], _: Command) -> Verdicts:
    if any(a.startswith("--vacuum") for a in args):
        return (destructive("old journal entries are lost"),)
    if flag(args, "--rotate", "--flush", "--sync", "--relinquish-var", "--update-catalog"):
        return (reversible("rotates or flushes the journal"),)
    return (read_only("reads the journal"),)


def _sysctl(args: list[str], _: Command) -> Verdicts:
    said = " ".join(args)
    if re.search(r"drop_caches|ip_forward\s*=\s*0|sysrq|panic|icmp_echo_ignore_all\s*=\s*1|kernel\.core_pattern", said) and "=" in said:
        return (disruptive("a kernel setting that interrupts or slows what runs"),)
    if "=" in said or flag(args, "-w", "-p", "--system", "--load"):
        return (reversible("a kernel setting that can be set back"),)
    return (read_only("only reads"),)


def _iptables(args: list[str], _: Command) -> Verdicts:
    if flag(args, "-F", "--flush", "-X", "--delete-chain"):
        return (destructive("the rules are lost"),)
    if flag(args, "-L", "--list", "-S", "--list-rules", "-C", "--check"):
        return (read_only("lists rules"),)
    target = value(args, "-j", "--jump")
    if flag(args, "-A", "-I", "--append", "--insert") and target in ("ACCEPT", "LOG", "RETURN", "NFLOG", "TRACE"):
        return (reversible("adds a rule that lets through or logs"),)
    if flag(args, "-Z", "--zero", "-N", "--new-chain"):
        return (reversible("changes no traffic"),)
    return (disruptive("changes which traffic passes"),)


def _nft(args: list[str], _: Command) -> Verdicts:
    verb = next((a for a in args if not a.startswith("-")), "")
    if verb in ("list", "describe", "monitor"):
        return (read_only("lists rules"),)
    if verb in ("flush", "delete", "destroy"):
        return (destructive("rules are lost"),)
    return (disruptive("changes which traffic passes"),)


def _firewall(args: list[str], _: Command) -> Verdicts:
    said = " ".join(args)
    if re.search(r"status|--list|--get|--query|--state|--info|show", said):
        return (read_only("lists rules"),)
    if re.match(r"allow|--add|--permanent --add|logging|--runtime|limit|--zone=\S+ (?:--permanent )?--add", said):
        return (reversible("lets traffic through"),)
    return (destructive("the rules are lost"),) if "reset" in said else (disruptive("changes which traffic passes"),)


def _ip(args: list[str], _: Command) -> Verdicts:
    words = [a for a in args if not a.startswith("-")]
    verbs = {"add", "del", "delete", "flush", "set", "change", "replace", "append", "link-netnsid"}
    if words[:2] == ["netns", "exec"]:
        return (Inner(tuple(words[3:])),)
    verb = next((w for w in words[1:3] if w in verbs), None)
    if verb is None:
        return (read_only("only reads"),)
    if (verb == "add" and words[0].startswith("a")) or (verb == "set" and words[-1] == "up"):
        return (reversible("can be undone at once"),)
    return (disruptive("changes the network of the host"),)


def _tc(args: list[str], _: Command) -> Verdicts:
    reads = not {"add", "del", "delete", "change", "replace", "link"} & set(args)
    return (read_only("only reads"),) if reads else (disruptive("changes how traffic is queued, delayed or dropped"),)


def _shows_unless(*changing: str, risk: Risk = "disruptive") -> Handler:
    """A program that only shows, unless one of these flags or words is there."""

    def handler(args: list[str], _: Command) -> Verdicts:
        found = next((a for a in args if any(a == c or a.startswith(c + "=") for c in changing)), None)
        return (Assessment(risk, f"`{found}` changes something"),) if found else (read_only("only reads"),)

    return handler


def _crontab(args: list[str], _: Command) -> Verdicts:
    if flag(args, "-l"):
        return (read_only("lists the jobs"),)
    return (destructive("the jobs are lost"),) if flag(args, "-r") or any(not a.startswith("-") for a in args) else (disruptive("edits the jobs"),)


def _copying(args: list[str], _: Command) -> Verdicts:
    if flag(args, "-n", "--dry-run"):
        return (read_only("dry run"),)
    if any(a.startswith(("--delete", "--remove-source-files")) for a in args):
        return (destructive("removes files that are not at the source"),)
    return (reversible("copies files"),)


def _rclone(args: list[str], command: Command) -> Verdicts:
    verb = next((a for a in args if not a.startswith("-")), "")
    if verb in ("ls", "lsd", "lsl", "lsf", "lsjson", "check", "size", "about", "cat", "listremotes", "tree", "version", "md5sum"):
        return (read_only("only reads"),)
    if verb in ("delete", "purge", "deletefile", "rmdir", "rmdirs", "cleanup", "sync", "move", "moveto", "dedupe"):
        return _copying(args, command) if flag(args, "-n", "--dry-run") else (destructive("removes files"),)
    return _copying(args, command)


def _tar(args: list[str], _: Command) -> Verdicts:
    lists = bool(args) and (re.fullmatch(r"-?[a-z]*t[a-z]*", args[0]) is not None or "--list" in args)
    return (read_only("lists an archive"),) if lists else (reversible("packs or unpacks files"),)


def _xz(args: list[str], _: Command) -> Verdicts:
    return (read_only("prints"),) if flag(args, "-c", "-l", "-t", "--stdout", "--list") else (reversible("packs or unpacks a file"),)


def _disk(args: list[str], _: Command) -> Verdicts:
    reads = flag(args, "-l", "--list", "-p", "--print", "-n", "--no-act", "-s") or "print" in args or args == [] or "luksDump" in args or "status" in args
    return (read_only("lists partitions"),) if reads else (destructive("changes a disk; what is on it may be lost"),)


def _mount(args: list[str], _: Command) -> Verdicts:
    if not args or args == ["-l"]:
        return (read_only("lists mounts"),)
    return (disruptive("remounts what is in use"),) if "remount" in " ".join(args) else (reversible("mounts a file system"),)


def _wipefs(args: list[str], _: Command) -> Verdicts:
    return (destructive("wipes signatures"),) if flag(args, "-a", "--all", "-o") else (read_only("lists signatures"),)


def _truncate(args: list[str], _: Command) -> Verdicts:
    size = value(args, "-s", "--size") or ""
    return (reversible("extends a file"),) if size.startswith("+") else (destructive("truncates a file"),)


def _rm(args: list[str], _: Command) -> Verdicts:
    return (destructive("removes files"),) if args else (read_only("removes nothing"),)


def _dd(args: list[str], _: Command) -> Verdicts:
    target = next((a[3:] for a in args if a.startswith("of=")), None)
    if target in (None, "/dev/null"):
        return (read_only("reads a disk or file"),)
    fresh = target is not None and target.startswith("/tmp/")
    return (reversible("writes a new file"),) if fresh else (destructive("overwrites a disk or file"),)


def _jcmd(args: list[str], _: Command) -> Verdicts:
    said = " ".join(args)
    if re.search(r"GC\.run|heap_dump|run_finalization|VM\.set_flag|dump:|-dump|histo:live|ManagementAgent|Compiler\.", said):
        return (disruptive("stops the JVM while it works"),)
    return (reversible("records; can be stopped"),) if "JFR." in said else (read_only("only reports"),)


def _fuser(args: list[str], _: Command) -> Verdicts:
    return (disruptive("kills the processes"),) if flag(args, "-k", "--kill") else (read_only("lists processes"),)


def _date(args: list[str], _: Command) -> Verdicts:
    sets = flag(args, "-s", "--set") or any(re.fullmatch(r"\d{8,12}", a) for a in args)
    return (disruptive("sets the clock"),) if sets and not flag(args, "-d", "--date") else (read_only("tells the time"),)


def _hostname(args: list[str], _: Command) -> Verdicts:
    return (disruptive("renames the host"),) if any(not a.startswith("-") for a in args) else (read_only("tells the name"),)


def _playbook(args: list[str], _: Command) -> Verdicts:
    checks = flag(args, "--check", "-C", "--syntax-check", "--list-tasks", "--list-hosts", "--list-tags")
    return (read_only("checks only"),) if checks else (disruptive("changes the hosts of the playbook"),)


def _jmap(args: list[str], _: Command) -> Verdicts:
    stops = any(re.match(r"-dump|-histo:live", a) for a in args)
    return (disruptive("stops the JVM while it works"),) if stops else (read_only("only reports"),)


def _script(args: list[str], command: Command) -> Verdicts:
    """Interpreters: what they run is not judged, except that they only tell their version or compile."""
    if args[:2] == ["-m", "json.tool"] or args[:1] in (["-V"], ["--version"], ["-v"]):
        return (read_only("only formats or tells its version"),)
    text = " ".join(values(args, "-c") + values(args, "-e") + values(args, "-ne") + values(args, "-pe") + ([command.fed] if command.fed else []))
    if re.search(r"rmtree|os\.remove|unlink|rm -|shutil\.|DROP |DELETE |TRUNCATE ", text):
        return (destructive("the script deletes"),)
    return (unknown("runs a program that is not seen here"),)


def _conntrack(args: list[str], _: Command) -> Verdicts:
    return (disruptive("drops tracked connections"),) if flag(args, "-D", "-F", "--delete", "--flush") else (read_only("lists connections"),)


def _dpkg(args: list[str], _: Command) -> Verdicts:
    if flag(args, "-r", "-P", "--remove", "--purge", "-e", "--erase"):
        return (destructive("removes packages"),)
    return (reversible("installs packages"),) if flag(args, "-i", "-U", "--install", "--configure", "-F") and not flag(args, "-q", "-l", "-L", "-S") else (read_only("lists packages"),)


def _swap(args: list[str], _: Command) -> Verdicts:
    return (read_only("lists swap"),) if flag(args, "--show", "-s") else (reversible("adds swap"),)


def _amtool(args: list[str], _: Command) -> Verdicts:
    said = " ".join(a for a in args if not a.startswith("-"))
    if re.search(r"silence expire", said):
        return (disruptive("ends a silence"),)
    return (reversible("a silence can be expired"),) if "silence add" in said else (read_only("only reads"),)


HANDLERS: dict[str, Handler] = {
    "find": _find, "sed": _sed, "kill": _kill, "service": _service, "journalctl": _journalctl, "sysctl": _sysctl, "iptables": _iptables,
    "iptables-save": _shows_unless(), "ip6tables-save": _shows_unless(), "iptables-restore": _shows_unless("-t", risk="read_only"), "nft": _nft,
    "ufw": _firewall, "firewall-cmd": _firewall, "ip": _ip, "tc": _tc, "crontab": _crontab, "rsync": _copying, "rclone": _rclone, "tar": _tar,
    "gzip": _xz, "gunzip": _xz, "xz": _xz, "bzip2": _xz, "zstd": _xz, "fdisk": _disk, "parted": _disk, "sfdisk": _disk, "sgdisk": _disk, "gdisk": _disk,
    "cryptsetup": _disk, "mount": _mount, "wipefs": _wipefs, "truncate": _truncate, "rm": _rm, "dd": _dd, "jcmd": _jcmd, "fuser": _fuser, "date": _date,
    "hostname": _hostname, "ansible-playbook": _playbook, "conntrack": _conntrack, "dpkg": _dpkg, "rpm": _dpkg, "swapon": _swap, "amtool": _amtool,
    "ethtool": _shows_unless("-s", "-K", "-G", "-L", "-C", "-A", "--change", "--offload", "--set-ring", "-r"),
    "ifconfig": _shows_unless("up", "down", "mtu", "netmask"), "route": _shows_unless("add", "del", "delete", "flush"),
    "arp": _shows_unless("-d", "-s"), "ss": _shows_unless("-K", "--kill"), "dmesg": _shows_unless("-C", "-c", "--clear", "--read-clear", risk="destructive"),
    "hdparm": _shows_unless("--security-erase", "--write-sector", "--trim-sector-ranges", risk="destructive"), "mdadm": _shows_unless(
        "--fail", "--remove", "--stop", "--manage", "--grow", "-f", "-r", "-S", "--add", "--assemble"), "lsof": _shows_unless(),
    "tune2fs": _shows_unless("-O", "-L", "-U", "-m", "-c", "-i", "-e", "-o", "-j"), "fsck": _shows_unless("-y", "-p", "-a", "-f", "-r"),
    "e2fsck": _shows_unless("-y", "-p", "-f"), "xfs_repair": _shows_unless("-L", "-d", risk="destructive"), "ldconfig": _shows_unless(),
    "jmap": _jmap, "jinfo": _shows_unless("-flag"), **dict.fromkeys(("python", "python3", "perl", "ruby", "node", "php", "java", "osascript", "powershell", "pwsh"), _script),
}  # fmt: skip
