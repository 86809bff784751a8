"""Nobody is called and no file is left behind, as the kernel sees it: the whole tree of processes under a tracer.

The guard of test_unplugged.py sits inside of Python, and a library in C gets past it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

CORE_PATH = Path(__file__).parent / "unplugged" / "core_path.py"
CALLS = "connect,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink"
LOOK_UP = re.compile(r'"/etc/(?:resolv\.conf|hosts|nsswitch\.conf|gai\.conf)"')
ADDRESS = re.compile(
    r"sa_family=AF_INET6?\b[^}]*?(?:inet_addr\(\"(?P<v4>[^\"]+)\"|inet_pton\(AF_INET6, \"(?P<v6>[^\"]+)\")"
)
MADE = re.compile(r"^(?:\d+ +)?(?:(?:open|openat|creat)\(.*O_CREAT|creat\(|mkdir|rename|link|symlink)")
PATH = re.compile(r'"(/[^"]*)"')
LOOPBACK = re.compile(r"127\.|::1$|::ffff:127\.|0\.0\.0\.0$|::$")
ANYWHERE = ("/dev/", "/proc/")
KEPT_IN_MEMORY = "/dev/shm/"
"""A folder like any other, in which tests may have their files."""


def tracer() -> str:
    """The tracer, where processes may be traced."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed, so nothing can be watched from outside")
    tried = subprocess.run([strace, "-f", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"processes may not be traced here: {tried.stderr.strip()}")
    return strace


def traced(strace: str, program: list[str], folder: Path, **more: str) -> list[str]:
    """What a program and all that it begins asked of the kernel, each call a line."""
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    surroundings = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }
    log = folder / "calls"
    only_these = ["--seccomp-bpf", "-e", f"trace={CALLS}", "-e", "signal=none"]
    command = [strace, "-f", *only_these, "-qq", "-s", "200", "-o", str(log), *program]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=290, check=False)
    assert done.returncode == 0, done.stderr
    return log.read_text(errors="replace").splitlines()


def calls_elsewhere(lines: list[str]) -> Iterator[str]:
    """Calls that look a name up, or that reach beyond this machine."""
    for line in lines:
        address = ADDRESS.search(line)
        if LOOK_UP.search(line) or (address and not LOOPBACK.match(address["v4"] or address["v6"])):
            yield line


def made_outside(lines: list[str], *folders: Path) -> Iterator[str]:
    """Calls that make a file anywhere but in these folders."""
    for line in lines:
        if MADE.match(line) and "ENOENT" not in line and "EEXIST" not in line:
            paths = [
                path for path in PATH.findall(line) if path.startswith(KEPT_IN_MEMORY) or not path.startswith(ANYWHERE)
            ]
            if not all(any(Path(path).is_relative_to(folder) for folder in folders) for path in paths):
                yield line


def test_the_core_path_calls_nobody_and_writes_only_into_its_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    lines = traced(tracer(), [sys.executable, str(CORE_PATH), str(data)], tmp_path, UNPLUGGED_BY="tracer")
    assert any("127.0.0.1" in line for line in lines), "the tracer saw the server being asked"
    assert [*calls_elsewhere(lines)] == []
    assert [*made_outside(lines, data, tmp_path / "tmp")] == []
    assert [*(tmp_path / "home").iterdir()] == []


def test_who_embeds_it_calls_nobody_either(tmp_path: Path) -> None:
    program = "import onrecall, onnxruntime; from onrecall.retrieval.embeddings import load_embedder; load_embedder()"
    lines = traced(tracer(), [sys.executable, "-c", program], tmp_path)
    assert [*calls_elsewhere(lines)] == []
    assert [*(tmp_path / "home").iterdir()] == []


def test_the_tracer_would_have_seen_it(tmp_path: Path) -> None:
    program = (
        "import os, socket\n"
        "open(os.path.expanduser('~/left-behind'), 'w').close()\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.connect(('192.0.2.1', 9))\n"
        "try: socket.getaddrinfo('name.invalid', 80)\n"
        "except OSError: pass\n"
    )
    lines = traced(tracer(), [sys.executable, "-c", program], tmp_path)
    seen = "\n".join(calls_elsewhere(lines))
    assert "192.0.2.1" in seen
    assert "/etc/" in seen
    assert "left-behind" in "\n".join(made_outside(lines, tmp_path / "tmp"))
