import os

import pytest

from onrecall.domain.errors import Invalid
from onrecall.settings import Settings, load, mask_url


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("ONRECALL_")]:
        monkeypatch.delenv(name)


def test_defaults_need_nothing():
    settings = load()
    assert settings.host == "127.0.0.1"
    assert settings.database == f"sqlite:///{settings.data_dir / 'onrecall.db'}"


@pytest.mark.parametrize("value", ['"127.0.0.1"', "'127.0.0.1'", " 127.0.0.1", "127.0.0.1\n"])
def test_stray_quotes_and_blanks_are_refused_with_a_sentence(monkeypatch, value):
    monkeypatch.setenv("ONRECALL_HOST", value)
    with pytest.raises(Invalid, match="ONRECALL_HOST: has surrounding blanks or quotes"):
        load()


def test_a_wrong_value_names_its_variable(monkeypatch):
    monkeypatch.setenv("ONRECALL_PORT", "eighty")
    with pytest.raises(Invalid, match="ONRECALL_PORT"):
        load()


@pytest.mark.parametrize(
    ("former", "current"),
    [
        ("SETTLE_SECONDS", "GROUP_WAIT_SECONDS"),
        ("REFRESH_SECONDS", "GROUP_INTERVAL_SECONDS"),
        ("RESOLVE_AFTER_SECONDS", "RESOLVE_TIMEOUT_SECONDS"),
    ],
)
def test_a_former_name_is_refused_with_the_current_one(monkeypatch, former, current):
    monkeypatch.setenv(f"ONRECALL_{former}", "1")
    with pytest.raises(Invalid, match=f"ONRECALL_{former} is now ONRECALL_{current}"):
        load()


def test_a_former_name_is_refused_in_small_letters_too(monkeypatch):
    monkeypatch.setenv("onrecall_settle_seconds", "1")
    with pytest.raises(Invalid, match="rename it"):
        load()


def test_a_secret_may_stand_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("not-a-real-key\n", encoding="utf-8")
    monkeypatch.setenv("ONRECALL_EMBEDDINGS_KEY_FILE", str(tmp_path / "key"))
    key = load().embeddings_key
    assert key is not None
    assert key.get_secret_value() == "not-a-real-key"


def test_a_missing_secret_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ONRECALL_EMBEDDINGS_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(Invalid, match="ONRECALL_EMBEDDINGS_KEY_FILE"):
        load()


def test_what_is_shown_hides_secrets():
    shown = Settings(
        embeddings_key="not-a-real-key", database_url="postgresql://app:not-real@db/onrecall"
    ).effective_values()
    assert "not-a-real-key" not in str(shown)
    assert "not-real" not in str(shown)
    assert shown["ONRECALL_DATABASE_URL"] == "postgresql://app:***@db/onrecall"


def test_no_address_is_shown_with_a_password():
    names = [name for name in Settings.model_fields if name.endswith("_url")]
    secret = Settings.model_construct(**dict.fromkeys(names, "https://ann:not-real@host/x"))
    shown = secret.effective_values()
    assert {shown[f"ONRECALL_{name.upper()}"] for name in names} == {"https://ann:***@host/x"}
    assert mask_url("postgresql://db/x?sslmode=require&password=not-real&user=a") == (
        "postgresql://db/x?sslmode=require&password=***&user=a"
    )


@pytest.mark.parametrize("variable", ["PUBLIC_URL", "OPENSEARCH_URL", "OIDC_ISSUER"])
def test_an_address_with_a_password_and_no_user_is_refused(monkeypatch, variable):
    monkeypatch.setenv(f"ONRECALL_{variable}", "https://:not-real@host")
    with pytest.raises(Invalid, match=f"ONRECALL_{variable}") as caught:
        load()
    assert "not-real" not in str(caught.value)


def test_a_secret_file_that_is_no_text_is_named_without_what_is_in_it(monkeypatch, tmp_path):
    (tmp_path / "key").write_bytes(b"\xff\xfenot-a-real-key")
    monkeypatch.setenv("ONRECALL_EMBEDDINGS_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(Invalid, match=r"ONRECALL_EMBEDDINGS_KEY_FILE: .* is not UTF-8") as caught:
        load()
    assert "not-a-real-key" not in str(caught.value)


def test_a_url_without_a_password_stays():
    assert mask_url("sqlite:////var/lib/onrecall.db") == "sqlite:////var/lib/onrecall.db"
