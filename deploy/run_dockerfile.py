"""Run the steps of deploy/Dockerfile where no container engine is, and then the image, as root.

Each stage is an overlay over this machine's own files, so what differs from a real build is the base: this machine's
system, Node and Python stand for those of the images. Everything else (which files are copied, each RUN as it is
written, USER, ENV, a root file system that is read-only, HEALTHCHECK and CMD) is taken from the Dockerfile.
Needs Linux, root, and Python with venv and Node of this machine. Nothing outside a temporary folder changes.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PASSED = ("PIP_", "NPM_", "NODE_", "SSL_", "http_proxy", "https_proxy")
"""Beginnings of this machine's variables that steps see, so that they reach the same package registries."""
READY_SECONDS = 120


class Instruction(NamedTuple):
    """One instruction of a Dockerfile: its name in capitals, its `--options`, and the rest."""

    name: str
    options: Mapping[str, str]
    value: str


def parse(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile in order; comments and continued lines are resolved."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    instructions = []
    for line in filter(str.strip, joined.split("\n")):
        name, _, rest = line.strip().partition(" ")
        options = {}
        while match := re.match(r"\s*--([a-z-]+)=(\S+)\s*", rest):
            options[match[1]] = match[2]
            rest = rest[match.end() :]
        instructions.append(Instruction(name.upper(), options, rest.strip()))
    return instructions


def assignments(value: str) -> dict[str, str]:
    """Return the names and values of an ENV, ARG or LABEL."""
    return dict(word.partition("=")[::2] for word in shlex.split(value))


def context_files(root: Path) -> list[str]:
    """Return the files that a build may copy, as paths below the root, in the sense of .dockerignore."""
    patterns = [line for line in (root / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in tracked.stdout.splitlines() if not is_ignored(path, patterns) and (root / path).is_file()]


def is_ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore leaves a file out: the last pattern that matches it or a folder of it decides."""
    parts = path.split("/")
    candidates = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    ignored = False
    for pattern in patterns:
        if any(is_match(candidate, pattern.removeprefix("!").strip("/")) for candidate in candidates):
            ignored = not pattern.startswith("!")
    return ignored


def is_match(path: str, pattern: str) -> bool:
    """Whether a path is what a pattern names: `*` is a part of one name, and `**/` at its start any folders."""
    names, wanted = path.split("/"), pattern.removeprefix("**/").split("/")
    if pattern.startswith("**/"):
        names = names[-len(wanted) :]
    return len(names) == len(wanted) and all(fnmatch(name, part) for name, part in zip(names, wanted, strict=True))


def copied(sources: Sequence[str], files: Sequence[str]) -> list[tuple[str, str]]:
    """Return each file that a COPY of the context takes, with its path below the destination."""
    taken = []
    for source in sources:
        pattern = source.rstrip("/")
        matches = [
            (path, path[len(pattern) + 1 :] if path.startswith(f"{pattern}/") else Path(path).name)
            for path in files
            if is_match(path, pattern) or path.startswith(f"{pattern}/")
        ]
        if not matches:
            raise SystemExit(f"COPY {source}: the build context has no such file; look at .dockerignore")
        taken += matches
    return taken


@dataclass
class Stage:
    """A stage while it is built: its files, its variables, where it works, and whom it runs as."""

    name: str
    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    settings: dict[str, str] = field(default_factory=dict)

    def path(self, inside: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / (Path(self.folder) / inside).relative_to("/")


@contextmanager
def overlay(folder: Path) -> Iterator[Path]:
    """A writable view of this machine's files; what is written goes into the folder."""
    for part in ("upper", "work", "root"):
        (folder / part).mkdir(parents=True)
    options = f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work"
    mounts = (
        ["mount", "-t", "overlay", "overlay", "-o", options, str(folder / "root")],
        ["mount", "-t", "proc", "proc", str(folder / "root/proc")],
        ["mount", "--bind", "/dev", str(folder / "root/dev")],
    )
    try:
        for command in mounts:
            subprocess.run(command, check=True)
        yield folder / "root"
    finally:
        for part in ("root/dev", "root/proc", "root"):
            subprocess.run(["umount", "--recursive", str(folder / part)], check=False, stderr=subprocess.DEVNULL)


def build(instructions: Sequence[Instruction], stack: ExitStack, scratch: Path) -> Stage:
    """Run every step; returns the last stage, whose files stay until the stack is closed."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for instruction in instructions:
        if instruction.name == "FROM":
            name = instruction.value.split(" AS ")[-1] if " AS " in instruction.value else "image"
            stage = Stage(name, stack.enter_context(overlay(scratch / name)))
            provide_python(stage)
            stages[name] = stage
        elif stage is None:
            raise SystemExit(f"{instruction.name} before FROM")
        else:
            step(stage, instruction, stages)
    assert stage is not None
    return stage


def provide_python(stage: Stage) -> None:
    """Give a stage the `python` that the images have."""
    link = stage.root / "usr/local/bin/python"
    link.unlink(missing_ok=True)
    link.symlink_to("/usr/bin/python3")


def step(stage: Stage, instruction: Instruction, stages: Mapping[str, Stage]) -> None:
    """Run one step of a stage."""
    print(f"{stage.name}: {instruction.name} {instruction.value[:90]}", flush=True)
    match instruction.name:
        case "ENV" | "ARG":
            for name, value in assignments(instruction.value).items():
                known = value.replace("$PATH", stage.environment.get("PATH", os.defpath))
                stage.environment[name] = known
        case "WORKDIR":
            stage.folder = instruction.value
            stage.path(".").mkdir(parents=True, exist_ok=True)
        case "USER":
            stage.user = instruction.value
        case "COPY":
            copy(stage, instruction, stages)
        case "RUN":
            run(stage, ["/bin/sh", "-c", instruction.value])
        case name:
            stage.settings[name] = instruction.value


def copy(stage: Stage, instruction: Instruction, stages: Mapping[str, Stage]) -> None:
    """Copy from the context, or from another stage."""
    *sources, target = instruction.value.split()
    if origin := instruction.options.get("from"):
        (source,) = sources
        shutil.copytree(stages[origin].path(source), stage.path(target), symlinks=True, dirs_exist_ok=True)
        return
    for path, inside in copied(sources, context_files(ROOT)):
        place = stage.path(target) / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, place)


def command(stage: Stage, words: Sequence[str], more: Mapping[str, str]) -> list[str]:
    """The command line that runs words inside a stage, with the stage's user and variables and no others."""
    passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED)}
    search = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp"}  # noqa: S108 - inside the stage
    variables = passed | search | stage.environment | more
    assigned = [f"{name}={value}" for name, value in variables.items()]
    inside = f'cd {shlex.quote(stage.folder)} && exec "$@"'
    return [
        "chroot",
        f"--userspec={stage.user}",
        "--groups=",
        str(stage.root),
        "/usr/bin/env",
        "-i",
        *assigned,
        "/bin/sh",
        "-c",
        inside,
        "sh",
        *words,
    ]


def run(stage: Stage, words: Sequence[str], more: Mapping[str, str] | None = None) -> None:
    """Run words inside a stage; a failure ends the build."""
    ended = subprocess.run(command(stage, words, more or {}), check=False)
    if ended.returncode:
        raise SystemExit(f"{stage.name}: exit code {ended.returncode} of {shlex.join(words)[:200]}")


def start(stage: Stage, stack: ExitStack, port: int) -> None:
    """Run the image as an engine would with a read-only root: CMD, then HEALTHCHECK until it passes, then SIGTERM."""
    user, _, group = stage.user.partition(":")
    for folder, owner in ((stage.settings["VOLUME"], f"uid={user},gid={group},mode=750"), ("/tmp", "mode=1777")):  # noqa: S108
        subprocess.run(["mount", "-t", "tmpfs", "-o", owner, "tmpfs", str(stage.path(folder))], check=True)
        stack.callback(subprocess.run, ["umount", str(stage.path(folder))], check=False)
    subprocess.run(["mount", "-o", "remount,ro", str(stage.root)], check=True)
    key = subprocess.run(
        command(stage, ["onrecall", "keys", "generate"], {}), capture_output=True, text=True, check=True
    ).stdout.strip()
    variables = {"ONRECALL_ADMIN_KEY": key, "ONRECALL_PORT": str(port)}
    words = [*json.loads(stage.settings["ENTRYPOINT"]), *json.loads(stage.settings["CMD"])]
    began = time.monotonic()
    server = subprocess.Popen(command(stage, words, variables))
    try:
        wait_until_healthy(stage, variables, server)
        print(f"healthy after {time.monotonic() - began:.1f} s as user {stage.user}, root read-only")
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(30)
    if code not in (0, -signal.SIGTERM):
        raise SystemExit(f"SIGTERM ended the server with exit code {code}")
    print("stopped by SIGTERM")


def wait_until_healthy(stage: Stage, variables: Mapping[str, str], server: "subprocess.Popen[bytes]") -> None:
    """Repeat the image's HEALTHCHECK until it passes; a server that ended or a long wait is a failure."""
    check = json.loads(stage.settings["HEALTHCHECK"].partition("CMD")[2])
    deadline = time.monotonic() + READY_SECONDS
    while subprocess.run(command(stage, check, variables), check=False, capture_output=True).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"never healthy; the server's exit code: {server.poll()}")
        time.sleep(1)


def main() -> None:
    """Build and start the image."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8765, help="port that the image listens on here")
    parser.add_argument("--keep", type=Path, help="folder for the stages' files, in place of a temporary one")
    options = parser.parse_args()
    if sys.platform != "linux" or os.geteuid() != 0:
        raise SystemExit("this needs Linux and root, for overlays and chroot")
    instructions = parse((ROOT / "deploy/Dockerfile").read_text("utf-8"))
    with ExitStack() as stack:
        scratch = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onrecall-image-")))
        image = build(instructions, stack, scratch)
        size = sum(file.stat().st_size for file in image.path("/opt/onrecall").rglob("*") if file.is_file())
        print(f"/opt/onrecall: {size / 1e6:.0f} MB")
        start(image, stack, options.port)


if __name__ == "__main__":
    main()
