"""`make bench`: everything that is measured, one JSON object as the last line on stdout.

QUICK=1 does it with smaller numbers in less than 50 seconds; then the figures say that the bench
works, and nothing about speed.
"""

import json

from bench import import_base, pages, renewals
from bench.installation import installation, machine, say


def main() -> None:
    """Each part in an installation of its own, so that none is measured in another's traces."""
    figures: dict[str, object] = {}
    for part in (renewals, pages, import_base):
        say(f"== {part.__name__.removeprefix('bench.')}")
        with installation() as inst:
            figures |= part.measure(inst)
    print(json.dumps(figures | {"machine": machine()}))


if __name__ == "__main__":
    main()
