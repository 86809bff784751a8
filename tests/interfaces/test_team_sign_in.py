"""One sign-in at the identity provider opens the teams that a person's groups name, and no others."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest
from guarded import Doors
from provider_twin import CLIENT_ID, CLIENT_SECRET, ProviderTwin, callback, running
from starlette.testclient import TestClient

from onrecall.bootstrap.access import Access
from onrecall.bootstrap.identity import provider_settings
from onrecall.http.teams import TeamDispatcher
from onrecall.identity.provider import ProviderSettings
from onrecall.identity.roles import parse_team_roles
from onrecall.settings import Settings
from onrecall.storage import Storage

PUBLIC = "https://recall.example"
TEAM, CSRF = "__Host-onrecall-team", "__Host-onrecall-csrf"
GROUPS = "sre=payments:admin,dev=payments:responder,dev=search:viewer"


@dataclass
class Browser:
    client: TestClient
    twin: ProviderTwin
    doors: dict[str, Doors]

    def sign_in(self, *groups: str) -> str:
        """Sign in as a member of groups; returns where the browser is sent."""
        self.twin.user["groups"] = list(groups)
        url = self.client.post("/api/v1/sign-in/provider", json={"return_to": "/memory"}).json()["url"]
        return str(self.client.get(callback(self.twin.consent(url)), follow_redirects=False).headers["location"])

    def switch(self, team: str | None) -> int:
        headers = {"x-csrf-token": str(self.client.cookies[CSRF])}
        return self.client.put("/api/v1/session/team", json={"team": team}, headers=headers).status_code

    def teams(self) -> dict[str | None, str]:
        items = self.client.get("/api/v1/session/teams").json()["items"]
        return {item["team"]: item["role"] for item in items}


@pytest.fixture
def browser() -> Iterator[Browser]:
    with running() as twin, ExitStack() as stack:
        provider = ProviderSettings(
            twin.url, CLIENT_ID, CLIENT_SECRET, "Corp", "openid email groups", "groups",
            {"ops": "admin"}, (), PUBLIC, parse_team_roles(GROUPS),
        )  # fmt: skip
        doors = {}
        for name in (None, "payments", "search"):
            store = Storage.open("sqlite://")
            stack.callback(store.close)
            own = provider if name is None else replace(provider, roles={}, team_roles={})
            doors[name or "default"] = Doors(store, Access(oidc=own, public_url=PUBLIC, team=name))
        app = TeamDispatcher(doors["default"].app, {name: doors[name].app for name in ("payments", "search")})
        client = TestClient(app, PUBLIC, client=("192.0.2.9", 50000), headers={"origin": PUBLIC})
        yield Browser(stack.enter_context(client), twin, doors)


def test_a_person_in_two_teams_switches_between_them_and_has_a_role_in_each(browser: Browser) -> None:
    assert browser.sign_in("dev") == "/memory"
    assert browser.teams() == {"payments": "responder", "search": "viewer"}
    assert browser.client.get("/api/v1/me").json()["team"] == "payments"
    assert browser.switch("search") == 200
    me = browser.client.get("/api/v1/me").json()
    assert (me["team"], me["role"], me["name"]) == ("search", "viewer", "ann@corp.example")
    assert browser.switch("search") == 200
    assert browser.sign_in("dev") == "/memory"
    assert browser.client.get("/api/v1/me").json()["team"] == "search", "the team used last"


@pytest.mark.parametrize("wanted", [None, "search", "nobody"])
def test_nobody_switches_to_a_team_that_no_group_gives(browser: Browser, wanted: str | None) -> None:
    browser.sign_in("sre")
    assert browser.teams() == {"payments": "admin"}
    assert browser.switch(wanted) == 404
    cookies = dict(browser.client.cookies) | {TEAM: str(wanted)}
    planted = "; ".join(f"{name}={value}" for name, value in cookies.items())
    browser.client.cookies.clear()
    assert browser.client.get("/api/v1/incidents", headers={"cookie": planted}).status_code == 401


def test_signing_out_ends_the_session_in_every_team(browser: Browser) -> None:
    browser.sign_in("dev")
    cookies = dict(browser.client.cookies)
    browser.client.delete("/api/v1/session", headers={"x-csrf-token": cookies[CSRF]})
    for team in ("payments", "search"):
        kept = "; ".join(f"{name}={value}" for name, value in (cookies | {TEAM: team}).items())
        assert browser.client.get("/api/v1/me", headers={"cookie": kept}).status_code == 401


def test_ending_a_lost_session_by_its_id_ends_it_in_every_team(browser: Browser) -> None:
    browser.sign_in("dev")
    cookies = dict(browser.client.cookies)
    (mine,) = browser.client.get("/api/v1/sessions").json()["items"]
    headers = {"x-csrf-token": cookies[CSRF]}
    assert browser.client.delete(f"/api/v1/sessions/{mine['id']}", headers=headers).status_code == 200
    for team in ("payments", "search"):
        kept = "; ".join(f"{name}={value}" for name, value in (cookies | {TEAM: team}).items())
        browser.client.cookies.clear()
        assert browser.client.get("/api/v1/me", headers={"cookie": kept}).status_code == 401


def test_who_leaves_a_group_is_out_of_its_team_at_the_next_sign_in_on_every_device(browser: Browser) -> None:
    browser.sign_in("dev")
    elsewhere = "; ".join(
        f"{name}={value}" for name, value in (dict(browser.client.cookies) | {TEAM: "search"}).items()
    )
    browser.client.cookies.clear()
    assert browser.client.get("/api/v1/me", headers={"cookie": elsewhere}).json()["team"] == "search"
    browser.sign_in("sre")
    assert browser.teams() == {"payments": "admin"}
    browser.client.cookies.clear()
    assert browser.client.get("/api/v1/me", headers={"cookie": elsewhere}).status_code == 401


def test_a_person_of_no_team_is_refused_and_one_of_the_installation_sees_only_that(browser: Browser) -> None:
    assert "problem=role" in browser.sign_in("marketing")
    browser.sign_in("ops")
    assert browser.teams() == {None: "admin"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sre=payments", "no team with a role"),
        ("sre=payments:owner", "no team with a role"),
        ("sre=Pay-ments:admin", "no team with a role"),
        ("sre=payments:admin,sre=payments:viewer", "appears twice for payments"),
        ('{"sre": "payments:admin"}', "list of teams"),
        ("sre", "no group with its role"),
    ],
)
def test_a_mistake_in_the_setting_is_named(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_team_roles(text)


def test_a_process_of_one_team_lets_in_that_teams_groups_alone() -> None:
    shared = {"oidc_issuer": "https://id.example", "oidc_client_id": "x", "public_url": PUBLIC}
    chosen = Settings(**shared, oidc_roles="ops=admin", oidc_teams=GROUPS, team="search")
    configured = provider_settings(chosen)
    assert configured is not None
    assert (configured.roles, configured.team_roles) == ({"dev": "viewer"}, {})
    both = provider_settings(chosen.model_copy(update={"team": None}))
    assert both is not None
    assert (both.roles, set(both.team_roles)) == ({"ops": "admin"}, {"payments", "search"})
