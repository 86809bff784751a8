"""Unplugged: the core path where there is no network, and where who tries to call somebody is found out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

UNPLUGGED = Path(__file__).parent / "unplugged"


def without_network() -> list[str]:
    """What runs a command in a namespace that has no network but its own loopback; nothing where that is not allowed."""
    for options in (["-n"], ["-rn"]):
        tried = ["unshare", *options]
        if (
            shutil.which("unshare")
            and subprocess.run([*tried, "true"], check=False, capture_output=True).returncode == 0
        ):
            return tried
    return []


def test_the_core_path_needs_no_network_and_calls_nobody(tmp_path: Path) -> None:
    apart, calls = without_network(), tmp_path / "calls"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONRECALL_")}
    surroundings = kept | {
        "PYTHONPATH": str(UNPLUGGED),
        "UNPLUGGED_LOG": str(calls),
        "UNPLUGGED_BY": "namespace" if apart else "guard",
    }
    command = [*apart, sys.executable, str(UNPLUGGED / "core_path.py"), str(tmp_path / "data")]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert not calls.exists(), calls.read_text()
    print(f"by {surroundings['UNPLUGGED_BY']}: {done.stdout}")
