"""What every SMS channel must keep. Subclassed by each adapter's test.

The subclass gives two fixtures: `channel`, the adapter, and `arrived`, which tells what came out at
the other end: (number, whole text) each, oldest first. Numbers that end in 0000 exist nowhere.
"""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from keepline.gateways.messaging.port import ChannelRefused, SendResult
from keepline.gateways.messaging.sms import SmsChannel, SmsMessage

PHONE, NOBODY = "+8613800138000", "+8613800130000"
Arrived = Callable[[], list[tuple[str, str]]]


def an_sms(text: str = "Your line ends in 3 days.", to: str = PHONE) -> SmsMessage:
    return SmsMessage(uuid4(), to, text)


class SmsContract:
    """The contract."""

    @pytest.mark.parametrize(
        "text",
        [
            "Your line ends in 3 days.",
            "20 € {€}[~]\\^| on 3 May\nà ù é Ä Ω",
            "您的号码 +86 138 0013 8000 将于 3 天后到期。",
            "€" * 200,
            "a" * 152 + "€" * 10,
            "续" * 66 + "🎉" * 10 + "费",
            "x" * 1000,
        ],
        ids=["plain", "gsm", "chinese", "escapes", "escape_at_the_end", "emoji", "long"],
    )
    def test_a_text_arrives_whole(self, channel: SmsChannel, arrived: Arrived, text: str) -> None:
        channel.send(an_sms(text))
        assert arrived() == [(PHONE, text)]

    def test_each_has_its_own_outcome(self, channel: SmsChannel, arrived: Arrived) -> None:
        messages = [an_sms("one"), an_sms("two", NOBODY), an_sms("three"), an_sms("four", "12")]
        sent = channel.send_all(messages)
        assert [type(each) for each in sent] == [
            SendResult,
            ChannelRefused,
            SendResult,
            ChannelRefused,
        ]
        assert sorted(text for _, text in arrived()) == ["one", "three"]

    def test_references_are_those_of_one_message(self, channel: SmsChannel) -> None:
        sent = channel.send_all([an_sms(str(n)) for n in range(20)])
        references = {each.reference for each in sent if isinstance(each, SendResult)}
        assert len(references) == 20
        assert all(0 < len(reference) <= 100 for reference in references)

    def test_no_message_is_no_call(self, channel: SmsChannel, arrived: Arrived) -> None:
        assert channel.send_all([]) == []
        assert arrived() == []

    @pytest.mark.parametrize(
        "to",
        ["", "13800138000", "+0800138000", "+86 138 0013 8000", "+861380013800012345", "+١٢٣٤٥٦٧"],
    )
    def test_what_is_no_number_is_refused(
        self, channel: SmsChannel, arrived: Arrived, to: str
    ) -> None:
        with pytest.raises(ChannelRefused):
            channel.send(an_sms(to=to))
        assert arrived() == []

    def test_a_refusal_says_nothing_of_number_and_text(self, channel: SmsChannel) -> None:
        message = SmsMessage(UUID(int=7), NOBODY, "a secret code")
        (refusal,) = channel.send_all([message])
        assert isinstance(refusal, ChannelRefused)
        assert "secret" not in str(refusal) + repr(message)
        assert NOBODY not in str(refusal) + repr(message)

    def test_it_complains_of_nothing_and_can_be_closed(
        self, channel: SmsChannel, arrived: Arrived
    ) -> None:
        assert channel.complaints() == []
        channel.send(an_sms("before"))
        channel.close()
        channel.send(an_sms("after"))
        assert [text for _, text in arrived()] == ["before", "after"]

    def test_it_has_a_name_and_a_measure(self, channel: SmsChannel) -> None:
        assert channel.name
        assert channel.most_at_once > 0
