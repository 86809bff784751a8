"""Judges a program's arguments by its table: its own risk, that of each option and operand, and what they hold."""

import re
from collections.abc import Iterator, Sequence

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import Assessment, from_table, not_understood, read_only, worst
from onrecall.recommendation.risk.languages.sql import DIALECTS
from onrecall.recommendation.risk.programs.argv import RUNNERS, GivenOption, Invocation, read_arguments
from onrecall.recommendation.risk.programs.checks import CHECKS
from onrecall.recommendation.risk.programs.file_targets import judge_overwrite
from onrecall.recommendation.risk.programs.situation import InnerJudge, InvocationContext
from onrecall.recommendation.risk.programs.table import Node, OperandRule
from onrecall.recommendation.risk.programs.value_kinds import judge_input, judge_operands, judge_value
from onrecall.recommendation.risk.sections import words as listed_words
from onrecall.recommendation.risk.shell.commands import NOTHING, Input

_OUTPUT_OPTIONS = frozenset(
    [
        "-o",
        "-O",
        "-w",
        "-out",
        "-output",
        "--out",
        "--output",
        "--outfile",
        "--output-file",
        "--output-document",
        "--write",
        "--save",
        "--dump",
        "--output-dir",
        "--output-directory",
        "--out-dir",
        "--out-file",
        "--result-file",
        "--export-file",
        "--logfile",
        "--log-file",
        "-outfile",
        "-outputfile",
    ]
)
"""Options that name a file to write, where a table doesn't list them."""
_FILE = re.compile(r"(?:[\w-]+=)?((?:[A-Za-z]:|/|~/|\.\.?/)\S+|[\w-]+(?:\.[\w-]+)*\.[A-Za-z]\w{0,7})")
"""A value that is evidently a file, perhaps after a format, as in `json=/srv/report`."""
_SCRIPT = re.compile(r"\.(?:ya?ml|tfplan|sh|bash|py|rb|pl|sql|ps1|js|bat|cmd|rman|rcv|groovy)$")
"""How the name of a file ends that says what is done."""
_MOST_FED_LINES = 100
_RUNNABLE_KINDS = frozenset(
    [
        "shell",
        "command",
        "later",
        "script",
        "js",
        "redis",
        "socket",
        "vty",
        "cypher",
        "flux",
        "code",
        "python-module",
        *DIALECTS,
    ]
)
"""Kinds of values that are a text to run: with one of them the input is not run."""


def judge_invocation(program: Node, words: Sequence[str], fed: Input, judge: InnerJudge) -> Assessment:
    """The least upper bound over all that a program is asked to do; the first of the words is its name."""
    situation = InvocationContext(read_arguments(program, words[0], words[1:]), fed, judge)
    assessments = [
        *_judge_program(situation.invocation),
        *_judge_options(situation),
        *_judge_operands(situation),
        *_judge_input(situation),
    ]
    if situation.invocation.node.check is not None:
        assessments += CHECKS[situation.invocation.node.check](situation)
    return worst(assessments) or read_only("")


def _judge_program(invocation: Invocation) -> Iterator[Assessment]:
    node = invocation.node
    if node.risk is None:
        if invocation.operands or invocation.unknown:
            yield _unlisted(
                f"`{invocation.command_path} {' '.join(invocation.operands)[:40]}`", _words_given(invocation)
            )
        else:
            yield read_only("prints its help")
        return
    if node.risk == "read_only" and (verb := _verb_behind(invocation)) is not None:
        yield evidence.suspect(verb, "", recognised=True)
    if node.looks and invocation.has(*node.looks):
        yield read_only(f"`{invocation.command_path}` only shows")
    elif invocation.is_dry:
        yield read_only(f"`{invocation.command_path}` only tells what it would do")
    else:
        yield from_table(node.risk, invocation.command_path)
        yield from _judge_opaque_words(invocation)
    if node.children and invocation.operands and node.slots is None and not node.operand_rules:
        yield _unlisted(f"`{invocation.command_path} {invocation.operands[0][:40]}`", invocation.operands[:3])
    if node.needs and not any(given_option.option.name in node.needs for given_option in invocation.options):
        yield _unlisted(
            f"`{invocation.command_path}` without one of {', '.join(sorted(node.needs))}", _words_given(invocation)
        )


def _unlisted(description: str, names: Sequence[str]) -> Assessment:
    """A subcommand or an option that no table lists: destructive where its name says that something is lost."""
    verb = evidence.find_command_verb([word for name in names for word in name.split()])
    return not_understood(description, "disruptive" if verb is None else "destructive")


def _words_given(invocation: Invocation) -> list[str]:
    """The words behind the last subcommand that a table knows, as they were given."""
    return [*invocation.operands, *invocation.unknown]


def _verb_behind(invocation: Invocation) -> str | None:
    """A verb of losing behind a group of subcommands that only read, where no search asks for the word."""
    is_search = not set(invocation.words).isdisjoint(listed_words("programs/kinds.txt", "searching subcommands"))
    verb = next(iter(invocation.operands), "")
    is_any = invocation.node.slots is None or (invocation.slot(0) or "").startswith("any")
    return verb if invocation.words and is_any and not is_search and evidence.is_loss_verb(verb) else None


def _judge_opaque_words(invocation: Invocation) -> Iterator[Assessment]:
    """A program that interrupts and takes words that no table lists: a loss that they name."""
    if invocation.node.risk in ("reversible", "disruptive"):
        yield from _judge_keeping(invocation)
    if invocation.node.risk == "disruptive":
        sign = evidence.find_loss_sign(" ".join(_opaque_words(invocation)))
        if sign is not None:
            yield evidence.suspect(sign, "", recognised=True)


def _judge_keeping(invocation: Invocation) -> Iterator[Assessment]:
    """Options that say how long data are kept; those of something new, of a name or of a login keep no data."""
    names = [given_option.option.name for given_option in invocation.options if given_option.option.risk is None]
    names += [name for name, _ in invocation.tolerated]
    option = evidence.find_keeping_option(names, re.findall(r"[a-z0-9]+", invocation.command_path.lower()))
    if option is not None:
        yield from_table("destructive", f"{invocation.command_path} {option}")


def _opaque_words(invocation: Invocation) -> Iterator[str]:
    """Words that say what is done though no table lists them; the names of things are none."""
    if invocation.node.any_option:
        yield from invocation.operands if invocation.words else [invocation.program, *invocation.arguments]
        for name, value in invocation.tolerated:
            yield _name_what_is_lost(name)
            if evidence.names_uncertain_loss(value):
                yield "loss"
            if value.startswith(("{", "[")):
                yield value
        return
    parts = listed_words("programs/kinds.txt", "options for parts")
    yield from (part.value or "" for part in invocation.options if part.option.name in parts)
    yield from (word for word in invocation.operands if _SCRIPT.search(word) or evidence.is_loss_verb(word))


def _name_what_is_lost(option: str) -> str:
    """The name of an option, as a verb of losing where it puts something in the place of what was there."""
    names = listed_words("programs/kinds.txt", "replacing options")
    return "overwrite" if any(word.lower() in names for word in re.findall(r"[A-Z]?[a-z]+", option)) else option


def _judge_options(situation: InvocationContext) -> Iterator[Assessment]:
    for given_option in situation.invocation.options:
        yield from _judge_option(given_option, situation)
    for name in situation.invocation.unknown:
        yield _unlisted(f"the option `{name[:40]}`", [name] if len(name.strip("-")) > 3 else [])
        yield from _judge_output_option(name, situation.invocation)
    if situation.invocation.node.risk == "read_only":
        for name, value in situation.invocation.tolerated:
            yield from _judge_tolerated_option(name, value)


def _judge_tolerated_option(name: str, value: str) -> Iterator[Assessment]:
    """An option of a program that takes any: by its name it may act, or write a file."""
    acting = listed_words("programs/kinds.txt", "acting options")
    if any(word.lower() in acting for word in re.findall(r"[A-Z]?[a-z]+", name)):
        yield not_understood(f"the option `{name[:40]}`")
    file = _FILE.fullmatch(value)
    if file is not None and name.lower() in _OUTPUT_OPTIONS:
        yield judge_overwrite(file[1])


def _judge_option(given_option: GivenOption, situation: InvocationContext) -> Iterator[Assessment]:
    option = given_option.option
    if (
        option.risk is not None
        and not situation.invocation.is_dry
        and not (option.arity != "required" and given_option.value in ("false", "0", "none"))
    ):
        yield from_table(option.risk, f"{situation.invocation.command_path} {option.name}")
    if option.kind == "replicas" and situation.invocation.is_dry:
        return
    if option.kind != "any" and (given_option.value is not None or option.arity == "optional"):
        yield judge_value(option.kind, given_option.value or "", situation)
    elif given_option.value is None and option.arity == "required":
        yield not_understood(f"`{option.name}` without a value")


def _judge_output_option(name: str, invocation: Invocation) -> Iterator[Assessment]:
    """An option that is not listed but by its name writes a file."""
    bare, _, value = name.partition("=")
    if bare in _OUTPUT_OPTIONS:
        target = value or next(
            (operand for operand in reversed(invocation.operands) if "/" in operand or "." in operand), ""
        )
        yield judge_overwrite(target)
    elif bare[:2] in ("-o", "-O") and not bare.startswith("--") and "/" in bare:
        yield judge_overwrite(bare[2:])


def written_files(arguments: Sequence[str]) -> Iterator[str]:
    """The files that options of a program which no table lists write by their names."""
    for place, argument in enumerate(arguments):
        name, joint, value = argument.partition("=")
        value = value if joint else next(iter(arguments[place + 1 : place + 2]), "")
        if name in _OUTPUT_OPTIONS and _FILE.fullmatch(value):
            yield value


def _judge_operands(situation: InvocationContext) -> Iterator[Assessment]:
    invocation = situation.invocation
    if invocation.node.risk is None:
        return
    place = 0
    operands = invocation.operands
    while place < len(operands):
        slot = invocation.slot(place)
        ruled = _judge_by_rules(operands[place], situation)
        if slot is None and ruled is None:
            yield not_understood(f"`{operands[place][:40]}` after `{invocation.command_path}`")
            return
        if ruled is not None:
            yield ruled
        elif slot is None:
            return
        elif slot in RUNNERS:
            yield from judge_operands(slot, operands[place:], situation)
            return
        elif operands[place] or not slot.startswith("any"):
            yield from judge_operands(slot, operands[place : place + 1], situation)
        place += 1


def _judge_by_rules(operand: str, situation: InvocationContext) -> Assessment | None:
    """What the first rule of the table says that fits an operand."""
    for rule in situation.invocation.node.operand_rules:
        if rule.pattern.match(operand):
            return _apply_rule(rule, operand, situation)
    return None


def _apply_rule(rule: OperandRule, operand: str, situation: InvocationContext) -> Assessment:
    if rule.risk is not None:
        if situation.invocation.is_dry or situation.invocation.has(*situation.invocation.node.looks):
            return read_only("")
        return from_table(rule.risk, f"{situation.invocation.command_path} {operand[:30]}")
    return judge_value(rule.kind, operand.removeprefix(rule.prefix), situation)


def _judge_input(situation: InvocationContext) -> Iterator[Assessment]:
    """What the program reads and runs, where nothing it was given holds the text."""
    invocation = situation.invocation
    if invocation.node.input is None:
        yield from _judge_fed_words(situation)
        return
    if invocation.has(*invocation.node.instead):
        return
    kinds = [given_option.option.kind for given_option in invocation.options]
    kinds += [(invocation.slot(place) or "").removesuffix("...") for place in range(len(invocation.operands))]
    if not any(kind in _RUNNABLE_KINDS for kind in kinds):
        yield judge_input(invocation.node.input, situation)


def _judge_fed_words(situation: InvocationContext) -> Iterator[Assessment]:
    """What a program that interrupts is told on its input, where no table says how it reads that.

    A line may be one of its subcommands, as `virsh` and `lvm` read them; otherwise a loss that the text names counts.
    """
    invocation = situation.invocation
    if invocation.node.risk != "disruptive" or situation.fed.kind != "text" or invocation.is_dry:
        return
    if invocation.node.children and not invocation.operands:
        for line in situation.fed.text.splitlines()[:_MOST_FED_LINES]:
            words = [invocation.program, *line.split()]
            yield judge_invocation(invocation.node, words, NOTHING, situation.judge)
    verb = evidence.find_command_verb(situation.fed.text.split())
    if verb is not None:
        yield not_understood(f"`{verb}` on its input", "destructive")
