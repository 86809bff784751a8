"""Installs an OpenSearch node for the tests into a folder: `make opensearch-setup`.

Maven fetches the jars from wherever it is set up to fetch from; each must have the digest that jars.sha256 names.
"""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

RECIPE = Path(__file__).parent / "node"
FETCH_SECONDS = 300


def install(folder: Path) -> None:
    """Fetch, check and compile; the file `stamp` is written last."""
    missing = [program for program in ("mvn", "javac", "java") if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"an OpenSearch node needs {', '.join(missing)}: install a JDK 17 or newer, and Maven")
    shutil.rmtree(folder, ignore_errors=True)
    jars = folder / "lib"
    fetch = ["mvn", "--batch-mode", "--quiet", "--file", RECIPE / "pom.xml", "dependency:copy-dependencies"]
    subprocess.run([*fetch, f"-DoutputDirectory={jars.resolve()}"], check=True, timeout=FETCH_SECONDS)
    check_digests(jars, RECIPE / "jars.sha256")
    for plugin in jars.glob("*.zip"):
        with zipfile.ZipFile(plugin) as archive:
            archive.extractall(jars, [name for name in archive.namelist() if name.endswith(".jar")])
        plugin.unlink()
    subprocess.run(["javac", "-cp", f"{jars}/*", "-d", folder / "classes", RECIPE / "SearchNode.java"], check=True)
    (folder / "stamp").touch()


def check_digests(folder: Path, listed: Path) -> None:
    """Stop unless the folder holds exactly the listed files with their digests."""
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    expected = {name: digest for digest, name in (line.split() for line in listed.read_text().splitlines())}
    if digests != expected:
        differing = sorted(name for name in digests.keys() | expected if digests.get(name) != expected.get(name))
        raise SystemExit(f"not the files that {listed.name} lists: {', '.join(differing)}")


if __name__ == "__main__":
    install(Path(sys.argv[1]))
