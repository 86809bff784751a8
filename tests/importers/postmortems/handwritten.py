"""Postmortems and runbooks written by hand, each in a manner of its own, with what a person reads out of them.

A field that is not named is not counted, for a reader could argue. Nothing and an empty list mean that the text does
not say it. The texts in `held_back.yaml` were written together with the others and looked at only when the rules stood.
"""

from pathlib import Path

import yaml

from importers.postmortems.generator import Labelled


def texts(name: str) -> list[Labelled]:
    """The texts of a file, with their labels."""
    entries = yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))
    return [Labelled("by hand", entry["name"], entry["text"], tuple(entry["expected"])) for entry in entries]
