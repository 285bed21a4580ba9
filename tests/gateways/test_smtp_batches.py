"""Many mails over one SMTP connection, and a server that has bad moments in the middle of them."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from keepline.gateways.messaging.port import (
    ChannelDown,
    ChannelRefused,
    ChannelUnavailable,
    EmailMessage,
    SendResult,
    Sent,
)
from keepline.gateways.messaging.smtp import SmtpEmail
from tests.gateways.contract_messaging import SENDER, a_message
from tests.gateways.sandbox_process import free_port


@dataclass
class Office:
    """aiosmtpd's handler. `moods`: what happens to the next mails, by their place; RCPT and DATA
    are answered with the text, "drop" hangs up before the answer to DATA, "leave" before MAIL."""

    moods: dict[int, str] = field(default_factory=dict)
    mails: list[str] = field(default_factory=list)
    sessions: list[Any] = field(default_factory=list)
    place: int = -1

    async def handle_MAIL(  # noqa: N802  (aiosmtpd's name)
        self, server: Any, session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        self.place += 1
        if session not in self.sessions:
            self.sessions.append(session)
        if self.mood == "leave":
            server.transport.abort()
        if self.mood == "421":
            return "421 4.4.2 too many mails for one connection"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.mood.startswith("rcpt "):
            return self.mood[5:]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.mood == "drop":
            server.transport.abort()
            return "451 gone"
        if self.mood.startswith("data "):
            return self.mood[5:]
        self.mails.append(envelope.rcpt_tos[0])
        return "250 OK"

    @property
    def mood(self) -> str:
        return self.moods.get(self.place, "")


@pytest.fixture
def office() -> Iterator[tuple[Office, Controller]]:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    handler = Office()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller
    with suppress(RuntimeError):  # a test may have stopped it
        controller.stop(no_assert=True)


@pytest.fixture
def channel(office: tuple[Office, Controller]) -> SmtpEmail:
    return SmtpEmail(f"smtp://127.0.0.1:{office[1].port}?tls=none&timeout=3", SENDER)


def mails(count: int) -> list[EmailMessage]:
    return [replace(a_message(f"holder{n}@example.org"), attachments=()) for n in range(count)]


def kinds(results: Sequence[Sent]) -> list[str]:
    return [type(result).__name__ for result in results]


def test_a_batch_and_the_next_go_over_one_connection(
    office: tuple[Office, Controller], channel: SmtpEmail
) -> None:
    handler, _ = office
    assert kinds(channel.send_all(mails(5)) + channel.send_all(mails(3))) == ["SendResult"] * 8
    assert len(handler.mails) == 8
    assert len(handler.sessions) == 1


def test_each_recipient_has_its_own_answer(
    office: tuple[Office, Controller], channel: SmtpEmail
) -> None:
    handler, _ = office
    handler.moods = {1: "rcpt 550 5.1.1 no such mailbox", 2: "rcpt 451 4.7.1 greylisted"}
    handler.moods |= {4: "data 552 5.3.4 too big", 5: "data 452 4.3.1 no room"}
    results = channel.send_all(mails(7))
    assert kinds(results) == [
        *("SendResult", "AddressRefused", "ChannelUnavailable", "SendResult"),
        *("ChannelRefused", "ChannelUnavailable", "SendResult"),
    ]
    assert not any(isinstance(result, ChannelDown) for result in results)
    assert handler.mails == [f"holder{n}@example.org" for n in (0, 3, 6)]
    assert len(handler.sessions) == 1, "a no about one mail is no reason to hang up"


def test_a_malformed_address_costs_no_other_mail_anything(
    office: tuple[Office, Controller], channel: SmtpEmail
) -> None:
    batch = [*mails(1), a_message("nobody"), *mails(1)]
    assert kinds(channel.send_all(batch)) == ["SendResult", "AddressRefused", "SendResult"]


def test_who_hangs_up_in_a_mail_may_have_it(
    office: tuple[Office, Controller], channel: SmtpEmail
) -> None:
    """It is tried again later, under the same Message-ID; the others go on."""
    handler, _ = office
    handler.moods = {2: "drop"}
    results = channel.send_all(mails(5))
    assert kinds(results) == [
        *("SendResult", "SendResult", "ChannelUnavailable", "SendResult", "SendResult")
    ]
    assert not isinstance(results[2], ChannelDown)
    assert len(handler.sessions) == 2


@pytest.mark.parametrize("mood", ["leave", "421"])
def test_who_has_had_enough_of_a_connection_gets_another(
    office: tuple[Office, Controller], channel: SmtpEmail, mood: str
) -> None:
    handler, _ = office
    handler.moods = {3: mood}
    assert kinds(channel.send_all(mails(5))) == ["SendResult"] * 5
    assert len(handler.sessions) == 2


def test_who_hangs_up_on_every_mail_is_down(
    office: tuple[Office, Controller], channel: SmtpEmail
) -> None:
    handler, _ = office
    handler.moods = dict.fromkeys(range(99), "drop")
    results = channel.send_all(mails(6))
    assert kinds(results) == ["ChannelUnavailable"] * 2 + ["ChannelDown"] * 4
    assert len(handler.sessions) == 2, "nobody rings again and again"


def test_a_server_that_was_away_is_found_again(
    office: tuple[Office, Controller], channel: SmtpEmail
) -> None:
    handler, controller = office
    assert isinstance(channel.send_all(mails(1))[0], SendResult)
    controller.stop()
    assert kinds(channel.send_all(mails(2))) == ["ChannelDown"] * 2
    again = Controller(handler, hostname="127.0.0.1", port=controller.port)
    again.start()
    try:
        assert kinds(channel.send_all(mails(2))) == ["SendResult"] * 2
    finally:
        again.stop()


def test_a_connection_that_rested_too_long_is_not_used_again(
    office: tuple[Office, Controller],
) -> None:
    handler, controller = office
    seconds = [0.0]
    url = f"smtp://127.0.0.1:{controller.port}?tls=none&timeout=3"
    channel = SmtpEmail(url, SENDER, clock=lambda: seconds[0])
    for at in (0.0, 29.0, 60.0):
        seconds[0] = at
        assert kinds(channel.send_all(mails(1))) == ["SendResult"]
    assert len(handler.sessions) == 2


def test_what_a_wrong_password_says_names_nobody(office: tuple[Office, Controller]) -> None:
    url = f"smtp://office%40example.org:secret@127.0.0.1:{office[1].port}?tls=none"
    (result,) = SmtpEmail(url, SENDER).send_all(mails(1))
    assert isinstance(result, ChannelDown)
    assert "secret" not in str(result)
    assert "office" not in str(result)
    assert not isinstance(result, ChannelRefused | SendResult)
    assert isinstance(result, ChannelUnavailable)
