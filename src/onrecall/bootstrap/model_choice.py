"""Which sentence model of the data folder is in use."""

from pathlib import Path

from onrecall.domain.errors import Unavailable
from onrecall.settings import Settings


def library_folder(data_dir: Path) -> Path:
    """Return the folder of the installed models."""
    return data_dir / "models"


def current_name(data_dir: Path) -> str | None:
    """Return the name of the installed model in use; None: the shipped one."""
    try:
        return (library_folder(data_dir) / "current").read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{library_folder(data_dir) / 'current'} can't be read: {error.strerror}") from error


def write_current(data_dir: Path, name: str | None) -> None:
    """Use an installed model from the next start on; None: the shipped one."""
    file = library_folder(data_dir) / "current"
    try:
        if name is None:
            file.unlink(missing_ok=True)
            return
        temporary = file.with_suffix(".new")
        temporary.write_text(f"{name}\n", encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        raise Unavailable(f"{file} can't be written: {error.strerror}") from error


def model_folder(chosen: Settings) -> Path | None:
    """Return the folder of the model to use: of the settings, else the installed one in use; None: the shipped one."""
    if chosen.model_dir is not None:
        return chosen.model_dir
    name = current_name(chosen.data_dir)
    return library_folder(chosen.data_dir) / name if name else None
