"""Check the files under deploy/ and .github/ with the tools that they are written for: `make deploy-check`.

A tool that is not on this machine is named at the end, with what was therefore not checked; --require makes that a
failure. `helm` may come from `go install helm.sh/helm/v3/cmd/helm@latest`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/onrecall"
KUBERNETES = ("1.27", "1.34")
"""The oldest version that the chart supports, and a current one."""
CUSTOM = {"ServiceMonitor": {"endpoints", "selector"}, "PrometheusRule": {"groups"}}
"""Kinds of the Prometheus operator, for which Kubernetes has no schema, with the fields that their spec needs."""


class Missing(Exception):
    """A tool that is not on this machine."""


def tool(name: str) -> str:
    """Return the path of a program, or raise Missing; those beside this Python come first."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise Missing(name)
    return found


def run(*words: str) -> str:
    """Run a program and return what it printed; its failure ends the check."""
    ended = subprocess.run([tool(words[0]), *words[1:]], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(words)}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def check_chart() -> str:
    """Lint and render the chart with each case, and validate every manifest."""
    lines = []
    for case in (None, *sorted((CHART / "ci").glob("*.yaml"))):
        values = ["--values", str(case)] if case else []
        run("helm", "lint", "--strict", str(CHART), *values)
        name = case.stem if case else "defaults"
        counts = []
        for version in KUBERNETES:
            options = ["--kube-version", f"{version}.0", "--namespace", "onrecall"]
            counts.append(
                validate(list(manifests(run("helm", "template", "test", str(CHART), *values, *options))), version)
            )
        lines.append(f"{name} {counts[-1]}")
    return f"manifests valid for Kubernetes {' and '.join(KUBERNETES)}: {', '.join(lines)}"


def manifests(text: str) -> Iterator[dict]:
    """Yield the manifests of a rendered chart."""
    yield from filter(None, yaml.safe_load_all(text))


def validate(rendered: Sequence[dict], version: str) -> int:
    """Hold manifests to the schemas of a Kubernetes version, and to one another; return how many there are."""
    try:
        import kubernetes_validate  # noqa: PLC0415 - one of the tools that may be missing
    except ImportError as error:
        raise Missing("kubernetes-validate") from error
    for manifest in rendered:
        kind, spec = manifest["kind"], manifest.get("spec", {})
        if kind in CUSTOM:
            assert CUSTOM[kind] <= spec.keys(), f"{kind} lacks {CUSTOM[kind] - spec.keys()}"
        else:
            kubernetes_validate.validate(manifest, version, strict=True)
    selectors_select(rendered)
    return len(rendered)


def selectors_select(rendered: Sequence[dict]) -> None:
    """Every selector of a Service, a budget or a policy selects the pods of a Deployment."""
    pods = [
        manifest["spec"]["template"]["metadata"]["labels"] for manifest in rendered if manifest["kind"] == "Deployment"
    ]
    for manifest in rendered:
        spec = manifest.get("spec", {})
        selector = spec.get("podSelector") or spec.get("selector")
        if manifest["kind"] in ("Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment"):
            wanted = selector.get("matchLabels", selector).items()
            assert any(wanted <= labels.items() for labels in pods), f"{manifest['kind']} selects no pod"


def check_refusals() -> str:
    """Values that exclude each other are refused with a sentence."""
    cases = {
        "serve.replicas=2": "SQLite is a file of one pod",
        "worker.enabled=true": "SQLite is a file of one pod",
        "kafka.enabled=true": "SQLite is a file of one pod",
        "database=postgresql": "needs ONRECALL_DATABASE_URL",
        "settings.ONRECALL_SLACK_BOT_TOKEN=x": "ONRECALL_SLACK_BOT_TOKEN",
        "replicas=2": "additional properties 'replicas' not allowed",
    }
    for value, sentence in cases.items():
        words = [tool("helm"), "template", "test", str(CHART), "--set", value, "--kube-version", f"{KUBERNETES[-1]}.0"]
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
        assert ended.returncode, f"{value} was accepted"
        assert sentence in ended.stderr, ended.stderr
    return f"{len(cases)} wrong sets of values refused"


def check_package() -> str:
    """The chart can be packed."""
    with tempfile.TemporaryDirectory() as folder:
        run("helm", "package", str(CHART), "--destination", folder)
        (packed,) = Path(folder).iterdir()
        return packed.name


def check_alerts() -> str:
    """Prometheus accepts the rules."""
    return (
        run("promtool", "check", "rules", str(DEPLOY / "observability/onrecall-alerts.yaml"))
        .strip()
        .splitlines()[-1]
        .strip()
    )


def check_dashboard() -> str:
    """Every query of the dashboard is PromQL."""
    try:
        import promql_parser  # noqa: PLC0415 - one of the tools that may be missing
    except ImportError as error:
        raise Missing("promql-parser") from error
    dashboard = json.loads((DEPLOY / "observability/grafana-dashboard.json").read_text("utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for query in queries:
        promql_parser.parse(query.replace("$job", "onrecall"))
    return f"{len(queries)} queries of the dashboard parse"


def check_dockerfile() -> str:
    """The linter of Dockerfiles has nothing to say."""
    run("hadolint", str(DEPLOY / "Dockerfile"))
    return "Dockerfile"


def check_compose() -> str:
    """The compose file follows the specification, and names no secret, volume or network that it does not declare."""
    try:
        import compose_spec  # noqa: PLC0415 - one of the tools that may be missing
    except ImportError as error:
        raise Missing("compose-spec") from error
    merging = compose_spec.PyOptions()
    merging.apply_merge = True
    project = merging.from_yaml((DEPLOY / "compose.yaml").read_text("utf-8"))
    project.validate()
    return f"services {' '.join(sorted(project.service_names()))}"


def check_units() -> str:
    """Units are accepted by systemd; that the program is not installed here does not matter."""
    units = [str(path) for path in sorted(DEPLOY.glob("systemd/*.service"))]
    words = [tool("systemd-analyze"), "verify", *units]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stderr.splitlines()
    complaints = [line for line in said if "is not executable" not in line]
    assert not complaints, "\n".join(complaints)
    return " ".join(Path(unit).name for unit in units)


def check_nginx() -> str:
    """The recipe for nginx is accepted, with a certificate made for it."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = f"{folder}/privkey.pem", f"{folder}/fullchain.pem"
        subject = ["-subj", "/CN=recall.example.com", "-days", "1"]
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *subject)
        recipe = (DEPLOY / "proxy/nginx.conf").read_text("utf-8").replace("/etc/ssl/onrecall", folder)
        whole = Path(folder, "nginx.conf")
        whole.write_text(f"pid {folder}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{recipe}\n}}\n", "utf-8")
        run("nginx", "-t", "-q", "-c", str(whole))
    return "nginx.conf"


def check_caddy() -> str:
    """Caddy accepts the recipe."""
    run("caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "proxy/Caddyfile"))
    return "Caddyfile"


def check_workflows() -> str:
    """The linter of GitHub's workflows has nothing to say."""
    workflows = [str(path) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))]
    run("actionlint", "-shellcheck=", *workflows)
    return " ".join(Path(workflow).name for workflow in workflows)


def check_skill() -> str:
    """The skill follows the format of Agent Skills."""
    run("agentskills", "validate", str(ROOT / "skills/onrecall"))
    return "skills/onrecall"


CHECKS: tuple[Callable[[], str], ...] = (
    check_chart,
    check_refusals,
    check_package,
    check_alerts,
    check_dashboard,
    check_dockerfile,
    check_compose,
    check_units,
    check_nginx,
    check_caddy,
    check_workflows,
    check_skill,
)


def main() -> None:
    """Run every check, and say what could not be run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--require", action="store_true", help="fail where a tool is missing")
    options = parser.parse_args()
    missing = []
    for check in CHECKS:
        label = check.__name__.removeprefix("check_")
        try:
            print(f"ok       {label:<11} {check()}", flush=True)
        except Missing as error:
            missing.append(label)
            print(f"not run  {label:<11} {error} is not on this machine", flush=True)
    print(
        f"{len(CHECKS) - len(missing)} of {len(CHECKS)} checks ran"
        + (f"; not: {', '.join(missing)}" if missing else "")
    )
    if missing and options.require:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
