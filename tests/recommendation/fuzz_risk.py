"""Mutates labelled dangerous commands and looks whether any falls below its label: `make fuzz-risk`.

A mutation changes how a command is written, not what it does: quotes, escapes, continued lines, variables, clusters of
options, their order, `--`, another path of the same program, and what it is wrapped in. Nothing is ever run.
"""

import argparse
import random
import shlex
import sys
import time
from collections.abc import Callable, Iterator

from judged import labelled, level

from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import assess, classify

SETS = (
    "commands.tsv",
    "commands_held_out.tsv",
    "commands_unseen.tsv",
    "nasty_commands.tsv",
    "unfamiliar_commands.tsv",
    "operations_commands.tsv",
    "evasive_commands.tsv",
    "uncommon_commands.tsv",
    "field_commands.tsv",
    "duty_commands.tsv",
)
SIMPLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_./=:,@%+")
"""Commands of these characters only are taken apart into words; others are only wrapped."""

Chance = random.Random
Mutation = Callable[[str, Chance], str]


def dangerous_commands() -> list[tuple[str, str]]:
    """Commands that are labelled disruptive or destructive, with their labels."""
    rows = [row for name in SETS for row in labelled(name)]
    return [(text, risk) for text, risk, _ in rows if RISKS.index(risk) >= 2 and text.isascii()]


def is_shell(text: str) -> bool:
    """Whether it can be taken apart: one simple command, no prompt, no statement of a database."""
    return (
        set(text) <= SIMPLE
        and text.split(maxsplit=1)[0].islower()
        and not text.startswith(("db.", "select ", "drop ", "with ", "explain "))
    )


def quote_a_word(text: str, chance: Chance) -> str:
    return _at_a_word(text, chance, lambda word: chance.choice(["'{}'", '"{}"', "$'{}'", "{}''", '""{}']).format(word))


def split_a_word(text: str, chance: Chance) -> str:
    """`rm` as `r''m`, `r\\m`, `r"m"`, `r$'\\x6d'`."""

    def split(word: str) -> str:
        at = chance.randrange(len(word))
        before, letter, after = word[:at], word[at], word[at + 1 :]
        forms = [
            f"''{letter}",
            f"'{letter}'",
            f'"{letter}"',
            f"\\{letter}",
            f"$'\\x{ord(letter):02x}'",
            f"\\\n{letter}",
            f'""{letter}',
        ]
        return before + chance.choice(forms) + after

    return _at_a_word(text, chance, split)


def use_a_variable(text: str, chance: Chance) -> str:
    words = text.split()
    at = chance.randrange(len(words))
    value, words[at] = words[at], "$V"
    return f"V={shlex.quote(value)}; {' '.join(words)}"


def blanks(text: str, chance: Chance) -> str:
    return chance.choice(["  ", "\t", " \\\n ", "${IFS}", "$IFS$9"]).join(text.split(" ", chance.randrange(1, 4)))


def cluster_options(text: str, chance: Chance) -> str:
    """`-r -f` as `-rf`, and `-rf` as `-r -f`, where the program has both as bare switches."""
    if " -r -f" in text:
        return text.replace(" -r -f", chance.choice([" -rf", " -fr"]))
    return text.replace(" -rf", chance.choice([" -r -f", " -f -r", " -fr"]))


def move_an_option(text: str, chance: Chance) -> str:
    """A long option with its value attached stands anywhere after the program's own words."""
    words = text.split()
    movable = [n for n, word in enumerate(words) if word.startswith("--") and "=" in word]
    if not movable or "--" in words or words[0].endswith("git"):  # git has options of its own before the subcommand
        return text
    word = words.pop(chance.choice(movable))
    words.append(word)
    return " ".join(words)


def use_a_path(text: str, chance: Chance) -> str:
    return chance.choice(["/usr/bin/", "/bin/", "/usr/local/bin/", "./", "/tmp/", "\\"]) + text


WRAPPERS = [
    "sudo {}", "sudo -n -u root {}", "doas {}", "env {}", "env A=1 {}", "nice -n 5 {}", "ionice -c3 {}", "nohup {}", "timeout 5 {}", "stdbuf -oL {}", "setsid {}", "time {}",
    "command {}", "exec {}", "builtin {}", "! {}", "{} &", "{} ;", "{} # fine", "true; {}", "ls && {}", "false || {}", "ls | {}", "{{ {}; }}", "({})", "if {}; then ls; fi",
    "if ls; then {}; fi", "while ls; do {}; done", "for i in 1 2; do {}; done", "case x in x) {};; esac", "echo $({})", "echo `{}`", "cat <({})", "X=$({})", "ls $((1 + $({})))",
    "f() {{ {}; }}; f", "unknown-wrapper {}", "watch {}", "{} 2>&1", "{} > /dev/null", "{} < /dev/null", "ls\n{}", "ls \\\n; {}", "# fine\n{}", "$ {}", "```\n{}\n```", "cd /tmp && {}",
]  # fmt: skip
PREFIXES = frozenset(
    ["sudo", "doas", "env", "nice", "ionice", "nohup", "timeout", "stdbuf", "setsid", "command", "exec", "builtin"]
)
"""Programs that run one simple command; what is built of several is an error after them."""
TEXT_WRAPPERS = [
    "sh -c {q}", "bash -lc {q}", "bash -ec {q}", "zsh -c {q}", "eval {q}", "ssh web1 {q}", "ssh -tt -o BatchMode=yes u@web1 {q}", "su - app -c {q}", "xargs -I% sh -c {q}", "watch -n 5 {q}",
    "kubectl exec -it web-0 -n prod -- sh -c {q}", "docker exec web sh -c {q}", "docker compose exec web bash -c {q}", "nsenter -t 1 -m sh -c {q}", "find . -exec sh -c {q} \\;",
    "flock /tmp/l -c {q}", "trap {q} EXIT", "ansible all -m shell -a {q}", "salt '*' cmd.run {q}", "echo {q} | sh", "bash <<< {q}", "parallel {q} ::: 1", "script -c {q} /dev/null",
    "aws ssm send-command --document-name AWS-RunShellScript --parameters commands={q}", "gcloud compute ssh vm --command {q}", "git -c core.pager={q} log", "tmux new -d {q}", "at now <<< {q}",
    "PAGER={q} git log", "nomad alloc exec 1 sh -c {q}", "awk -f x -v a={q} y", "unheard-of --run={q}", "timeout 5 bash -c {q}", "sudo -u app bash -lc {q}",
]  # fmt: skip


def wrap(text: str, chance: Chance) -> str:
    wrapper = chance.choice(WRAPPERS)
    if wrapper.startswith("watch") and not set(text) <= SIMPLE:  # it joins its words and reads them as shell once more
        return text
    if "`" in wrapper and "`" in text:  # it would end where the inner one begins
        return text
    if text.startswith("(") and "({" in wrapper.replace(" ", ""):  # `$((` calculates
        return text
    if text.startswith(("(", "{ ", "if ", "while ", "for ", "case ", "f() ", "! ")) and wrapper.split()[0] in PREFIXES:
        return text
    if wrapper.endswith("< /dev/null") and set(text) & set("|<"):  # it would take what is fed to it away
        return text
    return wrapper.format(text)


def wrap_as_text(text: str, chance: Chance) -> str:
    return chance.choice(TEXT_WRAPPERS).format(q=shlex.quote(text))


def here_document(text: str, chance: Chance) -> str:
    """Fed to a shell; without quotes around the mark the shell would expand the text once more."""
    marks = ["'E'", '"E"', "\\E", "-'E'"] if set(text) & set("$`\\") else ["E", "'E'", "-E"]
    return f"{chance.choice(['sh', 'bash -s', 'ssh web1', 'sudo bash'])} <<{chance.choice(marks)}\n{text}\nE"


WRITING: tuple[Mutation, ...] = (
    quote_a_word,
    split_a_word,
    use_a_variable,
    blanks,
    cluster_options,
    move_an_option,
    use_a_path,
)
WRAPPING: tuple[Mutation, ...] = (wrap, wrap, wrap_as_text, here_document)


def _at_a_word(text: str, chance: Chance, change: Callable[[str], str]) -> str:
    words = text.split(" ")
    at = chance.randrange(len(words))
    if words[at]:
        words[at] = change(words[at])
    return " ".join(words)


def mutate(text: str, chance: Chance) -> str:
    """The command written otherwise once or twice where that can be done, then wrapped up to three times."""
    if is_shell(text):
        text = chance.choice(WRITING)(text, chance)
        if set(text) <= SIMPLE and chance.random() < 0.5:
            text = chance.choice(WRITING)(text, chance)
    if "\n" in text or "<<" in text or text.startswith("#"):
        return text
    for _ in range(chance.randrange(4)):
        # in front of several commands a prefix would belong to the first alone
        wrapping = [wrap_as_text, here_document] if ";" in text or "&" in text else WRAPPING
        wrapped = chance.choice(wrapping)(text, chance)
        if "\n" in wrapped or wrapped.startswith(("$ ", "python3")):
            return wrapped
        text = wrapped
    return text


def is_statement(text: str) -> bool:
    """Whether it is no shell at all: wrapped in a shell it would be something else."""
    return not is_shell(text) and classify(text).risk != classify(f"true; {text}").risk


def fuzz(seconds: float, seed: int) -> Iterator[tuple[str, str, str]]:
    """Mutants that fall below their label: (label, given, mutant). Writes to standard output how many were tried."""
    chance = random.Random(seed)
    rows = [(text, risk) for text, risk in dangerous_commands() if not is_statement(text)]
    end = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < end:
        text, risk = chance.choice(rows)
        mutant = mutate(text, chance)
        tried += 1
        for judge in (classify, assess):
            if level(mutant, judge) < RISKS.index(risk):
                yield risk, judge(mutant).risk, mutant
    sys.stdout.write(f"{tried} mutants of {len(rows)} commands tried with seed {seed}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    fallen = 0
    for risk, new_risk, mutant in fuzz(arguments.seconds, arguments.seed):
        fallen += 1
        sys.stdout.write(f"{risk} fell to {new_risk}: {mutant!r}\n")
    sys.stdout.write(f"{fallen} fell below their label\n")
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
