"""A folder with a sentence model: what file it runs from, and how its authors say it is to be used.

`onrecall-model.json` in the folder says what the authors' own files do not; every key of it is optional.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from onrecall.domain.errors import Invalid

MANIFEST = "onrecall-model.json"
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
DEFAULT_CUT = 512
"""Tokens kept of a text where nothing says how many the model saw when it learned."""
Pooling = Literal["mean", "first"]
POOLINGS: tuple[Pooling, ...] = ("mean", "first")


@dataclass(frozen=True, slots=True)
class ModelForm:
    """What is put before a text, and how the model's cosines compare with those that scores are made for."""

    question_prefix: str = ""
    passage_prefix: str = ""
    cosine_floor: float = 0.0
    cosine_gain: float = 1.0
    """A cosine counts as (cosine − floor) × gain: some models give unrelated texts a cosine of .5 and more."""

    @property
    def is_plain(self) -> bool:
        """Whether cosines count as they are."""
        return (self.cosine_floor, self.cosine_gain) == (0.0, 1.0)


PLAIN_FORM = ModelForm()


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A sentence model on disk."""

    folder: Path
    file: Path
    """Its weights (safetensors) or its graph (ONNX)."""
    tokenizer: Path
    name: str
    pooling: Pooling | None
    """None: the file itself gives one vector a text, or its own folder says how to pool."""
    cut: int | None
    form: ModelForm
    manifest: Mapping[str, Any]

    @property
    def is_onnx(self) -> bool:
        """Whether it is a ready graph."""
        return self.file.suffix == ".onnx"


def read_model_folder(folder: Path) -> ModelFolder:
    """Describe the model in a folder, or beside an ONNX file.

    Raises:
        Invalid: there is no model, more than one, no tokenizer, or a file that says how to use it is wrong.
    """
    chosen, folder = (folder, folder.parent) if folder.suffix == ".onnx" else (None, folder)
    manifest = _read_object(folder / MANIFEST)
    file = chosen or _model_file(folder, manifest)
    if not file.is_file():
        raise unsuitable(f"{folder} holds no {WEIGHTS_FILE} and no ONNX file")
    is_onnx = file.suffix == ".onnx"
    return ModelFolder(
        folder=folder,
        file=file,
        tokenizer=_tokenizer_file(folder, file),
        name=_text(folder, manifest, "name") or (file.stem if chosen else folder.resolve().name),
        pooling=_pooling(folder, manifest) if is_onnx or "pooling" in manifest else None,
        cut=_cut(folder, manifest) if is_onnx or "max_tokens" in manifest else None,
        form=_form(folder, manifest),
        manifest=manifest,
    )


def unsuitable(why: str) -> Invalid:
    """Return the refusal of a folder."""
    return Invalid(
        f"{why}; give the folder of a BERT sentence encoder, as the model hubs lay it out, or an ONNX file beside its "
        "tokenizer",
        "model folder",
    )


def _model_file(folder: Path, manifest: Mapping[str, Any]) -> Path:
    named = _text(folder, manifest, "file")
    if named is not None:
        return folder / Path(named).name
    weights, graphs = folder / WEIGHTS_FILE, [*sorted(folder.glob("*.onnx")), *sorted(folder.glob("onnx/model.onnx"))]
    if weights.is_file() or not graphs:
        return weights
    if len(graphs) > 1 and graphs[0].name != "model.onnx":
        names = ", ".join(graph.name for graph in graphs)
        raise unsuitable(f"{folder} holds several ONNX files ({names}); name one of them")
    return graphs[0]


def _tokenizer_file(folder: Path, file: Path) -> Path:
    candidates = [folder / TOKENIZER_FILE, folder / f"{file.stem}-tokenizer.json", file.parent / TOKENIZER_FILE]
    tokenizer = next((path for path in candidates if path.is_file()), None)
    if tokenizer is None:
        raise unsuitable(f"{folder} holds no {TOKENIZER_FILE}")
    return tokenizer


def _pooling(folder: Path, manifest: Mapping[str, Any]) -> Pooling:
    named = manifest.get("pooling")
    if named is not None:
        if named not in POOLINGS:
            raise unsuitable(f"{folder / MANIFEST}: pooling is one of {', '.join(POOLINGS)}, not {named!r}")
        return "mean" if named == "mean" else "first"
    return "first" if _read_object(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token") else "mean"


def _cut(folder: Path, manifest: Mapping[str, Any]) -> int:
    cut = manifest.get("max_tokens", _read_object(folder / "sentence_bert_config.json").get("max_seq_length"))
    limit = _read_object(folder / "config.json").get("max_position_embeddings", DEFAULT_CUT)
    cut = cut if cut is not None else limit
    if not isinstance(cut, int) or isinstance(cut, bool) or cut < 8:
        raise unsuitable(f"{folder}: max_tokens must be a whole number from 8 on, not {cut!r}")
    return cut


def _form(folder: Path, manifest: Mapping[str, Any]) -> ModelForm:
    prompts = _read_object(folder / "config_sentence_transformers.json").get("prompts") or {}
    question, passage = prompts.get("query", ""), prompts.get("document", prompts.get("passage", ""))
    floor, gain = _number(folder, manifest, "cosine_floor", 0.0), _number(folder, manifest, "cosine_gain", 1.0)
    if not (-1 <= floor < 1 and 0 < gain <= 20):
        raise unsuitable(f"{folder / MANIFEST}: cosine_floor is from -1 to 1 and cosine_gain above 0, at most 20")
    return ModelForm(
        question_prefix=_text(folder, manifest, "question_prefix", question) or "",
        passage_prefix=_text(folder, manifest, "passage_prefix", passage) or "",
        cosine_floor=floor,
        cosine_gain=gain,
    )


def _text(folder: Path, manifest: Mapping[str, Any], key: str, default: str | None = None) -> str | None:
    value = manifest.get(key, default)
    if value is not None and not isinstance(value, str):
        raise unsuitable(f"{folder / MANIFEST}: {key} must be a text, not {value!r}")
    return value


def _number(folder: Path, manifest: Mapping[str, Any], key: str, default: float) -> float:
    value = manifest.get(key, default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise unsuitable(f"{folder / MANIFEST}: {key} must be a number, not {value!r}")
    return float(value)


def _read_object(path: Path) -> Mapping[str, Any]:
    """Return the JSON object in a file; an absent file says nothing."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise unsuitable(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise unsuitable(f"{path} holds no JSON object")
    return value
