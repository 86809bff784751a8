"""Ansible and Salt: what they do is said by a module or a function, and by its arguments."""

import re
from collections.abc import Iterator, Sequence

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    disruptive,
    from_table,
    not_understood,
    read_only,
    reversible,
)
from onrecall.recommendation.risk.programs.argv import is_unknown
from onrecall.recommendation.risk.programs.http_requests import Request, judge_request
from onrecall.recommendation.risk.programs.situation import InvocationContext
from onrecall.recommendation.risk.sections import matches, words
from onrecall.recommendation.risk.shell.commands import NOTHING


def check_ansible(situation: InvocationContext) -> Iterator[Assessment]:
    invocation = situation.invocation
    module = (invocation.values("-m", "--module-name") or ["command"])[-1].rpartition(".")[2]
    text = (invocation.values("-a", "--args") or [""])[-1]
    if invocation.has("--list-hosts"):
        yield read_only("lists hosts")
    elif module in words("programs/kinds.txt", "ansible running"):
        yield situation.judge.text(text, NOTHING) if text.strip() else not_understood("which command it runs")
    elif module in words("programs/kinds.txt", "ansible reading"):
        yield read_only(f"the module {module} only reads")
    elif module == "uri":
        yield _judge_uri(text)
    elif re.search(r"\bstate=(?:absent|latest_absent)|\bforce=(?:yes|true)|\bpurge=", text) or evidence.find_loss_sign(
        f"{module} {text}"
    ):
        yield destructive(f"the module {module} removes something")
    elif module in ("service", "systemd", "systemd_service") and re.search(r"\bstate=(?:started|reloaded)\b", text):
        yield reversible(f"the module {module} starts or reloads")
    elif module in words("programs/kinds.txt", "ansible overwriting"):
        yield destructive(f"the module {module} overwrites files of the hosts")
    elif invocation.is_dry:
        yield read_only("checks only")
    else:
        yield disruptive(f"the module {module} changes the hosts")


def _judge_uri(text: str) -> Assessment:
    arguments = dict(re.findall(r"(\w+)=(\S+)", text))
    body = [arguments["body"]] if "body" in arguments else []
    return judge_request(Request(arguments.get("method", "GET").upper(), [arguments.get("url", "")], body))


def check_salt(situation: InvocationContext) -> Iterator[Assessment]:
    operands = situation.invocation.operands
    function = next((word for word in operands[:2] if re.fullmatch(r"[a-z_]+\.[a-z_]\w*", word)), "")
    arguments = operands[operands.index(function) + 1 :] if function else []
    if function in ("cmd.run", "cmd.shell", "cmd.run_all", "cmd.run_stdout"):
        text = " ".join(word for word in arguments if not re.match(r"(?:runas|cwd|timeout|env)=", word))
        yield (
            situation.judge.text(text, NOTHING)
            if text and not is_unknown(text)
            else not_understood("which command it runs")
        )
    elif (sign := evidence.find_loss_sign(" ".join(_names_of_arguments(function, arguments)))) is not None:
        yield destructive(f"`{function}` with {sign}")
    elif matches("programs/kinds.txt", "salt reading", function):
        yield read_only(f"`{function}` only reads")
    elif matches("programs/kinds.txt", "salt disrupting", function):
        yield from_table("disruptive", f"salt {function}")
    else:
        yield not_understood(f"the function `{function or ' '.join(operands)[:40]}` on many hosts", "destructive")


def _names_of_arguments(function: str, arguments: Sequence[str]) -> Iterator[str]:
    """The names of arguments, and of the states that are applied."""
    return (word.partition("=")[0] for word in arguments if "=" in word or function.startswith("state."))


def check_salt_run(situation: InvocationContext) -> Iterator[Assessment]:
    if situation.invocation.operands:
        yield from check_salt(situation)
