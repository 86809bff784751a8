"""The image, compose file and units name only files, commands, settings and routes that are there."""

import configparser
import importlib.util
import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from onrecall.cli.command_table import COMMANDS
from onrecall.domain.access import parse_key_id
from onrecall.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMMAND_NAMES = {entry.name for entry in COMMANDS}
VARIABLES = {PREFIX + name.upper() for name in Settings.model_fields}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def load_script(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where dataclasses look their module up
    spec.loader.exec_module(module)
    return module


runner = load_script(DEPLOY / "run_dockerfile.py")
INSTRUCTIONS = runner.parse((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))


def values(name):
    return [instruction.value for instruction in INSTRUCTIONS if instruction.name == name]


def test_every_file_that_the_image_copies_is_there():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not tracked:
        pytest.skip("this is no clone")
    files = runner.context_files(ROOT)
    for instruction in INSTRUCTIONS:
        if instruction.name == "COPY" and "from" not in instruction.options:
            assert runner.copied(instruction.value.split()[:-1], files)
    assert not any(path.startswith(("tests/", "docs/adr/", "docs/console/", ".git", "web/e2e/")) for path in files)


def test_a_pattern_of_dockerignore_holds_for_what_is_below_it():
    patterns = ["*", "!src", "src/built", "**/__pycache__", "!docs/*.md"]
    ignored = {"README.md", "src/built/a.js", "src/a/__pycache__/b.pyc", "docs/adr/a.md", "docs/a.svg"}
    assert {
        path for path in (*ignored, "src/a.py", "src/a/b.py", "docs/a.md") if runner.is_ignored(path, patterns)
    } == ignored


def test_the_image_runs_the_product_as_a_numbered_user():
    user, group = values("USER")[-1].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert json.loads(values("ENTRYPOINT")[-1]) == ["onrecall"]
    assert json.loads(values("CMD")[-1])[0] in COMMAND_NAMES
    entry, check = json.loads(values("HEALTHCHECK")[-1].partition("CMD")[2])
    assert (entry, check in COMMAND_NAMES) == ("onrecall", True)
    assert values("EXPOSE") == [str(Settings.model_fields["port"].default)]
    environment = runner.assignments(values("ENV")[-1])
    assert environment["ONRECALL_DATA_DIR"] == values("VOLUME")[-1]
    assert {name for name in environment if name.startswith(PREFIX)} <= VARIABLES


def test_every_base_image_has_a_version():
    for value in values("FROM"):
        image = value.split()[0]
        assert re.fullmatch(r"[a-z]+:\d[\w.-]*", image), image


def test_services_of_compose_run_commands_with_settings_that_exist():
    own = [service for service in COMPOSE["services"].values() if service["image"].startswith("onrecall:")]
    assert [service["command"][0] for service in own] == ["serve", "worker", "kafka"]
    for service in own:
        assert service["command"][0] in COMMAND_NAMES
        assert {name.removesuffix("_FILE") for name in service["environment"]} <= VARIABLES
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        for name, value in service["environment"].items():
            if name.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]


def test_compose_declares_what_its_services_use():
    for name, service in COMPOSE["services"].items():
        assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys(), name
        assert {volume.partition(":")[0] for volume in service.get("volumes", ())} <= COMPOSE["volumes"].keys(), name
        assert set(service.get("depends_on", ())) <= COMPOSE["services"].keys(), name


def test_secrets_of_compose_are_made_once(tmp_path):
    script = tmp_path / "make-secrets.sh"
    script.write_bytes((DEPLOY / "make-secrets.sh").read_bytes())
    for _ in range(2):
        subprocess.run(["sh", script], check=True, capture_output=True)
        made = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
        assert made.keys() == {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert parse_key_id(made["admin-key"])
    assert made["database-url"] == f"postgresql://onrecall:{made['postgres-password']}@postgres/onrecall"
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert os.access(DEPLOY / "make-secrets.sh", os.X_OK)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/deploy/secrets/" in ignored


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("systemd/*.service")), ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_with_settings_that_exist(unit):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(unit)
    command = shlex.split(parser["Service"]["ExecStart"])
    assert command[0].endswith("/bin/onrecall")
    assert command[1] in COMMAND_NAMES
    variables = re.findall(r"\b(ONRECALL_[A-Z_]+)=", unit.read_text(encoding="utf-8").replace("ONRECALL_NAME=", ""))
    assert {name.removesuffix("_FILE") for name in variables} <= VARIABLES


def test_proxies_lead_to_the_port_of_the_product():
    address = f"127.0.0.1:{Settings.model_fields['port'].default}"
    for name in ("nginx.conf", "Caddyfile"):
        assert address in (DEPLOY / "proxy" / name).read_text(encoding="utf-8")
