"""python -m keepline.cli.supervised PARENT_PID COMMAND...: a command that ends with its parent.

On Linux the kernel tells it when the parent is gone, however that died; elsewhere a supervisor that
was killed leaves its children behind.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent = int(sys.argv.pop(1))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel knew that we want to be told
        sys.exit(1)
    from keepline.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
