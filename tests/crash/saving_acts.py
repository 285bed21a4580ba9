"""Acts around saved ways to pay: given at the provider's page, chosen for the line, removed."""

from contextlib import suppress
from uuid import UUID

from keepline.flows import save_method
from keepline.flows.errors import FlowRefused
from keepline.flows.forget_method import forget
from keepline.flows.limits import NOBODY
from keepline.flows.save_method import SavingRequest
from keepline.gateways.payments.paypal.adapter import PayPalPayments
from keepline.lines.models import Line
from keepline.payments.models import SavedMethod
from tests.crash.world import World
from tests.gateways.contract_stored import Keeper
from tests.gateways.test_paypal_stored import PayPalKeeper
from tests.gateways.test_sandbox_stored import SandboxKeeper
from tests.gateways.test_stripe_stored import StripeKeeper
from tests.gateways.tills import PayPalTill, SandboxTill, StripeTill


def keeper_at(world: World) -> Keeper:
    """Who acts at the page for keeping of the world's provider."""
    till = world.till
    if isinstance(till, StripeTill):
        return StripeKeeper(till.process, till.inbox)
    if isinstance(till, PayPalTill):
        adapter = till.adapter()
        assert isinstance(adapter, PayPalPayments)
        return PayPalKeeper(till.process, adapter)
    assert isinstance(till, SandboxTill), "Alipay keeps nothing"
    return SandboxKeeper(till.process, till.inbox)


def _method(world: World) -> SavedMethod | None:
    """The last that was begun."""
    return SavedMethod.objects.filter(account_id=world.cast.account.id).order_by("id").last()


def begin(world: World) -> None:
    asked = SavingRequest(
        account_id=world.cast.account.id,
        provider=world.till.name,
        currency=world.currency,
        actor="user:1",
        language="en",
        caller=NOBODY,
    )
    save_method.start(asked, world.now())


def refused(world: World) -> None:
    with world.till.refuses_openings(), suppress(FlowRefused):
        begin(world)


def keep(world: World) -> None:
    """Nothing, when the holder never got to the page."""
    method = _method(world)
    if method is not None and method.checkout_url:
        keeper_at(world).keeps(method.id, "good")


def come_back(world: World) -> None:
    method = _method(world)
    if method is not None:
        save_method.settle(method.id, world.cast.account.id, world.now())


def remove(world: World) -> None:
    method = _method(world)
    if method is not None:
        forget(method.id, world.cast.account.id, "user:1", world.now())


def saved(world: World) -> UUID:
    """A method of the world's holder that may be charged, and pays for the line."""
    begin(world)
    keep(world)
    come_back(world)
    method = _method(world)
    assert method is not None
    assert method.state == "stored"
    Line.objects.filter(id=world.cast.line.id).update(method_id=method.id)
    return UUID(str(method.id))
