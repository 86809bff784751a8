"""Programs that copy, pack, mount or divide: what they do hangs on their operands."""

import re
from collections.abc import Iterator

from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    disruptive,
    not_understood,
    read_only,
    reversible,
)
from onrecall.recommendation.risk.programs.argv import Invocation
from onrecall.recommendation.risk.programs.file_targets import judge_overwrite
from onrecall.recommendation.risk.programs.situation import InvocationContext

_PRINTING = re.compile(
    r"/dev/[\w/.-]+|print|free|all|list|devices|unit|[kKMGTPE]?i?B|s|%|cyl|chs|compact|help|version|quit|align-check|opt|minimal|optimal|\d+"
)


def check_copy(situation: InvocationContext) -> Iterator[Assessment]:
    """`cp`, `install`: the target is written over, unless it is scratch or a copy by its name."""
    invocation = situation.invocation
    operands = invocation.operands
    if invocation.has("-d", "--directory"):
        yield reversible("makes folders")
    elif invocation.has("-t", "--target-directory") or len(operands) < 2:
        yield destructive("copies over what is there") if operands[:1] == ["/dev/null"] else read_only("")
    elif invocation.has("-n", "--no-clobber"):
        yield reversible("adds a copy")
    else:
        yield judge_overwrite(operands[-1], empties=operands[0] == "/dev/null", into_backups=True)


def check_link(situation: InvocationContext) -> Iterator[Assessment]:
    """`ln -f`: a file that stands under the new name is lost; a symbolic link that is turned can be turned back."""
    invocation = situation.invocation
    operands = invocation.operands
    forces = invocation.has("-f", "--force") and not invocation.has("-b", "--backup", "-S")
    turns = invocation.has("-s", "--symbolic") and operands[:1] != ["/dev/null"]
    if forces and not turns and len(operands) == 2:
        yield judge_overwrite(operands[-1])


def check_move(situation: InvocationContext) -> Iterator[Assessment]:
    """`mv`: a target that is a file by its name is written over, unless it is scratch or a copy by its name."""
    invocation = situation.invocation
    operands = invocation.operands
    replaces = not invocation.has("-n", "--no-clobber", "-b", "--backup", "-t", "--target-directory")
    is_file = len(operands) == 2 and re.search(r"[^/.]\.[A-Za-z]\w*$|^/etc/\w+$", operands[-1]) is not None
    is_forced = len(operands) == 2 and invocation.has("-f", "--force") and not operands[-1].endswith("/")
    if replaces and (is_file or is_forced):
        yield judge_overwrite(operands[-1], into_backups=True)


def check_transfer(situation: InvocationContext) -> Iterator[Assessment]:
    """`rsync`, `scp`, `kubectl cp` and their like: files at the target are written over."""
    operands = situation.invocation.operands
    moves = situation.invocation.words[-1:] in (["mv"], ["move"])
    if situation.invocation.is_dry or situation.invocation.has("--list-only"):
        yield read_only("tells what it would copy")
    elif len(operands) < 2:
        yield read_only("lists files")
    else:
        target = operands[-1]
        path = (
            target if "://" in target or ":" not in target.partition("/")[0] else target.partition(":")[2].lstrip(":")
        )
        yield judge_overwrite(path or "~", empties=operands[0] == "/dev/null")
        if moves:
            yield disruptive("what is moved is no longer where it is looked for")
        if situation.invocation.has("--existing"):
            yield destructive("writes over files that are there")


def check_hadoop_files(situation: InvocationContext) -> Iterator[Assessment]:
    """`hdfs dfs -put -f`: a file that stands at the target is written over."""
    if situation.invocation.has("-put", "-cp", "-copyFromLocal", "-moveFromLocal") and situation.invocation.has("-f"):
        yield destructive("writes over what is there")


def check_truncate(situation: InvocationContext) -> Iterator[Assessment]:
    sizes = situation.invocation.values("-s", "--size")
    grows = bool(sizes) and all(re.fullmatch(r"\+\d+[kKMGTPE]?B?", size) for size in sizes)
    yield reversible("extends a file") if grows else destructive("truncates a file")


def check_mount(situation: InvocationContext) -> Iterator[Assessment]:
    if situation.invocation.operands:
        yield disruptive("covers what stands at the mount point")


def check_parted(situation: InvocationContext) -> Iterator[Assessment]:
    invocation = situation.invocation
    odd = next((word for word in invocation.operands if not _PRINTING.fullmatch(word)), None)
    if odd is not None:
        yield destructive(f"`parted {odd[:20]}` changes a disk; what is on it may be lost")
    elif not invocation.has("-l", "--list") and not any(
        word in ("print", "unit", "help", "version") for word in invocation.operands
    ):
        yield not_understood("what is typed in the session on a disk", "destructive")


def check_tar(situation: InvocationContext) -> Iterator[Assessment]:
    """`tar`: the first word may be options without a dash; which mode it has says what it does."""
    invocation = situation.invocation
    letters = "".join(
        given_option.option.name[1]
        for given_option in invocation.options
        if re.fullmatch(r"-\w", given_option.option.name)
    )
    operands = list(invocation.operands)
    archives = invocation.values("-f", "--file")
    if operands and invocation.arguments[0] == operands[0] and re.fullmatch(r"[A-Za-z]+", operands[0]):
        bundled = operands.pop(0)
        letters += bundled
        odd = next((letter for letter in bundled if letter not in "tcxrufvzjJaphSkmOPZC"), None)
        if odd is not None:
            yield not_understood(f"`{odd}` of tar")
        archives += operands[:1] if "f" in bundled else []
    modes = [name for name, long, letter in _TAR_MODES if letter in letters or invocation.has(long)]
    for mode in modes:
        yield from _tar_mode(mode, archives, invocation, letters)
    if not modes:
        yield not_understood("what tar is to do")


_TAR_MODES = (
    ("list", "--list", "t"),
    ("create", "--create", "c"),
    ("extract", "--extract", "x"),
    ("add", "--append", "r"),
    ("add", "--update", "u"),
    ("compare", "--compare", "d"),
    ("delete", "--delete", "\x00"),
)


def _tar_mode(mode: str, archives: list[str], invocation: Invocation, letters: str) -> Iterator[Assessment]:
    if mode in ("list", "compare"):
        yield read_only("lists an archive")
    elif mode == "create":
        yield judge_overwrite(archives[-1]) if archives else read_only("packs to its output")
    elif mode == "extract":
        folder = (invocation.values("-C", "--directory") or ["."])[-1]
        if "O" in letters or invocation.has("--to-stdout"):
            yield read_only("unpacks to its output")
        else:
            yield (
                judge_overwrite(folder.rstrip("/") + "/x")
                if folder.startswith("/")
                else destructive("unpacks over what is there")
            )
    else:
        yield destructive(f"changes an archive: {mode}") if mode == "delete" else disruptive("changes an archive")
