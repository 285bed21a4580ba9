"""Breakers before what carries lines, moves numbers or checks holders, in processes that serve or
work, and their notice board: the cache that all processes share."""

from functools import partial

import structlog
from django.core.cache import cache

from keepline.gateways import switchboard
from keepline.gateways.breaker import Breaker
from keepline.gateways.esim.port import EsimUnknown
from keepline.gateways.identity.port import IdentityUnknown
from keepline.gateways.network.port import NetworkUnknown
from keepline.gateways.porting.port import PortingUnknown

UNKNOWN: dict[str, type[Exception]] = {
    "network": NetworkUnknown,
    "smdp_plus": EsimUnknown,
    "porting": PortingUnknown,
    "identity": IdentityUnknown,
}

log = structlog.get_logger(__name__)


def guard_elements() -> None:
    """Called once, when the process begins to serve or to work."""
    switchboard.put_before_elements(_behind_a_breaker)
    switchboard.put_up(is_down)


def is_down(port: str) -> bool:
    """Whether a process has found it so, lately."""
    return cache.get(_key(port)) is not None


def _behind_a_breaker(port: str, adapter: object) -> object:
    return Breaker(adapter, UNKNOWN[port.partition(":")[0]], partial(_announce, port))


def _announce(port: str, seconds: float) -> None:
    log.warning("element_down" if seconds else "element_up", port=port)
    try:
        if seconds:
            cache.set(_key(port), "down", timeout=seconds)
        else:
            cache.delete(_key(port))
    except Exception:  # the call has its answer, whoever can be told of it
        log.exception("outage_not_announced", port=port)


def _key(port: str) -> str:
    return f"down:{port}"
