"""Programs of a host whose flags and words say what they do: of their rules the first that is found holds.

A rule is a pattern searched in the arguments, which stand with one blank around each; the empty pattern always fits.
"""

import re
from typing import NamedTuple

from onrecall.domain.incident import Risk
from onrecall.recommendation.risk.assessment import Assessment


class Rule(NamedTuple):
    """What a program does when the pattern is found in its arguments."""

    pattern: str
    risk: Risk
    reason: str


_READS = Rule("", "read_only", "only reads")
_LISTS_RULES = "lists rules"
_TRAFFIC = Rule("", "disruptive", "changes which traffic passes")
_FIREWALL = (
    Rule(r"status|--list|--get|--query|--state|--info| show ", "read_only", _LISTS_RULES),
    Rule(r" reset ", "destructive", "the rules are lost"),
    Rule(r" allow | logging | limit |--add-|--runtime", "reversible", "lets traffic through"),
    _TRAFFIC,
)
_IPTABLES = (
    Rule(r" (?:-F|--flush|-X|--delete-chain) ", "destructive", "the rules are lost"),
    Rule(r" (?:-L|--list|-S|--list-rules|-C|--check|-nL|-vnL|-nvL|-Lnv|-L\w+) ", "read_only", _LISTS_RULES),
    Rule(
        r" (?:-A|-I|--append|--insert) .*(?:-j|--jump) (?:ACCEPT|LOG|RETURN|NFLOG|TRACE) ",
        "reversible",
        "lets through or logs",
    ),
    Rule(r" (?:-Z|--zero|-N|--new-chain) ", "reversible", "changes no traffic"),
    _TRAFFIC,
)
_DISK = (
    Rule(r"^ +$| (?:-l|--list|-p|--print|-n|--no-act|print|luksDump|status|isLuks) ", "read_only", "lists partitions"),
    Rule("", "destructive", "changes a disk; what is on it may be lost"),
)
_PACKED = (
    Rule(
        r" (?:-\w*[clt]\w*|--stdout|--list|--test) ",
        "read_only",
        "prints or lists",
    ),
    Rule("", "reversible", "packs or unpacks a file"),
)
_PACKAGES = (
    Rule(r" (?:-r|-P|--remove|--purge|-e|--erase) ", "destructive", "removes packages"),
    Rule(r" (?:-i|-U|-Uvh|-ivh|--install|--configure|-F|--upgrade) ", "reversible", "installs packages"),
    Rule("", "read_only", "lists packages"),
)
_HTTPD = (
    Rule(r" (?:configtest|status|fullstatus|-[tSvVM]) ", "read_only", "only checks or reports"),
    Rule(r" (?:graceful|start) ", "reversible", "reloads; sessions go on"),
    Rule("", "disruptive", "stops or restarts the server"),
)
_PLAYS = (
    Rule(
        r" (?:--check|-C|--syntax-check|--list-tasks|--list-hosts|--list-tags) ",
        "read_only",
        "checks only",
    ),
    Rule("", "disruptive", "changes the hosts of the playbook"),
)

RULES: dict[str, tuple[Rule, ...]] = {
    "kill": (
        Rule(r"^ (?:-0|-l|-L|-s 0|-n 0) ", "read_only", "sends no signal"),
        Rule("", "disruptive", "sends a signal to a process"),
    ),
    "journalctl": (
        Rule(r" --vacuum", "destructive", "old journal entries are lost"),
        Rule(r" --(?:rotate|flush|sync|relinquish-var|update-catalog)", "reversible", "rotates or flushes the journal"),
        _READS,
    ),
    "sysctl": (
        Rule(
            r"(?:drop_caches|ip_forward ?= ?0|sysrq|panic|ignore_all ?= ?1|core_pattern).*?=|ip_forward ?= ?0",
            "disruptive",
            "a kernel setting that interrupts or slows what runs",
        ),
        Rule(r"=| (?:-w|-p|--system|--load) ", "reversible", "a kernel setting that can be set back"),
        _READS,
    ),
    "iptables": _IPTABLES,
    "iptables-save": (_READS,),
    "ip6tables-save": (_READS,),
    "iptables-restore": (
        Rule(r" (?:-t|--test) ", "read_only", "tests only"),
        Rule("", "disruptive", "replaces the rules"),
    ),
    "nft": (
        Rule(r"^ (?:-\w+ )*(?:list|describe|monitor) ", "read_only", _LISTS_RULES),
        Rule(r" (?:flush|delete|destroy) ", "destructive", "rules are lost"),
        _TRAFFIC,
    ),
    "ufw": _FIREWALL,
    "firewall-cmd": _FIREWALL,
    "tc": (
        Rule(r" (?:add|del|delete|change|replace|link) ", "disruptive", "changes how traffic is queued or dropped"),
        _READS,
    ),
    "conntrack": (Rule(r" (?:-D|-F|--delete|--flush) ", "disruptive", "drops tracked connections"), _READS),
    "ethtool": (
        Rule(
            r" (?:-[sKGLCArE]|--change|--offload|--set-\S+|--negotiate) ", "disruptive", "changes the network interface"
        ),
        _READS,
    ),
    "ifconfig": (Rule(r" (?:up|down|mtu|netmask|add|del) ", "disruptive", "changes the network interface"), _READS),
    "route": (Rule(r" (?:add|del|delete|flush|change) ", "disruptive", "changes routes"), _READS),
    "arp": (Rule(r" -[ds] ", "disruptive", "changes the ARP table"), _READS),
    "ss": (Rule(r" (?:-K|--kill) ", "disruptive", "closes sockets"), _READS),
    "dmesg": (Rule(r" (?:-[Cc]|--clear|--read-clear) ", "destructive", "the messages are lost"), _READS),
    "hdparm": (Rule(r" --(?:security|write|trim|yes|fw)", "destructive", "writes to the disk"), _READS),
    "mdadm": (
        Rule(r" --(?:zero-superblock|create)", "destructive", "what is on the disks may be lost"),
        Rule(r" (?:--(?:fail|remove|stop|manage|grow|add|assemble)|-[frSa]) ", "disruptive", "changes a disk array"),
        _READS,
    ),
    "tune2fs": (Rule(r" -(?!l )\w", "disruptive", "changes a file system"), _READS),
    "fsck": (Rule(r" -[ypafr] ", "disruptive", "repairs a file system"), _READS),
    "xfs_repair": (
        Rule(r" -L ", "destructive", "the log of the file system is lost"),
        Rule(r" -n ", "read_only", "checks only"),
        Rule("", "disruptive", "repairs a file system"),
    ),
    "fdisk": _DISK,
    "parted": _DISK,
    "sfdisk": _DISK,
    "sgdisk": _DISK,
    "gdisk": _DISK,
    "cryptsetup": (*_DISK[:1], Rule(r" (?:open|luksOpen|close) ", "reversible", "maps a disk"), *_DISK[1:]),
    "wipefs": (
        Rule(r" (?:-a|--all|-o|-\w*a\w*) ", "destructive", "wipes signatures"),
        Rule("", "read_only", "lists signatures"),
    ),
    "mount": (
        Rule(r"^ +$|^ -l ", "read_only", "lists mounts"),
        Rule(r"remount", "disruptive", "remounts what is in use"),
        Rule("", "reversible", "mounts a file system"),
    ),
    "swapon": (Rule(r" (?:--show|-s) ", "read_only", "lists swap"), Rule("", "reversible", "adds swap")),
    "truncate": (
        Rule(r" (?:-s|--size)[ =]\+", "reversible", "extends a file"),
        Rule("", "destructive", "truncates a file"),
    ),
    "sed": (
        Rule(
            r" (?:-[nrEsz]*i(?=[^\s\w]|bak|orig|old|backup)\S+|--in-place=\S+) ",
            "reversible",
            "edits a file and keeps a copy",
        ),
        Rule(r" (?:-[nrEsz]*i[nrEsz]*|--in-place) ", "disruptive", "edits a file in place; no copy is kept"),
        Rule("", "read_only", "prints what it edits"),
    ),
    "tar": (
        Rule(r"^ -?[a-su-z]*t[a-z]* | --list ", "read_only", "lists an archive"),
        Rule("", "reversible", "packs or unpacks files"),
    ),
    "gzip": _PACKED,
    "gunzip": _PACKED,
    "xz": _PACKED,
    "bzip2": _PACKED,
    "zstd": _PACKED,
    "ln": (
        Rule(r" (?:-\w*f\w*|--force) ", "disruptive", "switches a link that is in use"),
        Rule("", "reversible", "adds a link"),
    ),
    "rsync": (
        Rule(r" (?:-\w*n\w*|--dry-run) ", "read_only", "dry run"),
        Rule(r" --(?:delete|remove-source-files)", "destructive", "removes files that are not at the source"),
        Rule("", "reversible", "copies files"),
    ),
    "rclone": (
        Rule(r" (?:-n|--dry-run) ", "read_only", "dry run"),
        Rule(
            r"^ (?:ls\w*|check|size|about|cat|listremotes|tree|version|md5sum) ",
            "read_only",
            "only reads",
        ),
        Rule(
            r"^ (?:delete|purge|deletefile|rmdirs?|cleanup|sync|move|moveto|dedupe) ",
            "destructive",
            "removes files",
        ),
        Rule("", "reversible", "copies files"),
    ),
    "crontab": (
        Rule(r" -l ", "read_only", "lists the jobs"),
        Rule(r" -e ", "disruptive", "edits the jobs"),
        Rule("", "destructive", "the jobs are lost"),
    ),
    "jcmd": (
        Rule(
            r"GC\.run|heap_dump|finalization|set_flag|ManagementAgent|Compiler\.",
            "disruptive",
            "stops the JVM while it works",
        ),
        Rule(r"JFR\.", "reversible", "records; can be stopped"),
        Rule("", "read_only", "only reports"),
    ),
    "jmap": (
        Rule(r" (?:-dump|-histo:live)", "disruptive", "stops the JVM while it works"),
        Rule("", "read_only", "only reports"),
    ),
    "jinfo": (Rule(r" -flag [+-]| -flag \w+=", "disruptive", "changes the JVM"), _READS),
    "fuser": (Rule(r" (?:-\w*k\w*|--kill) ", "disruptive", "kills the processes"), _READS),
    "date": (
        Rule(r" (?:-d|--date|-r|-u) |^ \+", "read_only", "tells the time"),
        Rule(r" (?:-s|--set)[ =]|^ \d{8,12} ", "disruptive", "sets the clock"),
        Rule("", "read_only", "tells the time"),
    ),
    "hostname": (
        Rule(r"^ [^-\s]| -F ", "disruptive", "renames the host"),
        Rule("", "read_only", "tells the name"),
    ),
    "ansible-playbook": _PLAYS,
    "dpkg": _PACKAGES,
    "rpm": _PACKAGES,
    "amtool": (
        Rule(r" silence expire ", "disruptive", "ends a silence"),
        Rule(r" silence add ", "reversible", "a silence can be expired"),
        _READS,
    ),
    "apachectl": _HTTPD,
    "apache2ctl": _HTTPD,
    "httpd": _HTTPD,
    "haproxy": (
        Rule(r" -c ", "read_only", "checks the configuration"),
        Rule(r"^ -v+ ", "read_only", "tells its version"),
        Rule("", "disruptive", "starts or replaces the server"),
    ),
    "pg_restore": (
        Rule(r" (?:-l|--list) ", "read_only", "lists an archive"),
        Rule(r" (?:-c|--clean) ", "destructive", "drops what is there before it restores"),
        Rule("", "disruptive", "loads data into a database"),
    ),
    "hdfs": (
        Rule(
            r" -(?:ls|cat|du|df|count|stat|tail|text|test|checksum|find|report|safemode get) |^ (?:fsck|version) ",
            "read_only",
            "only reads",
        ),
        Rule(r" -(?:rm|rmr|rmdir|expunge|delete\w*|format) ", "destructive", "removes files"),
        Rule(r" -(?:mkdir|put|get|cp|copyFromLocal|copyToLocal|touchz|appendToFile) ", "reversible", "adds files"),
        Rule("", "disruptive", "changes the file system"),
    ),
    "mysqladmin": (
        Rule(r" drop ", "destructive", "drops a database"),
        Rule(
            r" (?:kill|shutdown|password|stop-slave|stop-replica|flush-tables|refresh) ",
            "disruptive",
            "interrupts sessions or the server",
        ),
        Rule(
            r" (?:create|start-slave|start-replica|flush-\w+|reload) ",
            "reversible",
            "can be undone",
        ),
        Rule("", "read_only", "only reports"),
    ),
    "smartctl": (
        Rule(r" (?:-t|--test|-s|-X)[ =]", "reversible", "starts or sets a test"),
        _READS,
    ),
    "exportfs": (Rule(r" -[aru]+ ", "disruptive", "changes what is exported"), _READS),
    "postqueue": (Rule(r" -f ", "reversible", "delivers again"), _READS),
    "pvmove": (Rule("", "disruptive", "moves data"),),
}


def judge(name: str, args: list[str]) -> Assessment | None:
    """What the rules of the program say about its arguments; None when it has none."""
    said = f" {' '.join(args)} "
    for rule in RULES.get(name, ()):
        if re.search(rule.pattern, said):
            return Assessment(rule.risk, f"`{name}` {rule.reason}")
    return None
