"""`make year`: an installation of its own, and the year in it (run.py has the options)."""

import subprocess
import sys

import psycopg

from bench.installation import installation
from bench.year.provider import provider


def main() -> int:
    """The exit code of the year."""
    with installation() as inst, provider(inst.environ):
        with psycopg.connect(inst.owner_url, autocommit=True) as owner:
            # Our processes are killed, the server is not: waiting for its disk would show nothing.
            owner.execute("ALTER DATABASE keepline SET synchronous_commit = off")
        command = [sys.executable, "-m", "bench.year.run", *sys.argv[1:]]
        return subprocess.run(command, env=inst.environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
