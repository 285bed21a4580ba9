"""Ports for demos that tests start."""

import socket
from collections.abc import Iterable

import pytest


def demo_ports(among: Iterable[int]) -> int:
    """A free port whose four successors, those of the demo's other programs, are free too.

    Two portals on one port would share it silently: the web server asks for SO_REUSEPORT. So
    tests that run at the same time look `among` different ones.
    """
    for candidate in among:
        try:
            for each in range(candidate, candidate + 5):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", each))
        except OSError:
            continue
        return candidate
    pytest.fail("no free ports")
