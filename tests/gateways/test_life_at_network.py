"""A line's whole life, step by step, as the network holds it: the real osmo-hlr, and the fake.

After each step the network's own interface and its own database say what the books say. Nobody
tells the network of a step here but the workers' loops.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import UUID

import pytest

from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Plan, Policy
from keepline.core.lifecycle.order import OrderState
from keepline.flows import buy_line, change_number, renew_line, switch_carrier
from keepline.flows.audit_books import audit, invariants
from keepline.flows.close_line import close
from keepline.flows.line_at_network import standing_of
from keepline.flows.reclaim_number import ReclaimRequest, reclaim
from keepline.flows.sweep_lines import sweep
from keepline.flows.switch_carrier import CarrierSwitchRequest
from keepline.gateways import switchboard
from keepline.gateways.network.fake import FakeNetwork
from keepline.gateways.network.port import NetworkGateway, Subscriber
from keepline.inventory.models import Pool, Profile
from keepline.lines import services as lines
from keepline.lines.models import Line, NetworkDue, Validity
from keepline.orders.models import Order
from keepline.workers import due
from tests.cast import NOW, Cast, assemble
from tests.flows import acts
from tests.flows.at_once import work_off
from tests.flows.buying import request
from tests.flows.changing import number_change
from tests.gateways.hlr_process import HlrProcess, hlr_process
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WORDS = {(True, True): "active", (True, False): "inbound_only", (False, False): "off"}


class Held(NamedTuple):
    """A line as somebody says it is: its number, and what it can do."""

    msisdn: int
    state: str


class Element(Protocol):
    """A network, and two ways to see what it holds that are not Keepline's word for it."""

    def gateway(self) -> NetworkGateway: ...
    def away(self) -> AbstractContextManager[None]: ...
    def by_interface(self, subscriber: Subscriber) -> Held | None: ...
    def by_database(self, subscriber: Subscriber) -> Held | None: ...


class RealHlr:
    """Debian's osmo-hlr: its control interface, and its SQLite file."""

    def __init__(self, process: HlrProcess) -> None:
        self.process = process

    def gateway(self) -> NetworkGateway:
        return self.process.adapter()

    @contextmanager
    def away(self) -> Iterator[None]:
        self.process.kill()
        yield
        self.process.start()

    def by_interface(self, subscriber: Subscriber) -> Held | None:
        said = self.process.info(str(subscriber.imsi))
        return _held(said.get("msisdn"), said.get("nam_cs") == "1", said.get("nam_ps") == "1")

    def by_database(self, subscriber: Subscriber) -> Held | None:
        return _held(*self.process.rows().get(str(subscriber.imsi), (None, False, False)))


def _held(msisdn: str | None, cs: bool, ps: bool) -> Held | None:
    if msisdn is None:  # a card that rests
        assert not cs
        assert not ps
        return None
    return Held(int(msisdn), WORDS[cs, ps])


class Fake:
    """The shipped fake network: its port, and its file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def gateway(self) -> NetworkGateway:
        return FakeNetwork(self.file)

    @contextmanager
    def away(self) -> Iterator[None]:
        fake = FakeNetwork(self.file)
        fake.set_behaviour("down")
        yield
        fake.set_behaviour("normal")

    def by_interface(self, subscriber: Subscriber) -> Held | None:
        record = self.gateway().read(subscriber)
        return record and Held(record.msisdn or 0, record.service.state)

    def by_database(self, subscriber: Subscriber) -> Held | None:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as memory:
            msisdn, desired = memory.execute(
                "SELECT msisdn, desired FROM operations WHERE line_ref = ? AND state = 'applied'"
                " ORDER BY seq DESC LIMIT 1",
                (subscriber.line_ref,),
            ).fetchone()
        return desired and Held(msisdn, json.loads(desired)["state"])


@pytest.fixture(params=["fake", pytest.param("osmo-hlr", marks=pytest.mark.osmo_hlr)])
def element(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Element]:
    before = switchboard._factories.get("network")
    if request.param == "fake":
        found: Element = Fake(tmp_path / "network.sqlite3")
        switchboard.connect("network", found.gateway)
        yield found
    else:
        with hlr_process(tmp_path) as process:
            found = RealHlr(process)
            switchboard.connect("network", found.gateway)
            yield found
    if before is not None:
        switchboard.connect("network", before)


class Life:
    """One line from its sale to its end. Each step leaves the workers' work done."""

    def __init__(self, element: Element, cast: Cast) -> None:
        self.element, self.cast, self.now = element, cast, NOW
        self.keys = iter(f"key-{number:04}" for number in range(1, 100))
        self.line_id: UUID | None = None

    def is_sold(self, sim: str) -> None:
        started = buy_line.start(request(self.cast, key=next(self.keys), sim=sim), self.now)
        self.line_id = Order.objects.by_id(started.order_id).served_line
        self.workers_work()

    def is_renewed(self) -> None:
        wanted = acts.request(self.cast, line_id=self.line_id, key=next(self.keys))
        started = renew_line.start(wanted, self.now)
        self.workers_work()
        assert Order.objects.by_id(started.order_id).state == OrderState.COMPLETED

    def the_clock_goes_on(self, until: datetime) -> None:
        self.now = until
        sweep(self.now)
        self.workers_work()

    def expires(self) -> None:
        self.the_clock_goes_on(self.validity().valid_until + timedelta(minutes=1))

    def is_suspended(self) -> None:
        self.the_clock_goes_on(self.validity().since_at + 30 * DAY)

    def is_withdrawn(self) -> None:
        Validity.objects.filter(id=self.line_id).update(warned_at=self.now)
        self.the_clock_goes_on(self.validity().since_at + 60 * DAY)

    def gets_another_number(self) -> None:
        before = Line.objects.by_id(self.the_line).e164
        Policy.objects.update(number_change_fee_minor={"USD": 100})
        catalog.forget()
        wanted = number_change(self.cast, line_id=self.the_line, key=next(self.keys))
        change_number.start(wanted, self.now)
        self.workers_work()
        assert Line.objects.by_id(self.the_line).e164 not in (before, None)

    def goes_to_another_carrier(self, code: str) -> None:
        """What it was on before rests at the network; what it is on now has its number."""
        before = self.subscriber()
        wanted = CarrierSwitchRequest(
            self.cast.account.id,
            self.the_line,
            next(self.keys),
            None,
            "user:1",
            "portal",
            carrier=code,
        )
        switch_carrier.start(wanted, self.now)
        self.workers_work()
        assert self.subscriber().imsi != before.imsi
        assert self.element.by_interface(before) is None

    def is_had_back(self) -> None:
        """The line that follows is the one that is looked at from now on."""
        wanted = ReclaimRequest(
            self.cast.account.id, self.the_line, next(self.keys), None, "user:1", "portal"
        )
        started = reclaim(wanted, self.now)
        self.line_id = Order.objects.by_id(started.order_id).served_line
        self.workers_work()

    def is_closed(self) -> None:
        close(self.cast.account.id, self.the_line, "user:1", self.now)
        self.workers_work()

    def workers_work(self) -> None:
        work_off(self.now)
        due.follow_network(lambda: self.now)

    @property
    def the_line(self) -> UUID:
        assert self.line_id is not None
        return self.line_id

    def validity(self) -> Validity:
        found: Validity = Validity.objects.by_id(self.the_line)
        return found

    def everywhere(self) -> str:
        """What the line can do, by the interface, the database and the books, which agree."""
        line = lines.read_line(self.the_line, self.cast.account.id)
        standing, subscriber = standing_of(line, self.now), self.subscriber()
        booked = Held(line.e164 or 0, standing.state) if standing else None
        assert self.element.by_interface(subscriber) == booked
        assert self.element.by_database(subscriber) == booked
        assert not NetworkDue.objects.exists()
        return booked.state if booked else "nothing"

    def subscriber(self) -> Subscriber:
        """Who it is or, at its end, was: what Keepline does not name any more is looked at too."""
        line = Line.objects.by_id(self.the_line)
        known = (0, 10**6, 2 * 10**6)
        imsi = next(shelves.imsi(n) for n in known if shelves.iccid(n) == line.iccid)
        return Subscriber(str(line.id), line.e164, line.iccid, imsi)


@pytest.fixture
def life(element: Element) -> Life:
    cast = assemble(wallet_minor=10_000)
    Validity.objects.update(next_action_at=NOW + 9999 * DAY)  # the cast's own line has no part
    shelves.numbers(shelves.pool("uk"), 3)
    shelves.cards(shelves.pool("uk-sim", "card"), 1)
    codes = {"smdp_address": "smdp.example.com", "matching_id": "A-B-C"}
    shelves.profiles(shelves.pool("uk-esim", "profile"), 1, **codes)
    return Life(element, cast)


@pytest.mark.parametrize("sim", ["card", "profile"])
def test_from_sale_to_end(life: Life, sim: str) -> None:
    life.is_sold(sim)
    assert life.everywhere() == "active"
    life.expires()
    assert life.everywhere() == "inbound_only"
    life.is_renewed()
    assert life.everywhere() == "active"
    life.expires()
    life.is_suspended()
    assert life.everywhere() == "off"
    life.is_renewed()
    assert life.everywhere() == "active"
    life.gets_another_number()
    assert life.everywhere() == "active"
    life.is_closed()
    assert life.everywhere() == "nothing"
    assert audit(life.now, invariants()) == []


def test_nobody_renews_it(life: Life) -> None:
    life.is_sold("card")
    life.expires()
    life.is_suspended()
    assert life.everywhere() == "off"
    life.is_withdrawn()
    assert life.everywhere() == "nothing"
    life.is_had_back()
    assert life.everywhere() == "off"
    life.is_renewed()
    assert life.everywhere() == "active"
    assert audit(life.now, invariants()) == []


def test_an_element_that_is_away_hears_the_last_word_alone(life: Life) -> None:
    """It expired and was suspended while nobody answered: what holds then is told, once."""
    life.is_sold("card")
    with life.element.away():
        life.expires()
        life.is_suspended()
        row = NetworkDue.objects.get()
        assert (row.version, row.attempts) == (2, 1)  # changed twice, told of in vain since
    assert life.element.by_database(life.subscriber()) == Held(shelves.FIRST, "active")
    life.now += timedelta(minutes=5)
    life.workers_work()
    assert life.everywhere() == "off"


def test_from_carrier_to_carrier(life: Life) -> None:
    """Two profiles on one phone: the network serves one of them at a time."""
    behind = [Carrier.objects.create(code=c, name=c, country="GB") for c in ("first", "second")]
    Plan.objects.update(carrier_ids=[each.id for each in behind], keeps_profiles=True)
    Policy.objects.update(carrier_switch_days=0)
    catalog.forget()
    Pool.objects.filter(code="uk-esim").update(carrier=behind[0])
    shelves.profiles(
        shelves.pool("second-esim", "profile", carrier=behind[1]),
        1,
        first=2 * 10**6,
        smdp_address="smdp.example.com",
        matching_id="D-E-F",
    )
    life.is_sold("profile")
    assert life.everywhere() == "active"
    Profile.objects.filter(line_id=life.the_line).update(state="installed")
    life.goes_to_another_carrier("second")
    assert life.everywhere() == "active"
    Profile.objects.filter(line_id=life.the_line).update(state="installed")
    life.goes_to_another_carrier("first")  # without a download
    assert life.everywhere() == "active"
    life.expires()
    assert life.everywhere() == "inbound_only"
    life.goes_to_another_carrier("second")
    assert life.everywhere() == "inbound_only"
    life.is_closed()
    assert life.everywhere() == "nothing"
    assert audit(life.now, invariants()) == []
