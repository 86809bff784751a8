"""A mapping file that the settings name is what `generic` is read by, from the first message to a part tried again."""

import json

import pytest

from onrecall.bootstrap.app import open_app
from onrecall.domain.errors import Invalid
from onrecall.settings import Settings
from onrecall.sources import WebhookRequest


def test_generic_is_read_by_the_mapping_that_the_settings_name(tmp_path):
    file = tmp_path / "mapping.yaml"
    file.write_text("title: check.headline\nkey: check.id\n", encoding="utf-8")
    with open_app(Settings(data_dir=tmp_path / "data", alert_mapping=file)) as opened:
        memory = opened.memory
        good = {"check": {"id": 7, "headline": "Platte voll"}, "title": "not this"}
        bad = {"check": {"headline": "Platte voll"}}
        bodies = [WebhookRequest(json.dumps(one).encode()) for one in (good, good, bad)]
        first, again, broken = memory.receive("generic", bodies)
        assert (first.accepted, again.duplicate, len(broken.rejected)) == (1, 1, 1)
        (alert,) = [one.alert for one in memory.store.alerts.waiting(10)]
        assert (alert.key, alert.title) == ("7", "Platte voll")
        assert "check.id" in broken.rejected[0].message


def test_a_broken_mapping_file_is_a_sentence(tmp_path):
    file = tmp_path / "mapping.yaml"
    file.write_text("titel: check.headline\n", encoding="utf-8")
    with (
        pytest.raises(Invalid, match="'titel', which is not a field"),
        open_app(Settings(data_dir=tmp_path / "data", alert_mapping=file)),
    ):
        pass
