"""A visitor, and letter boxes that keep what sign-in sends."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.test import Client

from keepline.gateways import switchboard
from keepline.gateways.messaging.port import Sent, one_by_one
from keepline.gateways.messaging.sms import SendResult, SmsMessage
from tests.doubles import Mailbox

if TYPE_CHECKING:
    from keepline.accounts.models import User

GOOD = "lorry amber tunic fossil"
BETTER = "velvet orbit canyon thirty"
EMAIL = "dora@example.com"
PHONE = "+447400123456"


@dataclass
class Handset:
    """Keeps the SMS that were sent."""

    name: str = "handset"
    sent: list[SmsMessage] = field(default_factory=list)

    def send(self, message: SmsMessage) -> SendResult:
        self.sent.append(message)
        return SendResult(str(message.message_id))

    def send_all(self, messages: Sequence[SmsMessage]) -> list[Sent]:
        return one_by_one(self.send, messages)

    def code(self) -> str:
        found = re.search(r"#(\d{6})$", self.sent[-1].text)
        assert found, self.sent[-1].text
        return found[1]


@pytest.fixture(autouse=True)
def mailbox(db: None) -> Mailbox:
    cache.clear()  # the counters of rate limits
    fake = Mailbox()
    switchboard.connect("email", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def handset() -> Iterator[Handset]:
    """For other tests there are no SMS."""
    fake = Handset()
    switchboard.connect("sms", lambda: fake)
    yield fake
    switchboard._factories.pop("sms", None)


@pytest.fixture
def visitor() -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en")


@pytest.fixture
def dora() -> "User":
    """Signs in by e-mail; both addresses verified."""
    from django.utils import timezone

    from keepline.accounts.services import admit_user
    from keepline.flows.open_account import open_account

    user = admit_user(GOOD, email=EMAIL, phone=PHONE, name="Dora")
    open_account(user, "EUR", "en", "UTC", timezone.now())
    return user


def sign_in(client: Client, login: str = EMAIL, password: str = GOOD) -> int:
    """POSTs the sign-in form; the answer's status (302: in, 200: refused)."""
    data = {"login": login, "password": password}
    return client.post("/accounts/login/", data).status_code


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def confirm(client: Client) -> None:
    """Types the password again, as changes of sign-in demand."""
    client.post("/accounts/reauthenticate/", {"password": GOOD})
