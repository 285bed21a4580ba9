"""What every e-mail channel must keep. Subclassed by each adapter's test.

The subclass gives two fixtures: `channel`, the adapter (its sender is SENDER), and `arrived`,
which tells the mails that came out at the other end, oldest first.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage as MimeMessage
from uuid import uuid4

import pytest

from keepline.gateways.messaging.port import (
    AddressRefused,
    Attachment,
    ChannelRefused,
    EmailChannel,
    EmailMessage,
    SendResult,
)

SENDER = "Harbour eSIM, 海港通信 <no-reply@harbour.example>"
Arrived = Callable[[], list[MimeMessage]]


def a_message(to: str = "holder@example.org") -> EmailMessage:
    """A message with everything that a message can have."""
    return EmailMessage(
        message_id=uuid4(),
        to=to,
        subject="续费成功：您的号码有效期至 2027 年 5 月 3 日 · €19.99 taken, your line lives on",
        text="Paid: €19.99\n.\nA line with a dot alone, and a long one: " + "x" * 2000 + "\n",
        html="<p>Paid: <b>€19.99</b></p>",
        attachments=(Attachment("收据 1.pdf", "application/pdf", bytes(range(256)) * 20),),
        language="zh-Hans",
    )


def text_of(mail: MimeMessage, kind: str) -> str:
    """The text of one kind, with line ends as Python has them."""
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


class MessagingContract:
    """The contract."""

    def test_everything_arrives_whole(self, channel: EmailChannel, arrived: Arrived) -> None:
        message = a_message()
        channel.send(message)
        (mail,) = arrived()
        assert mail["Subject"] == message.subject
        assert mail["To"].addresses[0].addr_spec == message.to
        assert mail["From"].addresses[0].addr_spec == "no-reply@harbour.example"
        assert mail["From"].addresses[0].display_name == "Harbour eSIM, 海港通信"
        assert mail["Content-Language"] == "zh-Hans"
        assert text_of(mail, "plain") == message.text
        assert text_of(mail, "html").strip() == message.html
        (attachment,) = mail.iter_attachments()
        assert attachment.get_filename() == "收据 1.pdf"
        assert attachment.get_content_type() == "application/pdf"
        assert attachment.get_content() == message.attachments[0].content

    def test_several_are_answered_in_their_order(
        self, channel: EmailChannel, arrived: Arrived
    ) -> None:
        batch = [a_message("one@example.org"), a_message("nobody"), a_message("two@example.org")]
        first, malformed, last = channel.send_all(batch)
        assert isinstance(malformed, AddressRefused)
        assert isinstance(first, SendResult)
        assert first.reference == f"<{batch[0].message_id}@harbour.example>"
        assert isinstance(last, SendResult)
        assert last.reference == f"<{batch[2].message_id}@harbour.example>"
        assert {mail["Message-ID"] for mail in arrived()} == {first.reference, last.reference}

    def test_letters_that_may_be_ended_say_how(
        self, channel: EmailChannel, arrived: Arrived
    ) -> None:
        channel.send(replace(a_message(), unsubscribe="https://harbour.example/unsubscribe/x.y/"))
        (mail,) = arrived()
        assert mail["List-Unsubscribe"] == "<https://harbour.example/unsubscribe/x.y/>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_text_alone_suffices(self, channel: EmailChannel, arrived: Arrived) -> None:
        channel.send(replace(a_message(), html=None, attachments=()))
        (mail,) = arrived()
        assert mail.get_content_type() == "text/plain"

    def test_date_is_now(self, channel: EmailChannel, arrived: Arrived) -> None:
        channel.send(a_message())
        (mail,) = arrived()
        assert abs(datetime.now(UTC) - mail["Date"].datetime) < timedelta(minutes=1)

    def test_message_id_follows_from_ours(self, channel: EmailChannel, arrived: Arrived) -> None:
        message = a_message()
        first, second = channel.send(message), channel.send(message)
        assert first == second
        assert first.reference == f"<{message.message_id}@harbour.example>"
        assert {mail["Message-ID"] for mail in arrived()} == {first.reference}

    @pytest.mark.parametrize(
        "to",
        [
            "",
            "nobody",
            "用户@example.org",
            "x@.",
            "@y.example",
            "a@b@c",
            "a b@example.org",
            "x@y\nBcc: z@y",
        ],
    )
    def test_malformed_address_is_refused(
        self, channel: EmailChannel, arrived: Arrived, to: str
    ) -> None:
        with pytest.raises(ChannelRefused):
            channel.send(a_message(to))
        assert arrived() == []

    def test_header_cannot_be_smuggled_in(self, channel: EmailChannel, arrived: Arrived) -> None:
        with pytest.raises(ChannelRefused):
            channel.send(replace(a_message(), subject="Hello\nBcc: z@example.org"))
        assert arrived() == []

    def test_domain_of_another_script(self, channel: EmailChannel, arrived: Arrived) -> None:
        channel.send(a_message("holder@例子.example"))
        (mail,) = arrived()
        assert mail["To"].addresses[0].addr_spec == "holder@xn--fsqu00a.example"
