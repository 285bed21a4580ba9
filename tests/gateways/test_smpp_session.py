"""The life of a session with an SMSC that is not ours, on its bad days."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from keepline.gateways.esim.es2plus.fake.certificates import keep_certificates
from keepline.gateways.messaging.inbound import Arrived, InboundPart, InboundSms, SmsReceipt
from keepline.gateways.messaging.port import (
    ChannelDown,
    ChannelRefused,
    ChannelUnavailable,
    SendResult,
)
from keepline.gateways.messaging.smpp import keeper
from keepline.gateways.messaging.smpp.adapter import SmppSms
from keepline.gateways.messaging.smpp.statuses import NAMES, TEMPORARY_ERROR_OF_OURS
from tests.gateways.contract_sms import PHONE, an_sms
from tests.gateways.inbox import open_inbox
from tests.gateways.sandbox_process import free_port
from tests.gateways.smsc_process import SmscProcess, smsc, smsc_process

__all__ = ["smsc"]
pytestmark = pytest.mark.smsc
OUR_NUMBER = "442071838750"
CODES = {name: code for code, name in NAMES.items()}


class Taker:
    """Keeps what arrives; `raises` and `waits` are its bad days."""

    def __init__(self) -> None:
        self.taken: list[Arrived] = []
        self.batches: list[int] = []
        self.raises: Callable[[Sequence[Arrived]], bool] = lambda _: False
        self.may_return = threading.Event()
        self.may_return.set()

    def __call__(self, arrived: Sequence[Arrived]) -> None:
        if self.raises(arrived):
            raise RuntimeError("the database is away")
        self.taken.extend(arrived)
        self.batches.append(len(arrived))
        assert self.may_return.wait(20)

    def wait_for(self, count: int, timeout_s: float = 10) -> list[Arrived]:
        until = time.monotonic() + timeout_s
        while len(self.taken) < count:
            assert time.monotonic() < until, f"{len(self.taken)} of {count} came"
            time.sleep(0.01)
        return self.taken


@pytest.fixture
def taker(smsc: SmscProcess) -> Taker:
    """Listens with a session of its own."""
    taker = Taker()
    smsc.adapter().listen(taker)
    smsc.wait_for(1)
    return taker


def outcome_of(adapter: SmppSms, **message: str) -> object:
    (outcome,) = adapter.send_all([an_sms(**message)])
    return outcome


class TestOut:
    def test_who_only_sends_binds_as_transmitter_and_who_listens_as_transceiver(
        self, smsc: SmscProcess, taker: Taker
    ) -> None:
        smsc.adapter(system_type="KL").send(an_sms())
        assert smsc.state()["sessions"] == [True, False]
        assert smsc.state()["binds"][1] == {
            "listens": False,
            "status": 0,
            "version": 0x34,
            "type": "KL",
        }

    @pytest.mark.parametrize(
        ("sender", "ton", "shown"),
        [("Keepline", 5, "Keepline"), ("+442071838750", 1, "442071838750"), ("900", 0, "900"),
         ("", 0, "")],
    )  # fmt: skip
    def test_senders(self, smsc: SmscProcess, sender: str, ton: int, shown: str) -> None:
        smsc.adapter(sender).send(an_sms())
        (row,) = smsc.submits()
        assert (row["from_ton"], row["from"]) == (ton, shown)
        assert (row["to_ton"], "+" + row["to"]) == (1, PHONE)

    @pytest.mark.parametrize("name", ["ESME_RTHROTTLED", "ESME_RMSGQFUL"])
    def test_full_is_a_pause_and_not_an_error(self, smsc: SmscProcess, name: str) -> None:
        smsc.behave(status=CODES[name], times=3)
        adapter = smsc.adapter(window=1)
        began_s = time.monotonic()
        sent = adapter.send_all([an_sms(str(n)) for n in range(5)])
        assert all(isinstance(each, SendResult) for each in sent)
        assert time.monotonic() - began_s > 0.5 + 1 + 2, "pauses that grow"
        taken = [row["text"] for row in smsc.submits() if row["status"] == 0]
        assert sorted(taken) == ["0", "1", "2", "3", "4"]
        assert len(smsc.submits()) == 8

    @pytest.mark.parametrize("name", ["ESME_RINVDSTADR", "ESME_RX_P_APPN", "ESME_RINVDSTTON"])
    def test_refusals_are_final(self, smsc: SmscProcess, name: str) -> None:
        smsc.behave(status=CODES[name], times=1)
        outcome = outcome_of(smsc.adapter())
        assert isinstance(outcome, ChannelRefused)
        assert outcome.code == name

    @pytest.mark.parametrize(
        ("status", "said"),
        [(CODES["ESME_RSYSERR"], "ESME_RSYSERR"), (CODES["ESME_RINVSRCADR"], "ESME_RINVSRCADR"),
         (0x0455, "0x00000455")],
    )  # fmt: skip
    def test_faults_of_the_network_are_tried_again_later(
        self, smsc: SmscProcess, status: int, said: str
    ) -> None:
        smsc.behave(status=status, times=1)
        adapter = smsc.adapter()
        outcome = outcome_of(adapter)
        assert isinstance(outcome, ChannelUnavailable)
        assert said in str(outcome)
        assert isinstance(outcome_of(adapter), SendResult)

    def test_what_is_not_answered_is_not_known(self, smsc: SmscProcess) -> None:
        smsc.behave(silent=1)
        adapter = smsc.adapter(timeout=1, window=2)
        sent = adapter.send_all([an_sms(str(n)) for n in range(4)])
        unknown = [each for each in sent if not isinstance(each, SendResult)]
        assert len(unknown) == 1
        assert type(unknown[0]) is ChannelUnavailable, "it may have been taken: not down"
        assert "not known" in str(unknown[0])

    def test_a_connection_cut_in_mid_submit_costs_what_was_under_way(
        self, smsc: SmscProcess
    ) -> None:
        smsc.behave(cut=1)
        sent = smsc.adapter(window=3).send_all([an_sms(str(n)) for n in range(30)])
        lost = [place for place, each in enumerate(sent) if not isinstance(each, SendResult)]
        assert 1 <= len(lost) <= 3, "at most the window"
        taken = {row["text"] for row in smsc.submits() if row["status"] == 0}
        assert taken >= {str(n) for n in range(30)} - {str(n) for n in lost}

    def test_the_window_is_kept(self, smsc: SmscProcess) -> None:
        smsc.behave(silent=100)
        adapter = smsc.adapter(window=4, timeout=1)
        thread = threading.Thread(
            target=adapter.send_all, args=([an_sms() for _ in range(8)],), daemon=True
        )
        thread.start()
        time.sleep(0.5)
        assert len(smsc.submits()) == 4
        thread.join(20)
        assert len(smsc.submits()) == 8

    def test_the_rate_is_kept_by_all_callers_together(self, smsc: SmscProcess) -> None:
        adapter = smsc.adapter(rate=20, window=50)
        adapter.send(an_sms())
        threads = [
            threading.Thread(target=adapter.send_all, args=([an_sms() for _ in range(10)],))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        at_ms = sorted(row["at_ms"] for row in smsc.submits())
        for first, later in zip(at_ms, at_ms[21:], strict=False):
            assert later - first > 900, "more than 20 in a second"

    def test_useful_for_a_while(self, smsc: SmscProcess) -> None:
        message = an_sms()
        smsc.adapter().send(type(message)(uuid4(), message.to, message.text, useful_for_s=600))
        (row,) = smsc.submits()
        assert row["validity"]

    def test_an_idle_sender_leaves_and_comes_back(
        self, smsc: SmscProcess, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keeper, "IDLE_S", 0.5)
        adapter = smsc.adapter()
        adapter.send(an_sms("one"))
        smsc.wait_for(0)
        adapter.send(an_sms("two"))
        assert [row["text"] for row in smsc.submits()] == ["one", "two"]


class TestIn:
    def test_a_message_is_acknowledged_when_it_is_kept(
        self, smsc: SmscProcess, taker: Taker
    ) -> None:
        taker.may_return.clear()
        answered: list[int | None] = []
        sender = threading.Thread(
            target=lambda: answered.append(smsc.deliver("8613", OUR_NUMBER, text="hello"))
        )
        sender.start()
        (sms,) = taker.wait_for(1)
        time.sleep(0.3)
        assert smsc.state()["answers"] == [], "acknowledged before it was kept"
        taker.may_return.set()
        sender.join(10)
        assert answered == [0]
        assert isinstance(sms, InboundSms)
        assert (sms.to, sms.sender, sms.text) == ("+" + OUR_NUMBER, "+8613", "hello")

    def test_what_cannot_be_kept_is_given_back_alone(self, smsc: SmscProcess, taker: Taker) -> None:
        taker.raises = lambda arrived: any(
            isinstance(one, InboundSms) and one.text == "bad" for one in arrived
        )
        taker.may_return.clear()
        texts = ["first", "good", "bad", "fine"]
        answers: dict[str, int | None] = {}
        threads = [
            threading.Thread(
                target=lambda text=text: answers.update(
                    {text: smsc.deliver("8613", OUR_NUMBER, text=text)}
                )
            )
            for text in texts
        ]
        threads[0].start()
        taker.wait_for(1)  # and is not done with it: the others become one batch
        for thread in threads[1:]:
            thread.start()
        time.sleep(0.5)
        taker.may_return.set()
        for thread in threads:
            thread.join(15)
        assert answers == {"first": 0, "good": 0, "bad": TEMPORARY_ERROR_OF_OURS, "fine": 0}

    def test_many_become_one_batch(self, smsc: SmscProcess, taker: Taker) -> None:
        smsc.behave(receipts="text", quiet=True)
        smsc.adapter(window=50).send_all([an_sms() for _ in range(200)])
        taker.wait_for(200)
        assert sum(taker.batches) == 200
        assert max(taker.batches) > 1

    def test_a_repeat_has_the_same_reference(self, smsc: SmscProcess, taker: Taker) -> None:
        for _ in range(2):
            smsc.deliver("8613", OUR_NUMBER, text="once")
        smsc.deliver("8613", OUR_NUMBER, text="twice")
        one, again, other = taker.wait_for(3)
        assert isinstance(one, InboundSms)
        assert one == again
        assert isinstance(other, InboundSms)
        assert other.reference != one.reference

    @pytest.mark.parametrize(
        ("content", "text", "sender"),
        [
            ({"text": "验证码 123456", "data_coding": 8}, "验证码 123456", "+8613"),
            ({"message_payload": "x" * 300, "data_coding": 0}, "x" * 300, "+8613"),
            ({"text": "hi", "source_addr_ton": 5, "source_addr": "Bank"}, "hi", "Bank"),
            ({"text": "hi", "source_addr_ton": 0, "source_addr": "900"}, "hi", "900"),
            ({"text": "id:1 stat:DELIVRD"}, "id:1 stat:DELIVRD", "+8613"),
        ],
        ids=["ucs2", "payload", "word", "short_code", "somebody_who_writes_a_receipt"],
    )
    def test_texts(
        self, smsc: SmscProcess, taker: Taker, content: dict[str, object], text: str, sender: str
    ) -> None:
        answer = smsc._http.post(
            "/deliver", json={"source_addr": "8613", "destination_addr": OUR_NUMBER, **content}
        )
        assert answer.json()["status"] == 0
        (sms,) = taker.wait_for(1)
        assert isinstance(sms, InboundSms)
        assert (sms.text, sms.sender) == (text, sender)

    @pytest.mark.parametrize(
        "header",
        [{"udh": "050003aa0302"}, {"udh": "06080400aa0302"},
         {"sar_msg_ref_num": 0xAA, "sar_total_segments": 3, "sar_segment_seqnum": 2}],
        ids=["8_bits", "16_bits", "options"],
    )  # fmt: skip
    def test_parts_say_what_they_are_part_of(
        self, smsc: SmscProcess, taker: Taker, header: dict[str, object]
    ) -> None:
        assert smsc.deliver("8613", OUR_NUMBER, text="续费", data_coding=8, **header) == 0
        (part,) = taker.wait_for(1)
        assert isinstance(part, InboundPart)
        assert (part.of, part.number, part.total, part.part.text) == (0xAA, 2, 3, "续费")

    @pytest.mark.parametrize(
        ("kind", "ids", "state"),
        [("text", "same", "delivered"), ("options", "same", "delivered"),
         ("odd", "same", "delivered"), ("failed", "same", "refused"),
         ("decimal", "decimal", "delivered"), ("early", "same", "delivered"),
         ("other_session", "same", "delivered")],
    )  # fmt: skip
    def test_receipts_name_what_was_sent(
        self, smsc: SmscProcess, kind: str, ids: str, state: str
    ) -> None:
        taker = Taker()
        smsc.adapter(receipt_ids=ids).listen(taker)
        smsc.wait_for(1)
        smsc.behave(receipts=kind)
        sent = smsc.adapter(receipt_ids=ids).send_all([an_sms(str(n)) for n in range(20)])
        references = {each.reference for each in sent if isinstance(each, SendResult)}
        told = taker.wait_for(20)
        assert {one.reference for one in told if isinstance(one, SmsReceipt)} == references
        assert {one.state for one in told if isinstance(one, SmsReceipt)} == {state}
        assert len(smsc.state()["sessions"]) == 2, "the session has lived through it"

    def test_a_word_about_an_attempt_is_acknowledged_and_no_more(
        self, smsc: SmscProcess, taker: Taker
    ) -> None:
        assert smsc.deliver("8613", OUR_NUMBER, text="id:7 stat:ENROUTE", esm_class=0x20) == 0
        assert smsc.deliver("8613", OUR_NUMBER, text="nonsense", esm_class=0x04) == 0
        assert taker.taken == []


class TestTheSession:
    def test_the_smsc_goes_and_comes_back(self, smsc: SmscProcess, taker: Taker) -> None:
        adapter = smsc.adapter()
        adapter.send(an_sms("before"))
        smsc.kill()
        assert isinstance(outcome_of(adapter), ChannelUnavailable)
        smsc.start()
        smsc.wait_for(2)  # both come by themselves
        until = time.monotonic() + 15
        while not isinstance(outcome_of(adapter, text="after"), SendResult):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert smsc.deliver("8613", OUR_NUMBER, text="hello again") == 0
        assert len(taker.taken) == 1

    @pytest.mark.parametrize("how", ["cut", "unbind", "garbage"])
    def test_a_lost_session_is_bound_anew(self, smsc: SmscProcess, taker: Taker, how: str) -> None:
        smsc.do(how)
        until = time.monotonic() + 10
        while len(smsc.state()["binds"]) < 2:
            assert time.monotonic() < until
            time.sleep(0.02)
        smsc.wait_for(1)
        assert smsc.deliver("8613", OUR_NUMBER, text="hello") == 0

    def test_pauses_grow_while_it_refuses(self, smsc: SmscProcess) -> None:
        smsc.adapter(password="wrong").listen(Taker())
        time.sleep(4)
        assert 3 <= len(smsc.state()["binds"]) <= 6  # at 0, 0.25, 0.75, 1.75, 3.75

    def test_silence_is_asked_into_and_a_dead_peer_left(self, smsc: SmscProcess) -> None:
        smsc.adapter(enquire=1, timeout=1).listen(Taker())
        smsc.wait_for(1)
        time.sleep(4)
        assert smsc.state()["enquiries"] >= 2
        assert len(smsc.state()["binds"]) == 1
        smsc.behave(mute=True)
        until = time.monotonic() + 10
        while len(smsc.state()["binds"]) < 2:
            assert time.monotonic() < until, "it stays with a peer that says nothing"
            time.sleep(0.1)

    def test_what_it_asks_and_we_do_not_know_is_refused(
        self, smsc: SmscProcess, taker: Taker
    ) -> None:
        smsc.do("send", command="enquire_link")
        smsc.do("send", command="query_sm", message_id="7")
        smsc.do("send", command="alert_notification")
        assert smsc.deliver("8613", OUR_NUMBER, text="still there") == 0
        assert len(smsc.state()["binds"]) == 1


class TestComplaints:
    def test_none_of_a_good_one(self, smsc: SmscProcess) -> None:
        assert smsc.adapter().complaints() == []
        smsc.wait_for(0)

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("smpp://PLATFORM:wrong@localhost:{port}", "the password is wrong (ESME_RINVPASWD)"),
            ("smpp://NOBODY:secret@localhost:{port}", "it does not know the system_id"),
            ("smpps://PLATFORM:secret@localhost:{port}?timeout=2", "TLS"),
            ("smpp://PLATFORM:secret@localhost:{nobody}", "cannot be reached"),
            ("smpp://PLATFORM:secret@no-such-host.invalid", "cannot be reached"),
        ],
    )
    def test_in_words(self, smsc: SmscProcess, url: str, words: str) -> None:
        (complaint,) = SmppSms(url.format(port=smsc.port, nobody=free_port()), "").complaints()
        assert words in complaint
        assert "secret" not in complaint

    def test_too_many_sessions(self, smsc: SmscProcess, taker: Taker) -> None:
        smsc.behave(most_sessions=1)
        (complaint,) = smsc.adapter().complaints()
        assert "as many sessions as it may have" in complaint
        outcome = outcome_of(smsc.adapter())
        assert isinstance(outcome, ChannelDown)

    def test_something_else_at_its_port(self) -> None:
        with open_inbox() as web:
            url = web.url.replace("http://", "smpp://A:b@") + "?timeout=1"
            (complaint,) = SmppSms(url, "").complaints()
        assert "is it an SMSC?" in complaint


class TestTls:
    @pytest.fixture
    def bound_by_tls(self, tmp_path: Path) -> Iterator[SmscProcess]:
        keep_certificates(tmp_path)
        with smsc_process((tmp_path / "server.key", tmp_path / "server.pem")) as process:
            yield process

    def test_a_believed_certificate(self, bound_by_tls: SmscProcess, tmp_path: Path) -> None:
        adapter = SmppSms(bound_by_tls.url("smpps", ca=tmp_path / "ca.pem"), "")
        bound_by_tls.adapters.append(adapter)
        assert adapter.complaints() == []
        adapter.send(an_sms("over TLS"))
        assert [row["text"] for row in bound_by_tls.submits()] == ["over TLS"]

    def test_a_stranger_gets_no_password(self, bound_by_tls: SmscProcess) -> None:
        (complaint,) = SmppSms(bound_by_tls.url("smpps"), "").complaints()
        assert "no certificate that is believed" in complaint
        assert bound_by_tls.state()["binds"] == []
