"""Flags and their values in a command's arguments."""

import re
from itertools import pairwise


def flag(args: list[str], *names: str) -> bool:
    """Whether one of the flags is there, alone, with a value, or in a cluster such as `-xf`."""
    for arg in args:
        for name in names:
            short = len(name) == 2 and re.fullmatch(r"-[A-Za-z]{2,6}", arg)
            if arg == name or arg.startswith(name + "=") or (short and name[1] in arg):
                return True
    return False


def value(args: list[str], *names: str) -> str | None:
    """The value of the first of these flags that is there."""
    for name in names:
        for found in values(args, name):
            return found
    return None


def values(args: list[str], name: str) -> list[str]:
    """All values of a flag, written as `--flag value`, `--flag=value` or `-fvalue`."""
    found = [following for arg, following in pairwise(args) if arg == name]
    for arg in args:
        if arg.startswith(name + "="):
            found.append(arg[len(name) + 1 :])
        elif len(name) == 2 and len(arg) > 2 and arg.startswith(name):
            found.append(arg[2:])
    return found
