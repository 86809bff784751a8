"""A server is warm before the first question, which then waits for no model."""

import time
from pathlib import Path

import pytest
from processes import running

pytestmark = pytest.mark.process

WEIGHTS = "model.safetensors"


def mapped(pid: int) -> bool:
    """Whether the process has the model's weights in its memory."""
    return WEIGHTS in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what a process has in memory")
def test_a_server_loads_its_model_before_anybody_asks(tmp_path: Path) -> None:
    with running(tmp_path) as (_, pid):
        deadline = time.monotonic() + 60
        while not mapped(pid):
            assert time.monotonic() < deadline, "it waits for the first request to load the model"
            time.sleep(0.05)
