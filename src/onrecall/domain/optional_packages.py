"""How the optional parts are had: one sentence for whoever uses one without its packages."""

from typing import Literal

Extra = Literal["chroma", "docs-import", "hindsight", "kafka", "llm", "opensearch", "otel"]
"""The optional extras, as `pyproject.toml` and the Makefile name them."""


def missing_extra(needed_by: str, extra: Extra) -> str:
    """Return a sentence: what needs an optional part, and the command that brings it into the clone."""
    return (
        f"{needed_by} needs the optional part `{extra}`, which is not installed: "
        f"run `make demo EXTRAS={extra}`, or `make extras EXTRAS={extra}` without the demo"
    )
