"""`make year`: an installation of its own, and the year in it (run.py has the options)."""

import subprocess
import sys

from bench.installation import installation
from bench.year.provider import provider


def main() -> int:
    """The exit code of the year."""
    with installation() as inst, provider(inst.environ):
        command = [sys.executable, "-m", "bench.year.run", *sys.argv[1:]]
        return subprocess.run(command, env=inst.environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
