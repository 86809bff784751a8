"""Command lines of clouds: groups of words, then a verb. `cloud_verbs.txt` says how dangerous each verb is."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from onrecall.domain.recommendation import Risk
from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    RISKS,
    Assessment,
    destructive,
    disruptive,
    from_table,
    not_understood,
    rank,
    read_only,
)
from onrecall.recommendation.risk.programs.file_targets import judge_overwrite
from onrecall.recommendation.risk.programs.situation import InvocationContext
from onrecall.recommendation.risk.programs.value_kinds import judge_value
from onrecall.recommendation.risk.sections import words

_SIZES = (
    "--num-nodes",
    "--node-count",
    "--instance-count",
    "--new-capacity",
    "--size",
    "--desired-capacity",
    "--capacity",
)
_REMOVES_UNLISTED = re.compile(r"--mode[ =]complete\b|--(?:action-on-unmanage|aou)[ =]delete", re.IGNORECASE)
"""Deployments that take away the resources of the group which the template does not have."""
_GROUP = re.compile(r"[a-z][a-z0-9-]*")


def check_gcloud(situation: InvocationContext) -> Iterator[Assessment]:
    """`gcloud GROUP… VERB NAME… --flags`: the first word that is a verb counts."""
    leading = _leading_words(situation.invocation.arguments)
    if leading[:1] in (["alpha"], ["beta"], ["preview"]):
        leading = leading[1:]
    yield from _judge_by_verb(situation, leading)


def check_cloud_verb(situation: InvocationContext) -> Iterator[Assessment]:
    """Other clouds: groups of words, then a verb."""
    yield from _judge_by_verb(situation, _leading_words(situation.invocation.arguments))


def check_az(situation: InvocationContext) -> Iterator[Assessment]:
    """`az GROUP… VERB --flags`: the verb is the last word before the options; a worse one before it counts too."""
    leading = _leading_words(situation.invocation.arguments)
    risks = [risk for word in leading[-1:] + leading[1:] if (risk := _verb_risk(word)) is not None]
    if not leading:
        yield read_only("prints its help")
    elif leading[-2:] in (["run-command", "invoke"], ["command", "invoke"]):
        yield disruptive("runs a script on another machine")
        yield _judge_remote_command(situation, "--scripts", "--command", "-c")
    elif _verb_risk(leading[-1]) is None or leading[0] == "rest":
        yield not_understood(f"`az {' '.join(leading)[:40]}`")
    else:
        yield _judge_scaling(situation, max(risks, key=rank), f"az {' '.join(leading)}")
        yield from _judge_secret(leading[-1])
        yield from _judge_reach(situation, leading, len(leading) - 1)
        yield from _judge_option_names(situation, leading[-1])
        if leading[-1] != "what-if" and _REMOVES_UNLISTED.search(" ".join(situation.invocation.arguments)):
            yield destructive("removes what the template does not list")


def _judge_by_verb(situation: InvocationContext, leading: Sequence[str]) -> Iterator[Assessment]:
    program = situation.invocation.node.names[0]
    if not situation.invocation.arguments:
        yield read_only("prints its help")
        return
    verbs = [
        n
        for n, word in enumerate(leading)
        if (n or word in words("programs/kinds.txt", "cloud first verbs")) and _verb_risk(word) is not None
    ]
    place = verbs[0] if verbs else -1
    if place < 0 and leading and leading[-1] in _verbs("nouns") and all(_GROUP.fullmatch(word) for word in leading):
        yield read_only(f"`{program} {' '.join(leading)}` lists")
    elif place < 0 or not all(_GROUP.fullmatch(word) for word in leading[:place]):
        yield not_understood(f"`{program} {' '.join(situation.invocation.arguments)[:40]}`")
    elif leading[place] == "ssh":
        yield _judge_remote_command(situation, "--command")
    elif leading[place] in ("cp", "rsync", "mv", "sync") and len(leading) > place + 2:
        yield judge_overwrite(leading[-1])
    else:
        if _verb_risk(leading[place]) == "read_only" and place + 1 in verbs:
            place += 1  # such as `versions destroy`: the first is a group that has the name of a verb
        yield from _judge_verb_at(situation, leading, place)


def _judge_verb_at(situation: InvocationContext, leading: Sequence[str], place: int) -> Iterator[Assessment]:
    """What a verb does, with the options of its command."""
    command = " ".join([situation.invocation.node.names[0], *leading[: place + 1]])
    yield _judge_scaling(situation, _verb_risk(leading[place]) or "disruptive", command)
    yield from _judge_secret(leading[place])
    yield from _judge_reach(situation, leading, place)
    yield from _judge_option_names(situation, leading[place])


def _judge_option_names(situation: InvocationContext, verb: str) -> Iterator[Assessment]:
    """Options that take away something, or that say how long data are kept."""
    if _verb_risk(verb) not in ("reversible", "disruptive"):
        return
    options = [argument for argument in situation.invocation.arguments if argument.startswith("--")]
    names = [option.partition("=")[0] for option in options]
    if evidence.find_loss_sign(" ".join(["update", *names])) is not None:
        yield evidence.suspect(" ".join(names), "", recognised=True)
    groups = [word for argument in situation.invocation.arguments[:3] for word in argument.split("-")]
    option_name = evidence.find_keeping_option(names, groups)
    if option_name is not None and not verb.startswith(("create", "add", "start", "deploy", "sign")):
        yield destructive(f"`{option_name}` decides what is kept")
    if any(evidence.names_uncertain_loss(argument) for argument in situation.invocation.arguments):
        yield destructive("accepts that data are lost")


def _leading_words(arguments: Sequence[str]) -> list[str]:
    """The leading up to the first option that may hold the next one as its value."""
    leading: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if not argument.startswith("-"):
            leading.append(argument)
        elif argument in words("programs/kinds.txt", "cloud valued options") and waiting:
            waiting.pop(0)
        elif "=" not in argument and argument not in words("programs/kinds.txt", "cloud bare options"):
            break
    return leading


def _judge_scaling(situation: InvocationContext, risk: Risk, command: str) -> Assessment:
    """The verb's own risk, or where it scales to a number, that of the number."""
    if re.search(r"\b(?:config|account|project) set\b", command):
        return from_table("reversible", command)
    number = _value_of(situation, *_SIZES)
    if number is not None and risk in ("reversible", "disruptive") and re.search(r"resize|scale|set-", command):
        return judge_value("replicas", number, situation)
    return from_table(risk, command)


def _judge_reach(situation: InvocationContext, leading: Sequence[str], place: int) -> Iterator[Assessment]:
    """Who may come in by a new rule or right, and what a pulled message is lost by."""
    groups, risk = " ".join(leading[:place]), _verb_risk(leading[place])
    if risk == "reversible" and re.search(r"firewall|\bnsg\b|security[- ](?:group|list)", groups):
        yield disruptive("changes who may connect")
    if risk == "reversible" and re.search(r"\b(?:roles?|credentials?|sp|tokens?)\b", groups):
        yield disruptive("gives a right")
    if "iam-policy-binding" in leading[place] and risk != "read_only":
        yield disruptive("gives or takes a right")
    if any(argument in ("--auto-ack", "--auto-acknowledge") for argument in situation.invocation.arguments):
        yield destructive("the messages that it prints are gone")


def _judge_remote_command(situation: InvocationContext, *options: str) -> Assessment:
    """A command that is run on another machine by way of the cloud."""
    text = _value_of(situation, *options)
    if text is None:
        return not_understood("what is typed in the session that it opens")
    return judge_value("shell", text, situation)


def _value_of(situation: InvocationContext, *names: str) -> str | None:
    arguments = situation.invocation.arguments
    for place, argument in enumerate(arguments):
        name, joint, value = argument.partition("=")
        if name in names:
            return value if joint else next(iter(arguments[place + 1 : place + 2]), None)
    return None


def _judge_secret(verb: str) -> Iterator[Assessment]:
    if verb in _verbs("secret"):
        yield disruptive("hands out a credential")


def _verb_risk(verb: str) -> Risk | None:
    """How dangerous a verb is; None where it is none."""
    if verb in _verbs("secret"):
        return "read_only"
    exact: Risk | None = next((risk for risk in RISKS if verb in _verbs(risk)), None)
    if exact is not None:
        return exact
    fitting: list[Risk] = [
        risk for risk in RISKS for pattern in _verbs(risk) if "*" in pattern and fnmatchcase(verb, pattern)
    ]
    worst_first: list[Risk] = sorted(fitting, key=rank, reverse=True)
    return worst_first[0] if worst_first else None


def _verbs(section: str) -> frozenset[str]:
    return words("programs/cloud_verbs.txt", section)
