"""YAML front matter: read as plain texts only, so that nothing in it can surprise."""

from typing import Any

import yaml

LARGEST = 64 * 2**10


class Loader(yaml.BaseLoader):
    """Makes texts, lists and objects, and refuses aliases: they can make a small file endless."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not read")
        return super().compose_node(parent, index)


def split(text: str) -> tuple[str | None, str]:
    """The front matter and the text below it; one blank line between them belongs to neither."""
    if not text.startswith("---\n"):
        return None, text
    end = text.find("\n---\n", 3)
    if end < 0 and text.endswith("\n---"):
        end = len(text) - 4
    if end < 0:
        return None, text
    return text[4 : end + 1], text[end + 5 :].removeprefix("\n")


def read(block: str) -> dict[str, Any]:
    """The values of a front matter; ValueError says what is wrong with it."""
    if len(block) > LARGEST:
        raise ValueError(f"the front matter is longer than {LARGEST // 2**10} kB")
    try:
        found = yaml.load(block, Loader)  # noqa: S506 - makes only texts
    except yaml.YAMLError as problem:
        raise ValueError(f"the front matter is not YAML: {' '.join(str(problem).split())}") from None
    except RecursionError:
        raise ValueError("the front matter is nested too deep") from None
    if found in (None, ""):
        return {}
    if not isinstance(found, dict):
        raise ValueError("the front matter must be `name: value` lines")  # noqa: TRY004 - its content, not its type
    return {str(key): value for key, value in found.items()}
