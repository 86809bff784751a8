"""What is said of an index that cannot be shared."""

import shutil
from pathlib import Path

from onrecall.bootstrap.app import open_app
from onrecall.settings import Settings


def test_an_index_that_cannot_be_stored_is_named_in_the_status(tmp_path: Path) -> None:
    with open_app(Settings(data_dir=tmp_path)) as context:
        assert "index" not in {part.name for part in context.status().parts}
        shutil.rmtree(tmp_path / "index")
        (part,) = [part for part in context.status().parts if part.name == "index"]
        assert part.state == "degraded"
        assert part.ready
        assert part.detail == (
            f"the index cannot be stored in {tmp_path / 'index'}, so each process holds it in memory"
        )
