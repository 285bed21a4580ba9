"""E-mail over SMTP keeps the contract, against a real server on loopback."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage as MimeMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from keepline.gateways.messaging.port import (
    AddressRefused,
    ChannelRefused,
    ChannelUnavailable,
    EmailChannel,
)
from keepline.gateways.messaging.smtp import SmtpAddress, SmtpEmail
from tests.gateways.contract_messaging import SENDER, Arrived, MessagingContract, a_message
from tests.gateways.sandbox_process import free_port


class MailServer:
    """aiosmtpd's handler: keeps what it accepts; replies as told to RCPT and DATA."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.rcpt_reply = self.data_reply = "250 OK"
        self.url = ""

    async def handle_RCPT(self, *args: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        envelope, address = args[2], args[3]
        if self.rcpt_reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt_reply

    async def handle_DATA(self, *args: Any) -> str:  # noqa: N802
        if self.data_reply.startswith("2"):
            self.envelopes.append(args[2])
        return self.data_reply


def authenticate(_server: Any, _session: Any, _envelope: Any, _how: Any, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (b"post@office", b"p/w:1"))


@pytest.fixture
def server() -> Iterator[MailServer]:
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    handler = MailServer()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticate,
        auth_require_tls=False,
    )
    controller.start()
    handler.url = f"127.0.0.1:{controller.port}?tls=none&timeout=5"
    yield handler
    controller.stop()


class TestSmtpContract(MessagingContract):
    @pytest.fixture
    def channel(self, server: MailServer) -> EmailChannel:
        return SmtpEmail(f"smtp://{server.url}", SENDER)

    @pytest.fixture
    def arrived(self, server: MailServer) -> Arrived:
        def mails() -> list[MimeMessage]:
            read = [
                message_from_bytes(envelope.original_content or b"", policy=policy.default)
                for envelope in server.envelopes
            ]
            return [mail for mail in read if isinstance(mail, MimeMessage)]

        return mails

    def test_envelope_names_one_recipient(self, server: MailServer, channel: EmailChannel) -> None:
        channel.send(a_message())
        (envelope,) = server.envelopes
        assert envelope.mail_from == "no-reply@harbour.example"
        assert envelope.rcpt_tos == ["holder@example.org"]

    def test_each_letter_comes_back_to_an_address_of_its_own(self, server: MailServer) -> None:
        bounces = "bounces@mail.harbour.example"
        channel = SmtpEmail(f"smtp://{server.url}", SENDER, bounces=bounces)
        channel.send(replace(a_message(), return_token="abc234"))
        channel.send(a_message())  # about signing in
        assert [envelope.mail_from for envelope in server.envelopes] == [
            "bounces+abc234@mail.harbour.example",
            "no-reply@harbour.example",
        ]

    def test_no_text_ends_the_mail_or_has_line_ends_that_servers_disagree_about(
        self, server: MailServer, channel: EmailChannel
    ) -> None:
        text = "one\r.\r\ntwo\n.\nthree\r\n.\r\n..four\n\r"
        channel.send(replace(a_message(), text=text, html=None, attachments=()))
        (envelope,) = server.envelopes
        content = bytes(envelope.original_content or b"")
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
        read = message_from_bytes(content, policy=policy.default)
        assert isinstance(read, MimeMessage)
        assert read.get_content().split() == ["one", ".", "two", ".", "three", ".", "..four"]

    @pytest.mark.parametrize("step", ["rcpt_reply", "data_reply"])
    def test_5xx_is_refused_for_good(
        self, server: MailServer, channel: EmailChannel, step: str
    ) -> None:
        setattr(server, step, "550 5.1.1 no such mailbox")
        with pytest.raises(ChannelRefused) as refusal:
            channel.send(a_message())
        assert refusal.value.code == "550"
        assert "no such mailbox" in refusal.value.message

    @pytest.mark.parametrize(
        ("reply", "about_the_address"),
        [
            ("550 5.1.1 no such mailbox", True),
            ("550 no such mailbox", True),
            ("553 5.7.1 your server is on a list", False),
            ("550 5.7.26 neither SPF nor DKIM", False),
        ],
    )
    def test_a_verdict_on_the_mail_says_nothing_of_the_address(
        self, server: MailServer, channel: EmailChannel, reply: str, about_the_address: bool
    ) -> None:
        server.rcpt_reply = reply
        with pytest.raises(ChannelRefused) as refusal:
            channel.send(a_message())
        assert isinstance(refusal.value, AddressRefused) is about_the_address

    @pytest.mark.parametrize("step", ["rcpt_reply", "data_reply"])
    def test_4xx_is_tried_again(self, server: MailServer, channel: EmailChannel, step: str) -> None:
        setattr(server, step, "451 4.3.0 come back later")
        with pytest.raises(ChannelUnavailable):
            channel.send(a_message())

    def test_sign_in_with_percent_encoded_password(self, server: MailServer) -> None:
        channel = SmtpEmail(f"smtp://post%40office:p%2Fw%3A1@{server.url}", SENDER)
        assert channel.send(a_message()).reference

    def test_wrong_password_leaves_the_mail_waiting(self, server: MailServer) -> None:
        with pytest.raises(ChannelUnavailable):
            SmtpEmail(f"smtp://post%40office:wrong@{server.url}", SENDER).send(a_message())
        assert server.envelopes == []

    def test_server_without_tls_gets_nothing_when_tls_is_asked(self, server: MailServer) -> None:
        url = server.url.replace("tls=none", "tls=starttls")
        with pytest.raises((ChannelUnavailable, ChannelRefused)):
            SmtpEmail(f"smtp://{url}", SENDER).send(a_message())
        assert server.envelopes == []


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(ChannelUnavailable):
        SmtpEmail(f"smtp://127.0.0.1:{free_port()}?timeout=1", SENDER).send(a_message())


def test_tls_is_the_default_beyond_this_machine() -> None:
    assert SmtpAddress.read("smtp://mail.example").tls == "starttls"
    assert SmtpAddress.read("smtp://mail.example").port == 587
    assert SmtpAddress.read("smtp://mail.example?tls=implicit").port == 465
    assert SmtpAddress.read("smtps://mail.example").tls == "implicit"
    assert SmtpAddress.read("smtp://localhost:1025").tls == "none"


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "smtp://u:secret@?tls=none"])
def test_senseless_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="an SMTP address reads") as refusal:
        SmtpAddress.read(url)
    assert "secret" not in str(refusal.value)


def test_password_is_not_shown() -> None:
    assert "secret" not in repr(SmtpAddress.read("smtp://u:secret@mail.example"))
