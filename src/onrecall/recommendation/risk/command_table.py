"""What the subcommands of common programs do: tables of patterns (`commands.txt`), and how a command is matched.

A row of a table reads `risk: pattern, pattern, …`. A pattern is words that the command's own words begin with (`*` as
in file names, a leading `**` for words before it) and flags that must be there. The pattern that says most wins; of
equals the worst.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from onrecall.domain.incident import Risk
from onrecall.recommendation.risk.assessment import RISKS, Assessment

_REASONS: dict[Risk, str] = {
    "read_only": "`{}` only reads",
    "reversible": "`{}` can be undone at once and interrupts nobody",
    "disruptive": "`{}` can interrupt service or sessions",
    "destructive": "`{}` loses data or resources",
}
_OFF = ("=none", "=false", "=0", "=no")

ALIASES = {
    "k": "kubectl",
    "oc": "kubectl",
    "microk8s.kubectl": "kubectl",
    "k3s-kubectl": "kubectl",
    "podman": "docker",
    "nerdctl": "docker",
    "crictl": "docker",
    "docker-compose": "docker compose",
    "podman-compose": "docker compose",
    "tofu": "terraform",
    "terragrunt": "terraform",
    "tf": "terraform",
    "ip6tables": "iptables",
    "valkey-cli": "redis-cli",
    "keydb-cli": "redis-cli",
    "apt-get": "apt",
    "yum": "dnf",
    "mongo": "mongosh",
    "mariadb": "mysql",
    "gsutil": "gcloud storage",
    "rabbitmq-diagnostics": "rabbitmqctl",
    "pip3": "pip",
}
"""Programs that take the words of another."""

VALUE_FLAGS = {
    "kubectl": "-n --namespace --context --cluster --kubeconfig -l --selector -c --container --as -s --server --user "
    "-o --output -f --filename --token --field-selector --since --tail --type -p --patch --grace-period "
    "--timeout --sort-by --overrides --image",
    "docker": "-H --host -c --context -f --file -p --project-name -l --log-level --profile --env-file -n --tail "
    "--since -t --time --format --filter",
    "helm": "-n --namespace --kube-context --kubeconfig -f --values --set --set-string --version --timeout "
    "--revision --history-max",
    "aws": "--profile --region --output --query --endpoint-url --cli-read-timeout",
    "gcloud": "--project --zone --region --account --format --configuration --filter --location --limit --instance "
    "-h -o",
    "az": "--subscription -g --resource-group -n --name -o --output --query -l --location",
    "redis-cli": "-h -p -a -n -u -s --user --pass -i -r -t --cacert --cert --key -d -D",
    "systemctl": "-n --lines -o --output -t --type -H --host -M --machine -p --property -s --signal --state",
    "terraform": "-chdir",
    "git": "-C -c --git-dir --work-tree -m",
    "etcdctl": "--endpoints --cacert --cert --key --user --command-timeout -w --write-out",
    "vault": "-address -namespace -format -field",
    "consul": "-http-addr -token -datacenter",
    "nodetool": "-h --host -p --port -u --username -pw --password",
    "rabbitmqctl": "-n --node -p --vhost -t --timeout",
    "kafka": "--bootstrap-server --zookeeper --topic --group --command-config --broker-list --entity-type "
    "--entity-name --partitions --add-config",
    "argocd": "--server --auth-token",
    "istioctl": "-n --namespace --context",
    "pg_ctl": "-D --pgdata -m -l -t -o",
    "nginx": "-s -c -g -p",
    "chronyc": "-h -p",
    "ceph": "-c --conf -n --name --cluster",
}
"""The flags of a program that take a value: the word after them is none of its own words."""


@dataclass(frozen=True, slots=True)
class _Rule:
    risk: Risk
    words: tuple[str, ...]
    flags: tuple[str, ...]

    def fits(self, words: list[str], flags: list[str]) -> bool:
        return _words_fit(self.words, words) and all(any(_flag_fits(want, has) for has in flags) for want in self.flags)

    @property
    def weight(self) -> tuple[int, int, int]:
        said = [w for w in self.words if w != "**"]
        literal = sum("*" not in w for w in said) + len(self.flags)
        return len(said) + len(self.flags), literal, RISKS.index(self.risk)


def look_up(program: str, args: list[str]) -> Assessment | None:
    """What the tables say about a program with these arguments; None: nothing."""
    words, flags = split_args(program, args)
    fitting = [rule for rule in _rules(program.split(maxsplit=1)[0], words) if rule.fits(words, flags)]
    if not fitting:
        return None
    rule = max(fitting, key=lambda r: r.weight)
    said = " ".join([program.split(maxsplit=1)[0], *(w for w in rule.words if w != "**"), *rule.flags])
    return Assessment(rule.risk, _REASONS[rule.risk].format(said))


def split_args(program: str, args: list[str]) -> tuple[list[str], list[str]]:
    """A program's own words, and its flags; the values of flags that take one are left out of the words."""
    name = program.split(maxsplit=1)[0]
    taking = frozenset(VALUE_FLAGS.get("kafka" if name.startswith("kafka-") else name, "").split())
    words: list[str] = program.split()[1:]
    flags: list[str] = []
    skip = False
    for arg in args:
        if skip:
            skip = False
            flags[-1] += f"={arg}"
        elif arg.startswith("-") and arg != "-":
            flags.append(arg)
            skip = arg in taking
        else:
            words.append(arg)
    return words, flags


def _words_fit(pattern: tuple[str, ...], words: list[str]) -> bool:
    if pattern[:1] == ("**",):
        rest = pattern[1:]
        return any(_words_fit(rest, words[start:]) for start in range(min(len(words), 7)))
    return len(words) >= len(pattern) and all(
        want == word.lower() or ("*" in want and fnmatchcase(word.lower(), want))
        for word, want in zip(words, pattern, strict=False)
    )


def _flag_fits(want: str, has: str) -> bool:
    if has == want or ("*" in want and fnmatchcase(has, want)):
        return True
    if has.startswith(want + "="):
        return not has.lower().endswith(_OFF)
    cluster = len(want) == 2 and re.fullmatch(r"-[A-Za-z]{2,5}", has)
    return bool(cluster) and want[1] in has


@cache
def _tables() -> dict[tuple[str, str], list[_Rule]]:
    """The rules by program and by the first word of their pattern, or by "" where that is not a plain word."""
    tables: dict[tuple[str, str], list[_Rule]] = {}
    program = ""
    text = files("onrecall.recommendation.risk").joinpath("commands.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            program = line.strip("[]")
        elif line and not line.startswith("#"):
            for rule in _row(line):
                first = rule.words[0] if rule.words and "*" not in rule.words[0] else ""
                tables.setdefault((program, first), []).append(rule)
    return tables


def _rules(program: str, words: list[str]) -> Iterator[_Rule]:
    yield from _tables().get((program, ""), ())
    if words:
        yield from _tables().get((program, words[0].lower()), ())


def _row(line: str) -> list[_Rule]:
    name, _, patterns = line.partition(":")
    risk = next(r for r in RISKS if r == name)
    rules = []
    for pattern in patterns.split(","):
        parts = pattern.split()
        flags = tuple(p for p in parts if p.startswith("-"))
        rules.append(_Rule(risk, tuple(p for p in parts if p not in flags), flags))
    return rules
