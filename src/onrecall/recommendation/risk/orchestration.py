"""Programs that steer clusters and clouds. Tables say most about them; the rest hangs on values."""

import re
from collections.abc import Callable

from onrecall.recommendation.risk import command_wrappers as wrappers
from onrecall.recommendation.risk.argv import flag, value
from onrecall.recommendation.risk.assessment import (
    Assessment,
    Inner,
    Verdicts,
    disruptive,
    read_only,
    reversible,
    worst,
)
from onrecall.recommendation.risk.command_table import look_up, split_args
from onrecall.recommendation.risk.shell_parser import Command

Handler = Callable[[list[str], Command], Verdicts | None]

_SIZES = (
    "--desired-capacity",
    "--desired-count",
    "--num-nodes",
    "--node-count",
    "--instance-count",
    "--size",
    "--desired-size",
    "--new-capacity",
)
_SCALES = re.compile(r"capacity|update-service|resize|scale|nodegroup")
_INLINE = re.compile(r"commands\"?\s*[=:]\s*\[?\s*[\"']?(.+?)[\"']?\s*\]?\}?$")


def replicas(number: str | None) -> Assessment:
    """Scaling up is reversible; to none or one, or to a number that is not seen, it may take capacity away."""
    if number is not None and number.isdigit() and int(number) >= 2:
        return reversible(f"scales to {number}")
    return disruptive("scales down, or to a number that is not seen here")


def _kubectl(args: list[str], _: Command) -> Verdicts | None:
    words, _flags = split_args("kubectl", args)
    verb = words[0] if words else ""
    if verb in ("exec", "rsh"):
        return wrappers.in_container(args[args.index(verb) + 1 :], words_before=1)
    if verb in ("debug", "run"):
        return *_table("kubectl", args), *wrappers.in_container(args[args.index(verb) + 1 :], words_before=1)
    if flag(args, "--dry-run") and not flag(args, "--dry-run=none"):
        return (read_only("dry run"),)
    special = _by_value(verb, words, args)
    return (special,) if special else _table("kubectl", args) or None


def _by_value(verb: str, words: list[str], args: list[str]) -> Assessment | None:
    """What hangs on a value: to how many it scales, what it taints with, where it copies to, what it deletes."""
    if verb == "scale":
        return _scaling(value(args, "--current-replicas"), value(args, "--replicas"))
    if verb == "taint" and any("NoExecute" in w and not w.endswith("-") for w in words):
        return disruptive("NoExecute evicts the pods of the node")
    if verb == "cp" and ":" in words[-1]:
        return disruptive("overwrites files in the container")
    kinds = [w for word in words[1:] for w in (word.split(",") if len(words) < 3 or "," in words[1] else [word])]
    if verb == "delete" and len(kinds) > 1 and ("," in words[1] or "/" in words[1]):
        found = [look_up("kubectl", ["delete", kind]) for kind in (kinds if "/" in words[1] else words[1].split(","))]
        return worst(one for one in found if one)
    return None


def _scaling(now: str | None, then: str | None) -> Assessment:
    if now and then and now.isdigit() and then.isdigit():
        return reversible(f"scales up to {then}") if int(then) >= int(now) else disruptive(f"scales down to {then}")
    return replicas(then)


def _docker(args: list[str], _: Command) -> Verdicts | None:
    words, _flags = split_args("docker", args)
    verb = next((w for w in words if w not in ("compose", "container")), "")
    after = args[args.index(verb) + 1 :] if verb in args else []
    if verb == "exec":
        return wrappers.in_container(after, words_before=1)
    if verb == "run":
        return reversible("starts a container"), *wrappers.in_container(after, words_before=1)
    if words[:2] == ["service", "scale"]:
        return tuple(replicas(w.partition("=")[2]) for w in words[2:]) or (replicas(None),)
    scaled = value(args, "--scale")
    if scaled and "compose" in words:
        return (replicas(scaled.partition("=")[2]),)
    return _table("docker", args) or None


def _cloud(program: str) -> Handler:
    def handler(args: list[str], _: Command) -> Verdicts | None:
        inner = _remote(args)
        if inner:
            return (inner,)
        found = look_up(program, args)
        number = value(args, *_SIZES)
        scaling = number is not None and any(_SCALES.search(a) for a in args)
        restarts = flag(args, "--force-new-deployment", "--task-definition")
        if found and scaling and not restarts and found.risk in ("reversible", "disruptive"):
            return (replicas(number),)
        return (found,) if found else None

    return handler


def _remote(args: list[str]) -> Inner | None:
    """The command that is run on another machine by way of the cloud's API."""
    command = value(args, "--command")
    if command and any(a in ("ssh", "execute-command", "run-command") for a in args):
        return Inner(text=command)
    inline = _INLINE.search(value(args, "--parameters") or "") if "send-command" in args else None
    return Inner(text=inline[1]) if inline else None


def _table(program: str, args: list[str]) -> tuple[Assessment, ...]:
    found = look_up(program, args)
    return (found,) if found else ()


HANDLERS: dict[str, Handler] = {
    "kubectl": _kubectl,
    "docker": _docker,
    "aws": _cloud("aws"),
    "gcloud": _cloud("gcloud"),
    "az": _cloud("az"),
}
