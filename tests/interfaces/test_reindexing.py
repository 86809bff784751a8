"""Another model, from the outside: every door tells of it, and `onrecall reindex` mends it."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from onrecall.bootstrap.app import AppContext
from onrecall.cli import main as cli
from onrecall.retrieval import tokenizer as terms
from onrecall.retrieval.embeddings import PACKAGED_MODEL
from onrecall.storage.tables import passages


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0), capsys.readouterr().out


def states(home: AppContext) -> dict[str, tuple[str, str]]:
    return {part.name: (part.state, part.detail) for part in home.status().parts}


def test_passages_of_another_model_are_told_and_mended(
    home: AppContext, data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [part.state for part in home.status().parts] == ["ok"] * 3
    total = home.memory.store.health.counts()["passages"]
    with home.memory.store._database.write() as connection:
        old = update(passages).where(passages.c.kind == "incident").values(model="yesterday's", terms_version=None)
        others = connection.execute(old).rowcount
    assert 0 < others < total
    assert states(home)["meaning"][0] == states(home)["words"][0] == home.status().state == "degraded"
    assert f"{others:,} of {total:,} passages carry vectors of yesterday's" in states(home)["meaning"][1]
    assert "run `onrecall reindex`" in states(home)["meaning"][1]
    assert f"{others:,} of {total:,} passages carry terms of no version" in states(home)["words"][1]
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(data_dir))
    assert "vectors of yesterday's" in printed(capsys, "doctor")[1]
    code, said = printed(capsys, "reindex", "--json")
    assert code == 0
    assert json.loads(said) == {
        "model": PACKAGED_MODEL,
        "terms_version": terms.VERSION,
        "passages": total,
        "reindexed": others,
    }
    assert [part.state for part in home.status().parts] == ["ok"] * 3
    assert home.memory.store.health.check() == ()
    assert "nothing to do" in printed(capsys, "reindex")[1]
