"""The workflows: nothing unpinned, no more rights than needed, and only targets of make that exist."""

import re
from pathlib import Path

import pytest
import yaml

from onrecall import __version__

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
LOADED = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in WORKFLOWS}
WRITES = {
    ("release", "build"): {"id-token", "attestations"},
    ("release", "pypi"): {"id-token"},
    ("release", "image"): {"packages", "id-token", "attestations"},
    ("release", "chart"): {"packages"},
    ("release", "release"): {"contents"},
    ("docs", "publish"): {"pages", "id-token"},
}


def jobs():
    return [(name, job, steps) for name, workflow in LOADED.items() for job, steps in workflow["jobs"].items()]


def test_actions_are_pinned_to_a_major_version():
    uses = [step["uses"] for _, _, job in jobs() for step in job["steps"] if "uses" in step]
    assert len(uses) > 20
    for action in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", action), action


def test_jobs_write_only_what_they_publish():
    for name, workflow in LOADED.items():
        assert workflow["permissions"] == {"contents": "read"}, name
    for name, job, content in jobs():
        writes = {scope for scope, right in content.get("permissions", {}).items() if right == "write"}
        assert writes == WRITES.get((name, job), set()), f"{name}: {job}"


def test_a_checkout_keeps_no_credentials():
    for _, _, job in jobs():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_targets_of_make_and_files_exist(workflow):
    text = workflow.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", text)) <= targets
    for path in re.findall(r"\b(?:deploy/[\w./-]+|\.ci/run)", text):
        assert (ROOT / path).exists(), path


def test_an_event_from_a_fork_reaches_no_secret():
    for name, workflow in LOADED.items():
        events = workflow[True]  # YAML 1.1 reads the word `on` so
        assert "pull_request_target" not in events, name
    assert not any("{{ secrets." in path.read_text(encoding="utf-8") for path in WORKFLOWS)


def test_what_is_published_comes_from_a_tag():
    for job in ("pypi", "image"):
        assert LOADED["release"]["jobs"][job]["if"] == "github.ref_type == 'tag'"
    assert LOADED["release"]["jobs"]["chart"]["needs"] == "image"


def test_dependabot_watches_folders_that_exist():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))["updates"]
    assert all((ROOT / update["directory"].lstrip("/")).is_dir() for update in updates)


def test_the_changelog_has_a_part_for_the_version_that_a_release_takes():
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert version == __version__
    for file in ("deploy/compose.yaml", "deploy/Dockerfile", "docs/deploy.md"):
        tags = re.findall(r"\bonrecall:(\d[\w.-]*)", (ROOT / file).read_text(encoding="utf-8"))
        assert set(tags) == {version}, file
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(version)} – \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert changelog.index("## Unreleased") < changelog.index(f"## {version}")
