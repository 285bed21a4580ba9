"""SMS: true, short, in the reader's language, to verified phones alone; and receipts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import translation

from keepline.accounts.models import Membership, Role, User
from keepline.core.telling import GATHERING, TOPIC_OF, Topic
from keepline.flows import take_sms
from keepline.flows.address_event import address
from keepline.flows.deliver_message import deliver
from keepline.flows.telling import ways
from keepline.flows.telling.by_sms import BySms
from keepline.flows.telling.letters import SUBJECTS, SUBJECTS_OF_MANY
from keepline.flows.telling.news import LineNews, News
from keepline.flows.telling.way import Addressee, Letter, Told
from keepline.gateways import switchboard
from keepline.gateways.messaging.inbound import SmsReceipt
from keepline.gateways.messaging.port import SendResult, Sent
from keepline.gateways.messaging.smpp.texts import encoded
from keepline.gateways.messaging.sms import SmsMessage
from keepline.messages import deliveries
from keepline.messages import services as outbox
from keepline.messages.heard_models import EarlyReceipt
from keepline.messages.models import Delivery, Outbox, Reference
from tests.cast import NOW, Cast, assemble, person

pytestmark = pytest.mark.django_db
LANGUAGES = [code for code, _ in settings.LANGUAGES]
DUE = NOW + GATHERING


@dataclass
class Network:
    """Takes everything, and names it by a counter; `unnamed` gives no ids."""

    name: str = "network"
    most_at_once: int = 100
    unnamed: bool = False
    sent: list[SmsMessage] = field(default_factory=list)

    def send_all(self, messages: list[SmsMessage]) -> list[Sent]:
        first = len(self.sent)
        self.sent += messages
        return [SendResult("" if self.unnamed else f"{first + n}") for n in range(len(messages))]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    found = Network()
    before = dict(switchboard._factories)
    switchboard.connect("sms", lambda: found)
    yield found
    switchboard._factories.clear()
    for port, factory in before.items():
        switchboard.connect(port, factory)


@pytest.fixture
def stage() -> Cast:
    cast = assemble()
    with_phone(cast.alice, "+447400123456")
    return cast


def with_phone(user: User, phone: str, verified: bool = True) -> None:
    User.objects.filter(pk=user.pk).update(phone=phone, phone_verified=verified)


def happened(stage: Cast, kind: str = "line.blocked") -> None:
    outbox.put_all([(kind, stage.account.id, stage.line.id)], NOW)


def sent(now: Any = DUE) -> None:
    """Addresses what is due, and sends what is due by SMS."""
    address(NOW, 500)
    way = ways.way("sms")
    deliver(way, deliveries.claim_due("sms", now, 500, timedelta(minutes=5)), now)


def a_letter(kind: str, language: str, lines: int = 1, name: str = "+86 138 0013 8000") -> Letter:
    line = LineNews(
        label=name,
        e164=8613800138000,
        iccid=None,
        valid_until=NOW.replace(month=9, day=30),
        withdrawn_at=NOW.replace(month=12, day=30),
        auto_renew=False,
        charge=None,
    )
    event = Outbox(kind=kind, occurred_at=NOW)
    news = News(order=None, refund=None, dispute=None, line=line)
    reader = Addressee("user:1", "+447400123456", language, "Europe/London")
    return Letter(uuid4(), reader, [Told(event, news)] * lines)


class TestWords:
    @pytest.fixture(autouse=True)
    def at_a_long_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(switchboard._addresses, "public", "https://lines.example-mobile.com")

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", sorted(TOPIC_OF))
    def test_each_kind_fits_two_parts_at_most(self, kind: str, language: str) -> None:
        assert kind in SUBJECTS
        message = BySms().write(a_letter(kind, language))
        assert len(encoded(message.text, 1, "gsm")) <= 2, message.text
        assert message.text.endswith(" https://lines.example-mobile.com/")
        assert "%" not in message.text

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", sorted(SUBJECTS_OF_MANY))
    def test_many_lines_are_one_message(self, kind: str, language: str) -> None:
        message = BySms().write(a_letter(kind, language, lines=37))
        assert "37" in message.text
        assert len(encoded(message.text, 1, "gsm")) <= 2, message.text

    def test_a_reminder_names_line_and_day_in_one_part(self) -> None:
        message = BySms().write(a_letter("line.expiry_near", "en"))
        assert message.text.startswith("+86 138 0013 8000 runs out on 30 September. https://")
        assert len(encoded(message.text, 1, "gsm")) == 1
        chinese = BySms().write(a_letter("line.expiry_near", "zh-hans"))
        assert chinese.text.startswith("+86 138 0013 8000 将于9月30日到期。 https://")
        russian = BySms().write(a_letter("line.expiry_near", "ru"))
        assert russian.text.startswith("+86 138 0013 8000: срок до 30 сентября. https://")
        ukrainian = BySms().write(a_letter("line.expiry_near", "uk"))
        assert ukrainian.text.startswith("Лінія +86 138 0013 8000 діє до 30 вересня. https://")

    def test_a_long_name_is_cut(self) -> None:
        message = BySms().write(a_letter("line.suspended", "en", name="A name " * 20))
        assert message.text.startswith("A name A name A name A.. is suspended.")

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_what_somebody_else_may_have_done_says_so(self, language: str) -> None:
        with translation.override(language):
            asks = translation.gettext("%(sentence)s Was it not you? Look here at once:")
        for kind, topic in TOPIC_OF.items():
            text = BySms().write(a_letter(kind, language)).text
            assert (asks.removeprefix("%(sentence)s") in text) == (topic == Topic.SAFETY)

    def test_the_language_of_the_process_stays(self) -> None:
        before = translation.get_language()
        BySms().write(a_letter("line.blocked", "zh-hans"))
        assert translation.get_language() == before


class TestWhom:
    def test_verified_phones_of_those_who_answer_for_the_account(
        self, stage: Cast, network: Network
    ) -> None:
        dora = person("dora")
        Membership.objects.create(user=dora, account_id=stage.account.id, role=Role.MANAGE)
        with_phone(dora, "+8613800138000")
        with_phone(stage.bob, "+447400123457")  # a member who only looks
        happened(stage)
        sent()
        assert sorted(message.to for message in network.sent) == [
            "+447400123456",
            "+8613800138000",
        ]

    def test_a_phone_that_is_not_verified_gets_nothing(self, stage: Cast, network: Network) -> None:
        with_phone(stage.alice, "+447400123456", verified=False)
        happened(stage)
        sent()
        assert network.sent == []

    def test_what_can_wait_is_not_sent_unasked(self, stage: Cast, network: Network) -> None:
        happened(stage, "line.expiry_near")
        sent()
        assert network.sent == []

    def test_queries_do_not_grow_with_accounts(
        self, stage: Cast, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(1):
            BySms().addressees([stage.account.id, stage.other_account.id])


class TestLater:
    @pytest.fixture(autouse=True)
    def one_that_went_out(self, stage: Cast, network: Network) -> None:
        happened(stage)

    def test_a_receipt_is_noted(self) -> None:
        sent()
        take_sms.take([SmsReceipt("0", "delivered", "DELIVRD")], DUE)
        row = Delivery.objects.get(channel="sms")
        assert (row.outcome, row.delivered_at, row.reason) == ("delivered", DUE, "")
        assert not EarlyReceipt.objects.exists()

    def test_one_that_says_no_has_its_reason(self) -> None:
        sent()
        take_sms.take([SmsReceipt("0", "refused", "UNDELIV 01B")], DUE)
        row = Delivery.objects.get(channel="sms")
        assert (row.outcome, row.delivered_at, row.reason) == ("refused", None, "UNDELIV 01B")

    def test_one_that_is_quicker_than_our_note_waits_for_it(self) -> None:
        take_sms.take([SmsReceipt("0", "delivered", "DELIVRD")], DUE)
        assert take_sms.match_late(DUE) == 0
        sent()
        assert Delivery.objects.get(channel="sms").outcome == "sent"
        assert take_sms.match_late(DUE) == 1
        assert Delivery.objects.get(channel="sms").outcome == "delivered"
        assert take_sms.match_late(DUE) == 0

    def test_a_repeat_changes_nothing(self) -> None:
        sent()
        for later in range(3):
            at = DUE + timedelta(minutes=later)
            take_sms.take([SmsReceipt("0", "delivered", "DELIVRD")], at)
        assert Delivery.objects.get(channel="sms").outcome == "delivered"

    def test_one_of_another_channels_id_is_not_ours(self) -> None:
        sent()
        Reference.objects.update(channel="other")
        take_sms.take([SmsReceipt("0", "delivered", "DELIVRD")], DUE)
        assert Delivery.objects.get(channel="sms").outcome == "sent"

    def test_a_network_without_ids(self, network: Network) -> None:
        network.unnamed = True
        sent()
        assert Delivery.objects.get(channel="sms").outcome == "sent"
        assert not Reference.objects.exists()
