"""Lists in one variable, separated by commas."""


def split_list(value: str | None) -> tuple[str, ...]:
    """Return the parts of a list without surrounding blanks, and without empty parts."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if value else ()
