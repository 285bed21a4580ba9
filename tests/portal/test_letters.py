"""What letters say: every kind there is, in the reader's language and zone, plain and HTML."""

import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from keepline.flows.telling.letters import SUBJECTS, Words, words_of
from keepline.flows.telling.news import News
from keepline.flows.telling.way import Addressee, Letter, Told
from keepline.lines.models import Line, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments import disputes, refunds
from keepline.payments.models import Dispute, Refund
from keepline.porting import queries as portings
from keepline.porting.models import PortOut
from keepline.slots.ids import new_id
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider
from tests.portal.acts import renewed
from tests.saved import charged_for, saved
from tests.telling import written

pytestmark = pytest.mark.django_db
ENGLISH = re.compile(r"(?<![/\w-])[a-z]{2,} [a-z]{2,}")  # two words: one may be a name
READER = Addressee("user:1", "alice@example.com", "en", "Europe/Berlin", "Alice")


def letter(stage: Cast, kind: str, order: Order, language: str = "en") -> Words:
    about_line = kind.startswith("port.") or kind == "number.ported"
    event = Outbox(
        kind=kind,
        account_id=stage.account.id,
        line_id=stage.line.id,
        order_id=None if about_line else order.id,
        occurred_at=NOW,
    )
    zone = "Asia/Shanghai" if language == "zh-hans" else "Europe/Berlin"
    return written(event, Addressee("user:1", "alice@example.com", language, zone, "Alice"), NOW)


def _event(stage: Cast, kind: str) -> Outbox:
    return Outbox(
        kind=kind,
        account_id=stage.account.id,
        line_id=stage.line.id,
        occurred_at=NOW,
    )


def _near(stage: Cast) -> Outbox:
    return _event(stage, "line.expiry_near")


def test_a_renewal_is_confirmed(stage: Cast, alice: Client) -> None:
    order = Order.objects.get(id=renewed(alice, stage))
    english = letter(stage, "line.renewed", order)
    for said in (
        "20 March 2026, 13:00",
        "20 April 2026, 13:00",
        "US$3.00",
        f"/orders/{order.id}/",
    ):
        assert said in english.text
        assert said in english.html
    assert "<" not in english.text
    chinese = letter(stage, "line.renewed", order, "zh-hans")
    assert "2026年4月20日 19:00" in chinese.text
    assert chinese.subject != english.subject


@pytest.mark.parametrize("kind", SUBJECTS)
@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_every_kind_has_words(
    kind: str, language: str, stage: Cast, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = Refund(
        amount_minor=300,
        method_minor=200,
        sent_minor=200,
        sent_currency="USD",
        currency="USD",
        ends_service=True,
    )
    dispute = Dispute(amount_minor=300, currency="USD", blocks_line=True, ends_service=True)
    order = Order.objects.get(id=renewed(alice, stage, pay="none:sandbox"))
    monkeypatch.setattr(refunds, "among", lambda ids: dict.fromkeys(ids, refund))
    monkeypatch.setattr(disputes, "last_of_orders", lambda ids: dict.fromkeys(ids, dispute))
    way_out = PortOut(ready_at=NOW, valid_until=NOW, recipient="elsewhere", cut_over_at=NOW)
    monkeypatch.setattr(portings, "last_among", lambda ids: dict.fromkeys(ids, way_out))
    Order.objects.filter(id=order.id).update(failure_code="promise_passed")
    told = letter(stage, kind, order, language)
    first = told.text.splitlines()[0]
    assert len(first) > 8
    assert first in unescape(strip_tags(told.html))
    assert told.subject in unescape(told.html)
    if language != "en":
        assert ENGLISH.findall(f"{told.subject}\n{told.text}") == []
        assert ENGLISH.findall(strip_tags(told.html)) == []


@pytest.mark.parametrize(
    "kind",
    [
        "line.expiry_near",
        "line.expired",
        "line.suspended",
        "line.withdrawal_near",
        "line.withdrawn",
    ],
)
def test_of_a_line_without_a_number_no_number_is_spoken(kind: str, stage: Cast) -> None:
    Line.objects.filter(id=stage.line.id).update(label="Van 3", e164=None)
    told = written(_event(stage, kind), READER, NOW)
    assert "Van 3" in told.text
    footless = told.text.partition("-- ")[0]
    assert "number" not in f"{told.subject} {footless}".lower()


def test_where_help_is_asked_for_stands_beneath(
    stage: Cast, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ">Help<" not in written(_near(stage), READER, NOW).html
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, help_url="mailto:help@example.com"))
    told = written(_near(stage), READER, NOW)
    assert '<a href="mailto:help@example.com">Help</a>' in told.html
    assert "Help: help@example.com" in told.text
    page = alice.get("/nothing-here/").content.decode()
    assert 'href="mailto:help@example.com">Help</a>' in page


@pytest.mark.parametrize("kind", ["identity.verified", "endpoint.switched_off"])
def test_what_is_about_no_order_names_none(kind: str, stage: Cast) -> None:
    event = Outbox(kind=kind, account_id=stage.account.id, occurred_at=NOW)
    told = written(event, READER, NOW)
    assert "More about it" in told.html
    assert "order" not in told.text


@pytest.mark.parametrize(
    ("auto_renew", "said", "unsaid"),
    [
        (True, "It renews by itself from your wallet", "Renew it before then"),
        (False, "the number is withdrawn on 18 June 2026", "renews by itself"),
    ],
)
def test_a_reminder_tells_what_will_happen_to_this_line(
    auto_renew: bool, said: str, unsaid: str, stage: Cast
) -> None:
    Line.objects.filter(id=stage.line.id).update(e164=447700900000)
    Validity.objects.filter(id=stage.line.id).update(auto_renew=auto_renew)
    near = _near(stage)
    recipient = Addressee("user:1", "alice@example.com", "en", "Europe/Berlin", "Alice")
    with CaptureQueriesContext(connection) as queries:
        told = written(near, recipient, NOW)
    assert said in told.text
    assert unsaid not in told.text
    assert len(queries) <= 3


@pytest.mark.parametrize(
    ("expires_on", "said"),
    [
        (None, "on 17 March 2026, 13:00 for US$3.00: from your wallet, and what that lacks from"),
        (date(2026, 3, 15), "Test card 4242, which pays what your wallet lacks, expires before"),
    ],
    ids=str,
)
def test_a_charge_is_announced_with_its_day_and_amount(
    expires_on: date | None, said: str, stage: Cast, provider: FakeProvider
) -> None:
    Validity.objects.filter(id=stage.line.id).update(auto_renew=True)
    charged_for(stage, saved(stage, provider, expires_on))
    near = _near(stage)
    recipient = Addressee("user:1", "alice@example.com", "en", "Europe/Berlin", "Alice")
    with CaptureQueriesContext(connection) as queries:
        told = written(near, recipient, NOW)
    assert said in told.text
    assert len(queries) <= 8  # for any number of letters


def test_an_approval_leads_to_the_checkout(stage: Cast, alice: Client) -> None:
    order = Order.objects.get(id=renewed(alice, stage))
    told = letter(stage, "line.approval_needed", order)
    assert f"/lines/{stage.line.id}/renew/" in told.text
    assert "your bank wants you to approve" in told.text


def test_a_label_is_text_wherever_it_is_read(stage: Cast) -> None:
    Line.objects.filter(id=stage.line.id).update(label="Mum & <Dad>")
    near = _near(stage)
    told = written(
        near, Addressee("user:1", "alice@example.com", "en", "Europe/Berlin", "Alice"), NOW
    )
    assert "Mum & <Dad>" in told.text
    assert "Mum &amp; &lt;Dad&gt;" in told.html


@pytest.mark.parametrize(("former", "told"), [("+447700900000", True), ("+447700900009", False)])
def test_who_signed_in_with_a_number_that_went_is_told(
    former: str, told: bool, stage: Cast
) -> None:
    reader = READER._replace(former_phone=former)
    Line.objects.filter(id=stage.line.id).update(e164=447700900000)
    said = "Sign in with alice@example.com from now on."
    for kind, of_a_number in (("line.closed", True), ("line.withdrawn", True), ("line.blocked", 0)):
        event = _near(stage)
        event.kind = kind
        assert (said in written(event, reader, NOW).text) is bool(told and of_a_number)
    order = Order(id=new_id(stage.account.slot), account_id=stage.account.id, currency="USD")
    order.proof, order.stock = {"number_before": 447700900000}, {"number": 447700900001}
    news = News(order=order, refund=None, dispute=None, line=None)
    event = Outbox(kind="number.changed", account_id=stage.account.id, order_id=order.id)
    changed = Letter(new_id(0), reader, [Told(event, news)])
    assert (said in words_of(changed).text) is told


def test_an_opening_lock_says_from_when_on(stage: Cast) -> None:
    Line.objects.filter(id=stage.line.id).update(transfer_lock=True, unlocks_at=NOW)
    event = _near(stage)
    event.kind = "line.unlocking"
    assert "From 10 March 2026, 13:00 on its number" in written(event, READER, NOW).text
