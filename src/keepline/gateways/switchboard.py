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
    """The same before GUARDED, and before each element of a carrier's own, but not before what
    stands for all elements of a port. The guard is told the port's name."""
    for port in [port for port in _factories if _is_element(port)]:
        factory = _factories[port]
        connect(port, partial(lambda port, factory: guard(port, factory()), port, factory))


def put_up(board: Callable[[str], bool]) -> None:
    """Where all processes read which ports are known to be down."""
    _boards[:] = [board]


def is_down(port: str, carrier: str = "") -> bool:
    """Whether what stands at the port, for this carrier, is known to give no answer. Asks the
    board, not the port."""
    return any(board(element_of(port, carrier)) for board in _boards)


def connect_own(port: str, carrier: str, factory: Callable[[], object]) -> None:
    """Names the element of one carrier at `port`: network or smdp_plus. Once, at start."""
    connect(f"{port}:{carrier}", factory)
    if port == "network" and f"{port}:" not in _factories:
        if has(port):
            connect(f"{port}:", _factories[port])
        connect(port, _networks)


def has_own(port: str) -> bool:
    """Whether any carrier has an element of its own at `port`."""
    return any(name.startswith(f"{port}:") for name in _factories)


def lane_of(carrier: str) -> str:
    """The carrier, if it has any element of its own; "" stands for those of all others."""
    own = carrier and any(f"{port}:{carrier}" in _factories for port in GUARDED)
    return carrier if own else ""


def element_of(port: str, carrier: str) -> str:
    """The name under which the carrier's element is connected: its own, or that of all others."""
    names = (f"{port}:{carrier}", f"{port}:", port)
    return next((name for name in names if name in _factories), port)


def _networks() -> object:
    """One network for flows, each of whose lines is told to its carrier's element."""
    from keepline.gateways.network.by_carrier import NetworkByCarrier

    own = [name for name in _factories if name.startswith("network:")]
    return NetworkByCarrier(
        {name.partition(":")[2]: cast("NetworkGateway", _at(name)) for name in own}
    )


def _is_element(port: str) -> bool:
    kind, parted, _ = port.partition(":")
    return kind in GUARDED and (bool(parted) or not (kind == "network" and has_own(kind)))


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


def smdp_plus(carrier: str = "") -> SmdpPlus:
    """The carrier's own SM-DP+, or that of all others. Raises EsimUnknown where none is connected:
    nobody can answer."""
    if not has_smdp_plus(carrier):
        raise EsimUnknown("no SM-DP+ is connected")
    return cast("SmdpPlus", _at(element_of("smdp_plus", carrier)))


def has_smdp_plus(carrier: str = "") -> bool:
    """Whether any is connected for profiles of this carrier."""
    return has(element_of("smdp_plus", carrier))


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
