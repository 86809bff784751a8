"""What others find OnRecall by: llms.txt, the MCP registry, an agent's skill, a catalog, a Slack app, monitoring."""

import json
import re
import textwrap
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
import yaml
from starlette.routing import compile_path
from starlette.testclient import TestClient

from onrecall import __version__
from onrecall.bootstrap.status import ComponentStatus, build_report
from onrecall.cli.command_table import COMMANDS, DeferredCommand
from onrecall.domain.access import Principal
from onrecall.http import create, guide
from onrecall.http.roles import ROUTES, match_route
from onrecall.mcp.server import create_server
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.settings import PREFIX, Settings
from onrecall.storage import Storage
from onrecall.worker.worker import Worker

ROOT = Path(__file__).parents[2]
SKILL = (ROOT / "skills/onrecall/SKILL.md").read_text(encoding="utf-8")
SERVER = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
VARIABLES = {PREFIX + name.upper() for name in Settings.model_fields}
METRICS = set(
    re.findall(r"^\| `(onrecall_\w+)", (ROOT / "docs/reference.md").read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.fixture(scope="module")
def memory():
    """An empty memory that nobody writes to."""
    with closing(Storage.open("sqlite://")) as store:
        yield IncidentService(
            Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: datetime.now(UTC))
        )


@pytest.fixture(scope="module")
def client(memory):
    """HTTP to it, by somebody elsewhere without a key."""
    status = lambda: build_report(memory, ComponentStatus(name="meaning", state="ok", detail=""))  # noqa: E731
    app = create(memory, Worker(memory), status)
    return TestClient(app, "http://recall.example.com", client=("192.0.2.7", 50000))


def test_llms_txt_lists_every_page_once_under_its_format():
    text = (ROOT / "llms.txt").read_text(encoding="utf-8")
    assert re.match(r"# OnRecall\n\n> .+\n\n", text)
    listed = re.findall(r"^- \[[^\]]+\]\(docs/([\w-]+\.md)\): .+$", text, re.MULTILINE)
    assert sorted(listed) == sorted(page.name for page in (ROOT / "docs").glob("*.md"))
    assert len(re.findall(r"^- ", text, re.MULTILINE)) == len(listed)


def test_the_product_serves_the_pages_that_it_lists(client):
    listed = client.get("/llms.txt")
    assert listed.headers["content-type"] == "text/plain; charset=utf-8"
    for path in re.findall(r"\]\((docs/[\w-]+\.md)\)", listed.text):
        page = client.get(f"/{path}")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/markdown; charset=utf-8")
        assert page.text == (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["/docs/nothing.md", "/docs/..%2fREADME.md", "/docs/%2e%2e/README.md", "/docs/adr.md"])
def test_nothing_else_is_served_as_a_page(client, path):
    assert client.get(path).status_code in (401, 404)
    assert all(name.replace("-", "").isalnum() for name in guide.pages())


def test_the_registry_entry_is_of_this_version_and_runs_a_command():
    (package,) = SERVER["packages"]
    assert SERVER["version"] == package["version"] == __version__
    assert re.fullmatch(r"[a-z0-9.-]+/[a-z0-9._-]+", SERVER["name"])
    assert f"mcp-name: {SERVER['name']}" in (ROOT / "README.md").read_text(encoding="utf-8"), (
        "PyPI shows who may publish"
    )
    assert 0 < len(SERVER["description"]) <= 100
    assert [argument["value"] for argument in package["packageArguments"]] == ["mcp"]
    assert {variable["name"] for variable in package["environmentVariables"]} <= VARIABLES


def test_the_skill_has_the_fields_of_its_format():
    _, front, body = SKILL.split("---\n", 2)
    fields = yaml.safe_load(front)
    assert fields["name"] == "onrecall"
    assert 0 < len(fields["description"]) <= 1024
    assert len(fields["compatibility"]) <= 500
    assert fields["metadata"]["version"] == __version__
    assert body.count("\n") < 500


def test_the_skill_names_commands_and_options_that_exist():
    blocks = "".join(re.findall(r"```sh\n(.*?)```", SKILL, re.DOTALL))
    calls = re.findall(r"^onrecall ([a-z]+)(.*)$", blocks, re.MULTILINE)
    calls += re.findall(r"`onrecall ([a-z]+)([^`]*)`", SKILL)
    assert len(calls) > 8
    for name, rest in calls:
        (entry,) = [entry for entry in COMMANDS if entry.name == name]
        offered = {option for parameter in DeferredCommand(entry).load().params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest.partition("#")[0])) <= offered, name


def test_the_skill_names_routes_that_exist():
    routes = re.findall(r"`(GET|POST) (/\S+)`", SKILL)
    assert len(routes) > 10
    for method, path in routes:
        concrete = re.sub(r"\{\w+\}", "x", path)
        assert match_route(method, concrete).least is not None, path
        assert any(compile_path(route.partition(" ")[2])[0].match(concrete) for route in ROUTES)


def tools_of(memory, role):
    return {tool.name for tool in anyio.run(create_server(memory, Principal(role)).list_tools)}


def test_the_skill_names_the_tools_of_mcp(memory):
    reading, writing = tools_of(memory, "viewer"), tools_of(memory, "responder")
    read_line, write_line = re.search(r"Tools that read: (.*)\nTools that write, .*?: (.*)\n", SKILL).groups()
    assert set(re.findall(r"`([a-z_]+)`", read_line)) - {"from_line"} == reading
    assert set(re.findall(r"`([a-z_]+)`", write_line)) == writing - reading


def test_the_slack_manifest_is_the_one_of_the_documentation():
    page = (ROOT / "docs/slack.md").read_text(encoding="utf-8")
    shown = textwrap.dedent(re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1])
    manifest = yaml.safe_load((ROOT / "deploy/slack/manifest.yaml").read_text(encoding="utf-8"))
    assert manifest == yaml.safe_load(shown)
    settings = manifest["settings"]
    urls = [
        manifest["features"]["slash_commands"][0]["url"],
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
    ]
    assert {ROUTES["POST " + url.removeprefix("https://recall.example.com")] for url in urls} == {"slack"}


def test_alerts_are_the_same_in_the_chart_and_name_metrics_that_exist():
    alerts = (ROOT / "deploy/observability/onrecall-alerts.yaml").read_text(encoding="utf-8")
    assert alerts == (ROOT / "deploy/helm/onrecall/files/alerts.yaml").read_text(encoding="utf-8")
    rules = yaml.safe_load(alerts)["groups"][0]["rules"]
    assert all(re.fullmatch(r"OnRecall[A-Z]\w+", rule["alert"]) for rule in rules)
    for rule in rules:
        assert metrics_in(rule["expr"]) <= METRICS, rule["alert"]
        assert {"summary", "description"} == rule["annotations"].keys()


def test_the_dashboard_names_metrics_that_exist():
    dashboard = json.loads((ROOT / "deploy/observability/grafana-dashboard.json").read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert set().union(*map(metrics_in, queries)) <= METRICS
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def metrics_in(query):
    """The metrics of OnRecall in a query, histograms by their own name."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bonrecall_[a-z_]+\b", query)}


def test_the_catalog_names_a_description_of_the_api_that_exists():
    component, api = yaml.safe_load_all((ROOT / "catalog-info.yaml").read_text(encoding="utf-8"))
    assert component["spec"]["providesApis"] == [api["metadata"]["name"]]
    assert (ROOT / api["spec"]["definition"]["$text"]).is_file()
