"""Which adapter answers at each port. Filled by config.wiring, asked by flows.

Adapters are made on first use, so that a process that never pays opens no connection.
"""

from collections.abc import Callable
from functools import cache, partial
from threading import RLock
from typing import cast

from keepline.gateways.esim.port import EsimUnknown, SmdpPlus
from keepline.gateways.identity.port import IdentityChecker, IdentityUnknown
from keepline.gateways.messaging.port import EmailChannel
from keepline.gateways.messaging.push import PushChannel
from keepline.gateways.messaging.sms import SmsChannel
from keepline.gateways.messaging.webhooks import WebhookChannel
from keepline.gateways.network.port import NetworkGateway, NetworkUnknown
from keepline.gateways.payments.port import PaymentProvider
from keepline.gateways.porting.port import ClearingHouse, PortingUnknown

GUARDED = ("network", "smdp_plus", "porting", "identity")
_factories: dict[str, Callable[[], object]] = {}
_addresses: dict[str, str] = {}
_allowed: list[frozenset[str]] = []
_boards: list[Callable[[str], bool]] = []
_making = RLock()


def connect(port: str, factory: Callable[[], object]) -> None:
    """Names the adapter for `port`: payments:sandbox, network, smdp_plus, porting, identity,
    email, sms, webhooks, push."""
    _factories[port] = factory
    _adapter.cache_clear()


def put_before_payments(guard: Callable[[PaymentProvider], object]) -> None:
    """From now on `guard` stands before every payment adapter that is connected."""
    for port in [port for port in _factories if port.startswith("payments:")]:
        connect(port, partial(_guarded, guard, _factories[port]))


def put_before_elements(guard: Callable[[str, object], object]) -> None:
    """The same before GUARDED; the guard is told the port's name."""
    for port in [port for port in GUARDED if has(port)]:
        factory = _factories[port]
        connect(port, partial(lambda port, factory: guard(port, factory()), port, factory))


def put_up(board: Callable[[str], bool]) -> None:
    """Where all processes read which ports are known to be down."""
    _boards[:] = [board]


def is_down(port: str) -> bool:
    """Whether what stands at the port is known to give no answer. Asks the board, not the port."""
    return any(board(port) for board in _boards)


def _guarded(guard: Callable[[PaymentProvider], object], factory: Callable[[], object]) -> object:
    return guard(cast("PaymentProvider", factory()))


@cache
def _adapter(port: str) -> object:
    return _factories[port]()


def _at(port: str) -> object:
    """The one adapter of the port: threads that come first at once must not make one each."""
    with _making:
        return _adapter(port)


def payments(provider: str) -> PaymentProvider:
    """The payment provider called `provider`; KeyError when the operator has none such."""
    return cast("PaymentProvider", _at(f"payments:{provider}"))


def providers() -> list[str]:
    """The names of the connected payment providers."""
    return [port.split(":")[1] for port in _factories if port.startswith("payments:")]


def allow_methods(codes: frozenset[str] | None) -> None:
    """The methods that the operator offers, as stripe:card; None for all that there are."""
    _allowed[:] = [] if codes is None else [codes]


def methods_allowed() -> frozenset[str] | None:
    """What `allow_methods` was told."""
    return _allowed[0] if _allowed else None


def has(port: str) -> bool:
    """Whether anything is connected at `port`; network and sms are not in production."""
    return port in _factories


def network() -> NetworkGateway:
    """The network gateway. Raises NetworkUnknown where none is connected: nobody can answer."""
    if not has("network"):
        raise NetworkUnknown("no network is connected")
    return cast("NetworkGateway", _at("network"))


def smdp_plus() -> SmdpPlus:
    """The SM-DP+. Raises EsimUnknown where none is connected: nobody can answer."""
    if not has("smdp_plus"):
        raise EsimUnknown("no SM-DP+ is connected")
    return cast("SmdpPlus", _at("smdp_plus"))


def porting() -> ClearingHouse:
    """The clearing house. Raises PortingUnknown where none is connected: nobody can answer."""
    if not has("porting"):
        raise PortingUnknown("no clearing house is connected")
    return cast("ClearingHouse", _at("porting"))


def identity() -> IdentityChecker:
    """Who checks holders. Raises IdentityUnknown where nobody is connected: nobody can answer."""
    if not has("identity"):
        raise IdentityUnknown("no identity provider is connected")
    return cast("IdentityChecker", _at("identity"))


def email() -> EmailChannel:
    """The e-mail channel."""
    return cast("EmailChannel", _at("email"))


def announce(public_url: str) -> None:
    """Where this installation is seen from outside; providers send holders back there."""
    _addresses["public"] = public_url.rstrip("/")


def public_url() -> str:
    """The address announced by config.wiring."""
    return _addresses["public"]


def sms() -> SmsChannel:
    """The SMS channel; KeyError when the operator has none, see `has`."""
    return cast("SmsChannel", _at("sms"))


def webhooks() -> WebhookChannel:
    """The way to programs of others."""
    return cast("WebhookChannel", _at("webhooks"))


def push() -> PushChannel:
    """The way to browsers; KeyError when the operator has no key for it, see `has`."""
    return cast("PushChannel", _at("push"))
