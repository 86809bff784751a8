"""A count in a sentence, with its noun in the right number."""


def count_noun(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun, or with what agrees with it: `1 alert`, `1,204 alerts`, `2 families`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
