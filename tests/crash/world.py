"""One story's world: an account on stage, a provider and a network that outlive our processes.

The payment provider is a process of its own (tests/gateways/tills.py); the network and the letters
are files. Our own processes are forks of this one: warm, and mortal.
"""

import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from keepline.accounts.models import IdentityCheck
from keepline.flows import reclaim_number, renew_line, sweep_lines, top_up_wallet
from keepline.flows.errors import FlowRefused
from keepline.flows.line_at_network import standing_of, subscriber_of
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.settle_payment import settle
from keepline.gateways import switchboard
from keepline.gateways.messaging.files import FileEmail
from keepline.gateways.network.fake import FakeNetwork
from keepline.gateways.porting.bridge.fake.books import OPEN
from keepline.inventory.models import Number, Profile
from keepline.ledger.models import Wallet
from keepline.lines import services as lines
from keepline.lines.due import Which
from keepline.lines.models import Extension, NetworkDue, Reversal, Validity
from keepline.messages.models import Delivery, Outbox
from keepline.orders.models import Order
from keepline.payments.models import Dispute, Payment, Refund, SavedMethod
from keepline.porting.models import PortIn, PortOut
from keepline.workers import due
from tests import cast as stage
from tests.gateways.es2plus_process import Es2PlusProcess
from tests.gateways.porting_process import PortingProcess
from tests.gateways.tills import Till, Webhook
from tests.identity import ScriptedChecker

ARRIVES_WITHIN_S = 15


@dataclass
class Outside:
    """What does not die with us."""

    till: Till
    folder: Path
    smdp: Es2PlusProcess
    house: PortingProcess

    def connect(self) -> None:
        """Adapters anew: a fork must not share its parent's sockets."""
        switchboard.connect(f"payments:{self.till.name}", self.till.adapter)
        switchboard.connect("network", self.network)
        switchboard.connect("smdp_plus", self.smdp.adapter)
        switchboard.connect("porting", self.house.adapter)
        switchboard.connect("identity", self.checker)
        switchboard.connect("email", lambda: FileEmail(self.folder / "mail", "k@example.com"))
        switchboard.announce("http://localhost:1")

    def network(self) -> FakeNetwork:
        return FakeNetwork(self.folder / "network.sqlite3")

    def checker(self) -> ScriptedChecker:
        return ScriptedChecker(self.folder / "identity.sqlite3")

    def stock_profile(self, iccid: str) -> None:
        """The SM-DP+ has it, and a good day."""
        self.smdp.call("DELETE", "/behaviour").raise_for_status()
        rows = [{"iccid": iccid, "profile_type": "any"}]
        self.smdp.call("POST", "/profiles", profiles=rows).raise_for_status()


@dataclass
class World:
    """Alice, her line and wallet; `shift` is how far her clock is ahead of the real one."""

    outside: Outside
    cast: stage.Cast
    key: str = field(default_factory=lambda: uuid4().hex)
    shift: timedelta = timedelta()
    arrived: list[Webhook] = field(default_factory=list)
    iccid_for_sale: str = ""

    @property
    def currency(self) -> str:
        return self.cast.account.currency

    @property
    def till(self) -> Till:
        return self.outside.till

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def later(self, **duration: float) -> None:
        self.shift += timedelta(**duration)

    @property
    def key_number(self) -> int:
        """For numbers of this world alone."""
        return int(self.key[:8], 16) % 1_000_000

    @property
    def number_for_sale(self) -> int:
        return int(f"4479{self.key_number:06d}77")

    # --- what the holder's browser or program asks of the web process

    def start(self, **changes: Any) -> None:
        values: dict[str, Any] = {
            "account_id": self.cast.account.id,
            "line_id": self.cast.line.id,
            "plan_code": self.cast.plan.code,
            "currency": self.currency,
            "use_wallet": "part",
            "provider": self.till.name,
            "key": self.key,
            "expected_total_minor": None,
            "actor": "user:1",
            "channel": "portal",
        }
        renew_line.start(renew_line.RenewalRequest(**(values | changes)), self.now())

    def start_top_up(self) -> None:
        asked = top_up_wallet.TopUpRequest(
            self.cast.account.id, 1000, self.currency, self.till.name, self.key, "user:1", "portal"
        )
        top_up_wallet.start(asked, self.now())

    def have_back(self) -> None:
        """The number of the line that ended."""
        reclaim_number.reclaim(
            reclaim_number.ReclaimRequest(
                account_id=self.cast.account.id,
                line_id=self.cast.line.id,
                key=self.key,
                expected_fee_minor=250,
                actor="user:1",
                channel="portal",
            ),
            self.now(),
        )

    def open(self, language: str = "en") -> None:
        try:
            open_payment(self.order().id, language, self.now())
        except FlowRefused as refused:
            if refused.code != "provider_refused":
                raise

    def come_back(self) -> None:
        settle(self.order().id, self.now())

    def webhook(self) -> None:
        """The provider's, with its own signature; it repeats itself until it is answered.

        Each repeat is signed anew (Stripe, the sandbox) or believed for days (PayPal, Alipay): by
        the provider's clock, which is not moved, one that comes late is as good as a fresh one.
        """
        receive_webhook(self.till.name, *self.arrived[0], datetime.now(UTC))

    # --- what the worker process does

    def work(self) -> None:
        due.advance_orders(self.now)
        due.follow_ports(self.now)
        due.follow_checks(self.now)
        due.follow_network(self.now)
        due.send_outbox(self.now)
        due.number_receipts()
        due.tend_methods(self.now)

    def sweep(self) -> None:
        """What the clock has for this world's line alone."""
        sweep_lines.sweep(
            self.now(), Which(first_slot=self.cast.line.slot, last_slot=self.cast.line.slot)
        )

    # --- what happens outside

    def pay(self) -> None:
        """On the provider's page. Nothing, when the holder never got there."""
        payment = Payment.objects.filter(account_id=self.cast.account.id).first()
        if payment and payment.checkout_url:
            self.till.pays(payment)

    def decline(self) -> None:
        """Likewise."""
        self.till.is_declined(self.payment())

    def rest(self, hours: float = 27) -> None:
        """Workers work until nothing is due any more; the clock jumps from due to due."""
        until = self.now() + timedelta(hours=hours)
        while True:
            self.work()
            self.sweep()
            dues = [
                *Order.objects.filter(next_action_at__isnull=False).values_list(
                    "next_action_at", flat=True
                ),
                *Outbox.objects.filter(due_at__isnull=False).values_list("due_at", flat=True),
                *Delivery.objects.filter(due_at__isnull=False).values_list("due_at", flat=True),
                *SavedMethod.objects.filter(
                    account_id=self.cast.account.id, next_action_at__isnull=False
                ).values_list("next_action_at", flat=True),
            ]
            dues += IdentityCheck.objects.filter(
                account_id=self.cast.account.id, next_look_at__isnull=False
            ).values_list("next_look_at", flat=True)
            dues += PortOut.objects.filter(next_look_at__isnull=False).values_list(
                "next_look_at", flat=True
            )
            dues += [
                max(row.due_at, row.told_until or row.due_at) for row in NetworkDue.objects.all()
            ]
            if not dues or min(dues) > until:
                return
            self.shift = max(self.shift, min(dues) - datetime.now(UTC))

    def sleep(self) -> None:
        """Its line has nothing to do for longer than any other world's clock may be ahead."""
        Validity.objects.filter(id=self.cast.line.id, next_action_at__isnull=False).update(
            next_action_at=self.now() + timedelta(days=9)
        )

    def webhook_arrives(self) -> None:
        """At the door of our web process, whether that lives or not."""
        payment, until = self.payment(), time.monotonic() + ARRIVES_WITHIN_S
        while not self.arrived:
            assert time.monotonic() < until, "no webhook came"
            time.sleep(0.01)
            self.arrived = self.till.webhooks(payment)

    # --- what is seen

    def order(self) -> Order:
        found: Order = Order.objects.exclude(kind="opening").get(account_id=self.cast.account.id)
        return found

    def payment(self) -> Payment:
        found: Payment = Payment.objects.get(account_id=self.cast.account.id)
        return found

    def end(self) -> dict[str, Any]:
        """Where everything stands, in words that are the same for every world."""
        account_id = self.cast.account.id
        orders = Order.objects.filter(account_id=account_id).exclude(kind="opening")
        payments = Payment.objects.filter(account_id=account_id)
        wallet = Wallet.objects.get(account_id=account_id, currency=self.currency)
        events = Outbox.objects.filter(account_id=account_id)
        sent = Delivery.objects.filter(account_id=account_id)
        return {
            "orders": [(o.kind, o.state, o.failure_code, o.undo_due) for o in orders],
            "payments": [(p.state, p.captured_minor, p.refunded_minor) for p in payments],
            "at the provider": [self._at_provider(p) for p in payments],
            "wallet": (wallet.posted_minor, wallet.pending_minor),
            "refunds": sorted(
                (r.state, r.amount_minor) for r in Refund.objects.filter(account_id=account_id)
            ),
            "disputes": list(
                Dispute.objects.filter(account_id=account_id).values_list("state", "evidence")
            ),
            "taken back": Reversal.objects.filter(line_id=self.cast.line.id).count(),
            "extensions": Extension.objects.filter(line_id=self.cast.line.id).count(),
            "network": self._service(self.cast.line.id),
            "line": Validity.objects.by_id(self.cast.line.id).state,
            "bought": self._bought(),
            "ways out": self._ways_out(),
            "ways in": self._ways_in(),
            "identity": list(
                IdentityCheck.objects.filter(account_id=account_id).values_list("state", "country")
            ),
            "saved": sorted(
                SavedMethod.objects.filter(account_id=account_id)
                .exclude(state__in=["storing", "abandoned"])
                .values_list("state", flat=True)
            ),
            "told": sorted((e.kind, e.outcome) for e in [*events, *sent]),
            "numbered": all(o.receipt_number for o in orders if o.state == "completed"),
        }

    def _at_provider(self, payment: Payment) -> tuple[str, int, int]:
        provider = switchboard.payments(self.till.name)
        status = provider.ask(payment.id, payment.provider_payment_id)
        return status.status, status.captured_minor, status.refunded_minor

    def _ways_out(self) -> list[tuple[str, str, str]]:
        """How each ended, what is written of the number, and whose it is at the clearing house."""
        return [
            (row.state, Number.objects.get(e164=row.e164).state, self.outside.house.owner(row.e164))
            for row in PortOut.objects.filter(account_id=self.cast.account.id)
        ]

    def _ways_in(self) -> list[tuple[str, bool, str, bool]]:
        """How each ended, whether the number is known here, whose it is at the house, and whether
        we ask for it there still."""
        return [
            (
                row.state,
                Number.objects.filter(e164=row.e164).exists(),
                self.outside.house.owner(row.e164),
                self.outside.house.adapter().ask(row.id).state in OPEN,
            )
            for row in PortIn.objects.filter(account_id=self.cast.account.id)
        ]

    def _bought(self) -> tuple[str | None, ...] | None:
        """Line, number and profile; the profile at the SM-DP+, and the line's service."""
        order = Order.objects.filter(account_id=self.cast.account.id, kind="purchase").first()
        if order is None:
            return None
        there = self.outside.smdp.call("GET", f"/profiles/{self.iccid_for_sale}")
        return (
            Validity.objects.by_id(order.line_id).state,
            Number.objects.filter(e164=self.number_for_sale)
            .values_list("state", flat=True)
            .first(),
            Profile.objects.get(iccid=self.iccid_for_sale).state,
            there.json()["state"] if there.is_success else "unknown",
            self._service(order.line_id),
        )

    def _service(self, line_id: UUID) -> str:
        """Whether the network, if it ever heard of the line, gives what the books say."""
        line = lines.read_line(line_id, self.cast.account.id)
        record = self.outside.network().read(subscriber_of(line))
        if record is None:
            return "nothing"
        standing = standing_of(line, self.now())
        given, booked = record.service, standing and (standing.state, standing.valid_until)
        return "as booked" if (given.state, given.valid_until) == booked else "apart"


def a_world(outside: Outside, currency: str, **cast: Any) -> World:
    """`cast`: arguments of tests.cast.assemble."""
    suffix = uuid4().hex[:8]
    world = World(
        outside, stage.assemble(suffix=suffix, code=f"plan-{suffix}", currency=currency, **cast)
    )
    # The cast's time is long over by a world's clock; only its own acts shall wake the line's.
    rest_until = world.now() + timedelta(days=9)
    Validity.objects.filter(id=world.cast.line.id).update(next_action_at=rest_until)
    return world


def dies(outside: Outside, crash_at: str, act: Callable[[], None]) -> bool:
    """Does `act` in a process that shall be killed at a boundary. Was it?"""
    child = os.fork()
    if child == 0:
        code = 0
        # Not ours: it is kept, for closed or collected it would say goodbye in its parent's name.
        _parents, connection.connection = connection.connection, None
        try:
            os.environ["KEEPLINE_CRASH_AT"] = crash_at
            outside.connect()
            act()
        except BaseException:
            traceback.print_exc()
            code = 70
        os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL), "the process failed instead"
    return os.WIFSIGNALED(status)
