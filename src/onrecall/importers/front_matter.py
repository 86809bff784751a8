"""Parse YAML front matter with plain strings only, so that no value is converted implicitly."""

from typing import Any

import yaml

LARGEST = 64 * 2**10


class Loader(yaml.BaseLoader):
    """Loads strings, lists and mappings only, and refuses aliases, which can expand without bound."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not supported")
        return super().compose_node(parent, index)


def split_front_matter(text: str) -> tuple[str | None, str]:
    """Return the front matter block, or None, and the text below it; one blank line between them is dropped."""
    if not text.startswith("---\n"):
        return None, text
    end = text.find("\n---\n", 3)
    if end < 0 and text.endswith("\n---"):
        end = len(text) - 4
    if end < 0:
        return None, text
    return text[4 : end + 1], text[end + 5 :].removeprefix("\n")


def parse_front_matter(block: str) -> dict[str, Any]:
    """Parse a front matter block; raise ValueError if it is invalid."""
    if len(block) > LARGEST:
        raise ValueError(f"the front matter is longer than {LARGEST // 2**10} kB")
    try:
        parsed = yaml.load(block, Loader)  # noqa: S506 - makes only texts
    except yaml.YAMLError as problem:
        raise ValueError(f"the front matter is not YAML: {' '.join(str(problem).split())}") from None
    except RecursionError:
        raise ValueError("the front matter is nested too deep") from None
    if parsed in (None, ""):
        return {}
    if not isinstance(parsed, dict):
        raise ValueError("the front matter must be `name: value` lines")  # noqa: TRY004 - its content, not its type
    return {str(key): value for key, value in parsed.items()}
