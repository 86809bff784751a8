"""Test files compiled by all workers of a run together: with its assertions rewritten, each takes longer to compile than
to import, and every worker would compile all of them.
"""

import contextlib
import sys
from pathlib import Path

import pytest
from _pytest.assertion import rewrite  # which has no public name for what its import hook does

TESTS = Path(__file__).parent


def compile_together(config: pytest.Config) -> None:
    """Compile the test files that no worker has compiled yet, each worker beginning at another place."""
    worker = getattr(config, "workerinput", None)
    if worker is None or sys.dont_write_bytecode or config.getvalue("assertmode") != "rewrite":
        return
    files = sorted([*TESTS.rglob("test_*.py"), *TESTS.rglob("conftest.py")])
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in (*files[first:], *files[:first]):
        compiled = rewrite.get_cache_dir(file) / f"{file.stem}{rewrite.PYC_TAIL}"
        with contextlib.suppress(OSError, SyntaxError, ValueError):  # pytest reports it where it collects the file
            if not compiled.exists() or compiled.stat().st_mtime < file.stat().st_mtime:
                compiled.parent.mkdir(exist_ok=True)
                source_stat, code = rewrite._rewrite_test(file, config)
                rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_stat, compiled)
