"""Environments of products that Keepline is measured beside, apart from its own."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from bench.installation import say

HERE = Path(__file__).resolve().parent
UV = HERE.parent / ".tools" / "bin" / "uv"  # where `make install` has put it
TOOLS = HERE.parent / ".tools"


def python_with(requirements: str) -> Path:
    """The Python of an environment with what a file of pinned packages says, made once.

    It lies beside our tools: a rival's packages must neither bend the versions that Keepline
    runs with nor come to those who only develop it.
    """
    pinned = HERE / requirements
    digest = hashlib.sha256(pinned.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = TOOLS / "rivals" / f"{pinned.stem}-{digest}"
    python = home / "bin" / "python"
    if (home / "complete").exists():
        return python
    say(f"installing {requirements} into {home}")
    arguments = ["--require-hashes", "--quiet", "-r", str(pinned)]
    if UV.exists():
        making = [
            str(UV),
            "venv",
            "--quiet",
            "--allow-existing",
            "--python",
            sys.executable,
            str(home),
        ]
        filling = [str(UV), "pip", "install", "--python", str(python), *arguments]
    else:
        making = [sys.executable, "-m", "venv", str(home)]
        filling = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    for command in (making, filling):
        # As tools/install does: the authorities that this machine trusts.
        environ = {"UV_SYSTEM_CERTS": "1", **os.environ}
        subprocess.run(command, check=True, stdout=sys.stderr, env=environ)
    (home / "complete").touch()
    return python
