"""Groups to roles, and what the settings say of them."""

import pytest

from onrecall.bootstrap.identity import provider_settings, session_limits
from onrecall.domain.errors import Invalid
from onrecall.identity.roles import claimed_groups, highest_role, parse_roles
from onrecall.settings import Settings

FULL = {
    "oidc_issuer": "https://login.example/realms/main",
    "oidc_client_id": "recall",
    "oidc_roles": "ops=admin",
    "public_url": "https://recall.example",
}


def test_roles_are_pairs_or_json() -> None:
    assert parse_roles("sre=admin, on call = responder,*=viewer") == {
        "sre": "admin",
        "on call": "responder",
        "*": "viewer",
    }
    assert parse_roles('{"cn=sre,ou=x": "admin"}') == {"cn=sre,ou=x": "admin"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sre", "no group with its role"),
        ("=admin", "no group"),
        ("sre=boss", "'boss' is not a role"),
        ("cron=ingest", "not a role of people"),
        ("a=viewer,a=admin", "twice"),
        ('{"a": "viewer", "a": "admin"}', "twice"),
        ("{a}", "not JSON"),
        ('{"a": 1}', "not a role"),
        ('{"a": ["admin"]}', "not a role"),
        ('{"a": {"b": "admin"}}', "not a role"),
        ("", "no group"),
    ],
)
def test_a_wrong_mapping_says_what_to_write(text: str, wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        parse_roles(text)


def test_the_highest_role_counts_and_no_group_none() -> None:
    roles = parse_roles("a=viewer,b=admin,c=responder")
    assert highest_role(roles, ["c", "a"]) == "responder"
    assert highest_role(roles, ["a", "b"]) == "admin"
    assert highest_role(roles, ["d"]) is None
    assert highest_role(parse_roles("*=viewer"), []) == "viewer"


def test_groups_are_found_by_name_and_by_path() -> None:
    claims = {"groups": ["a", 7, None], "realm_access": {"roles": ["b"]}, "https://x.example/groups": ["c"], "one": "d"}
    assert claimed_groups(claims, "groups") == ("a",)
    assert claimed_groups(claims, "realm_access.roles") == ("b",)
    assert claimed_groups(claims, "https://x.example/groups") == ("c",)
    assert claimed_groups(claims, "one") == ("d",)
    assert claimed_groups(claims, "one.more") == claimed_groups(claims, "none") == ()


@pytest.mark.parametrize("lacking", ["oidc_client_id", "oidc_roles", "public_url"])
def test_a_provider_needs_its_other_settings(lacking: str) -> None:
    with pytest.raises(Invalid, match=f"^ONRECALL_{lacking.upper()}: "):
        provider_settings(Settings(**{name: value for name, value in FULL.items() if name != lacking}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "http://login.example"},
        {"oidc_issuer": "login.example"},
        {"oidc_issuer": "https://x.example/?a"},
        {"oidc_scopes": "profile"},
        {"oidc_roles": "x=ingest"},
        {"session_hours": 0},
    ],
    ids=repr,
)
def test_what_would_not_be_safe_is_refused_at_once(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**{**FULL, **wrong})  # type: ignore[arg-type]


def test_the_settings_arrive() -> None:
    chosen = Settings(**FULL, oidc_client_secret="s", oidc_allowed_domains="@Corp.example, b.example", session_hours=5)  # type: ignore[arg-type]
    provider = provider_settings(chosen)
    assert provider is not None
    assert (provider.label, provider.client_secret, provider.allowed_domains) == (
        "login.example",
        "s",
        ("corp.example", "b.example"),
    )
    assert provider.redirect_uri == "https://recall.example/sign-in/callback"
    assert "'s'" not in repr(provider)
    assert session_limits(chosen).absolute.total_seconds() == 5 * 3600
    assert (
        provider_settings(
            Settings(oidc_issuer="http://localhost:9000", **{n: v for n, v in FULL.items() if n != "oidc_issuer"})
        )
        is not None
    )
    assert provider_settings(Settings()) is None
