"""What writing to a file does: it overwrites what stood there, unless the file is scratch or a copy by its name."""

import posixpath
import re

from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    disruptive,
    not_understood,
    read_only,
    reversible,
)
from onrecall.recommendation.risk.programs.argv import is_unknown

_SINKS = frozenset(["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "-", "&1", "&2"])
_SCRATCH = re.compile(r"(?:/private)?(?:/tmp|/var/tmp|/dev/shm|/run/user/\d+)/[^/].*")
_COPY = re.compile(
    r"(?:^|[._\d-])(?:backups?|bak|bkp|tfplan|planfile|dump|snapshot|export|orig|old|save|copy)(?:$|[._\d-])"
    r"|\.(?:hprof|tfplan|plan|pcap|pcapng|jfr|pprof|prof|heapsnapshot|core|dmp|nettrace|gcdump)$",
    re.IGNORECASE,
)
"""Names of copies, and of what diagnostic tools write."""
_AUTHORITY = re.compile(
    r"authorized_keys|sudoers|/etc/ssh/|/cron|/etc/(?:passwd|shadow|group|gshadow|pam\.d|ld\.so|profile|environment|init|rc\.|systemd)"
    r"|\.(?:bash|zsh|profile|pgpass|netrc|service|timer)|/\.ssh/"
)
_SETTINGS = re.compile(r"/etc/|\.(?:conf|cnf|cfg|ini|log|txt|out|csv|md|list|env)$")


def judge_overwrite(target: str, *, empties: bool = False, into_backups: bool = False) -> Assessment:
    """Judge overwriting a file.

    `empties` where nothing is written, `into_backups` where what is written is a copy that belongs in a backup folder.
    """
    path = _normalize_path(target)
    special = _judge_special_file(target, path)
    if special is not None:
        return special
    if _SCRATCH.match(path):
        return disruptive("empties a file") if empties else reversible("writes a scratch file")
    if is_unknown(target):
        return destructive("overwrites a file that is not seen here")
    if into_backups and re.match(r"(?:/mnt|/var|/srv)?/backups?(?:/|$)", path):
        return reversible("writes a backup")
    if not empties and _COPY.search(posixpath.basename(path)) and not path.startswith("/dev/"):
        return reversible("writes a copy")
    return destructive(f"overwrites {path or 'a file'}; what stood there is lost")


def _normalize_path(target: str) -> str:
    """The path without `..`, so that nothing leaves a scratch folder; an address stays as it is."""
    return posixpath.normpath(target) if target and "://" not in target else target


def _judge_special_file(target: str, path: str) -> Assessment | None:
    """What writing to a sink, a socket or the kernel does."""
    if target in _SINKS or path.startswith("/dev/fd/"):
        return read_only("throws the output away or prints it")
    if path.startswith(("/dev/tcp/", "/dev/udp/")):
        return not_understood(f"what is sent to {path}")
    if path.startswith(("/proc/", "/sys/")):
        return disruptive("sets something in the running kernel")
    return None


def judge_append(target: str) -> Assessment:
    """Judge appending to a file."""
    if target in _SINKS or target.startswith("/dev/fd/"):
        return read_only("throws the output away or prints it")
    if target.startswith(("/dev/", "/proc/", "/sys/")) or is_unknown(target):
        return judge_overwrite(target)
    if _AUTHORITY.search(target):
        return destructive(f"appends to {target}, which decides what may run or who may enter")
    path = posixpath.normpath(target)
    if _SCRATCH.match(path) or _SETTINGS.search(path) or _COPY.search(posixpath.basename(path)):
        return reversible("appends to a file")
    return disruptive(f"appends to {path}")


def judge_read(path: str) -> Assessment:
    """Judge reading a file: only some devices are more than read-only."""
    if re.match(r"/dev/(?!null$|stdin$|fd/\d+$|zero/)", path) or path in ("/proc/kmsg", "/proc/kcore"):
        return not_understood(f"reading {path}, which may never end")
    return read_only("reads files")
