"""osmo-hlr's adapter: which way each change goes, and everything that may go wrong on that way."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import pytest

from keepline.gateways.network.osmo_hlr.adapter import OsmoHlr
from keepline.gateways.network.osmo_hlr.ctrl import Ctrl, Request
from keepline.gateways.network.osmo_hlr.vty import Vty
from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkOperation,
    NetworkUnknown,
    Subscriber,
)
from tests.gateways.contract_network import ACTIVE, INBOUND, OFF, a_subscriber, an_operation
from tests.gateways.gsup import DELETE_DATA, INSERT_DATA, a_gateway
from tests.gateways.hlr_process import HOST, HlrProcess, hlr
from tests.gateways.hlr_wire import Wire, a_wire, says

__all__ = ["hlr"]

pytestmark = pytest.mark.osmo_hlr

NOTHING = (None, False, False)
IMSI = "001010000000001"


@pytest.fixture
def wire(hlr: HlrProcess) -> Iterator[Wire]:
    with a_wire() as stretched:
        yield stretched


@pytest.fixture
def network(wire: Wire) -> OsmoHlr:
    return OsmoHlr(HOST, wire.ports["ctrl"], wire.ports["vty"], timeout_s=30)


def give(network: OsmoHlr, subscriber: Subscriber, service: DesiredService | None) -> NetworkAnswer:
    return network.apply(NetworkOperation(uuid4(), subscriber, service))


# --- which way


@pytest.mark.parametrize(
    ("before", "after", "doors"),
    [
        (None, ACTIVE, ["ctrl"]),
        (None, OFF, ["ctrl"]),
        (ACTIVE, ACTIVE, []),
        (ACTIVE, INBOUND, ["vty"]),
        (ACTIVE, OFF, ["vty"]),
        (INBOUND, OFF, ["vty"]),
        (ACTIVE, None, ["vty"]),
        (OFF, ACTIVE, ["ctrl"]),
        (OFF, INBOUND, ["ctrl"]),
        (INBOUND, ACTIVE, ["ctrl"]),
    ],
)
def test_what_is_taken_goes_by_telnet_what_is_given_by_control(
    network: OsmoHlr,
    wire: Wire,
    before: DesiredService | None,
    after: DesiredService | None,
    doors: list[str],
) -> None:
    subscriber = a_subscriber()
    if before is not None:
        give(network, subscriber, before)
    wire.sent.clear()
    assert give(network, subscriber, after).outcome == "confirmed"
    assert wire.changed_by == doors


def test_a_new_number_goes_by_telnet(network: OsmoHlr, wire: Wire) -> None:
    subscriber = a_subscriber()
    give(network, subscriber, ACTIVE)
    wire.sent.clear()
    give(network, replace(subscriber, msisdn=819_555), ACTIVE)
    assert wire.changed_by == ["vty"]


def test_an_attached_phone_hears_of_it_at_once(network: OsmoHlr, hlr: HlrProcess) -> None:
    """What the HLR tells a gateway; by the control interface it would tell nothing."""
    subscriber = a_subscriber()
    give(network, subscriber, ACTIVE)
    with a_gateway(HOST) as sgsn:
        assert sgsn.attach(str(subscriber.imsi))
        give(network, replace(subscriber, msisdn=819_556), ACTIVE)
        assert sgsn.hears() == [INSERT_DATA]
        give(network, subscriber, INBOUND)
        assert DELETE_DATA in sgsn.hears()
        assert not sgsn.attach(str(subscriber.imsi))
        give(network, subscriber, ACTIVE)
        assert sgsn.attach(str(subscriber.imsi))
        give(network, subscriber, None)
        assert DELETE_DATA in sgsn.hears()
        assert not sgsn.attach(str(subscriber.imsi))


def test_access_that_keepline_never_gives_is_named_and_put_right(
    network: OsmoHlr, hlr: HlrProcess
) -> None:
    subscriber = a_subscriber()
    give(network, subscriber, ACTIVE)
    vty = Vty(HOST, 4258, 5)
    vty.run([f"subscriber imsi {subscriber.imsi} update network-access-mode ps"])
    record = network.read(subscriber)
    assert record is not None
    assert record.service.state == "other"
    assert network.ask(NetworkOperation(uuid4(), subscriber, ACTIVE)).outcome == "not_found"
    give(network, subscriber, INBOUND)
    assert hlr.rows()[str(subscriber.imsi)] == (str(subscriber.msisdn), True, False)


# --- numbers and cards


def test_a_number_of_another_card_is_rejected_and_nothing_is_made(
    network: OsmoHlr, hlr: HlrProcess
) -> None:
    theirs = an_operation()
    network.apply(theirs)
    before = hlr.rows()
    for mine in (a_subscriber(), a_subscriber()):
        answer = give(network, replace(mine, msisdn=theirs.subscriber.msisdn), ACTIVE)
        assert (answer.outcome, answer.code) == ("rejected", "msisdn_taken")
    assert hlr.rows() == before


def test_a_number_taken_in_between_leaves_the_card_without_access(
    network: OsmoHlr, hlr: HlrProcess, wire: Wire
) -> None:
    operation = an_operation()
    stranger = an_operation(msisdn=operation.subscriber.msisdn)
    wire.before_change = lambda: hlr.adapter().apply(stranger)
    wire.mood = "loses answers"
    with pytest.raises(NetworkUnknown):
        network.apply(operation)
    rows = hlr.rows()
    assert rows[str(stranger.subscriber.imsi)][0] == str(stranger.subscriber.msisdn)
    assert rows.get(str(operation.subscriber.imsi), NOTHING)[0] is None
    assert network.apply(operation).code == "msisdn_taken"


def test_a_card_whose_keys_are_there_keeps_them_when_its_line_closes(
    network: OsmoHlr, hlr: HlrProcess
) -> None:
    subscriber = a_subscriber()
    ctrl = Ctrl(HOST, 4259, 5)
    keys = f"subscriber.by-imsi-{subscriber.imsi}.aud2g"
    ctrl.exchange(
        [
            Request("subscriber.create", subscriber.imsi),
            Request(keys, f"comp128v1,{'0123456789abcdef' * 2}"),
        ]
    )
    give(network, subscriber, ACTIVE)
    give(network, subscriber, None)
    assert hlr.rows() == {subscriber.imsi: NOTHING}
    give(network, subscriber, ACTIVE)  # had back in its quarantine
    assert ctrl.exchange([Request(keys)])[0].text.lower().endswith("0123456789abcdef" * 2)


def test_without_an_imsi_a_line_is_found_by_its_number(network: OsmoHlr, hlr: HlrProcess) -> None:
    known = a_subscriber()
    give(network, known, OFF)
    unnamed = replace(known, imsi=None)
    assert give(network, unnamed, ACTIVE).outcome == "confirmed"
    assert hlr.rows() == {known.imsi: (str(known.msisdn), True, True)}
    record = network.read(unnamed)
    assert record is not None
    assert (record.msisdn, record.service.state) == (known.msisdn, "active")
    assert network.revert(uuid4(), unnamed, INBOUND).outcome == "reverted"
    assert give(network, unnamed, None).outcome == "confirmed"  # the number is all that names it
    assert hlr.rows() == {known.imsi: (str(known.msisdn), False, False)}


def test_without_an_imsi_nothing_is_made(network: OsmoHlr, hlr: HlrProcess) -> None:
    stranger = replace(a_subscriber(), imsi=None)
    answer = give(network, stranger, ACTIVE)
    assert (answer.outcome, answer.code) == ("rejected", "no_imsi")
    nobody = replace(stranger, msisdn=None)
    assert give(network, nobody, ACTIVE).code == "no_imsi"
    assert network.read(nobody) is None
    assert network.revert(uuid4(), nobody, None) == NetworkAnswer("reverted", None)
    assert hlr.rows() == {}


HOSTILE = [
    "",
    " ",
    "001010000000001 ",
    "00101",
    "0010100000000019",
    "001010000000001\r\nsubscriber imsi 001010000000002 delete",
    "001010000000001\nSET 9 subscriber.delete 001010000000002",
    "001010000000001.msisdn 999",
    "by-id-1",
    "٠٠١٠١٠٠٠٠٠٠٠٠٠١",
    "001010000000001\x00",
    "-1",
    "1e5",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_only_digits_reach_the_wire(
    network: OsmoHlr, hlr: HlrProcess, wire: Wire, text: str
) -> None:
    give(network, replace(a_subscriber(), imsi="001010000000002"), ACTIVE)
    before = hlr.rows()
    wire.sent.clear()
    bad_card = replace(a_subscriber(), imsi=text)
    assert give(network, bad_card, ACTIVE).code == "bad_imsi"
    assert network.ask(NetworkOperation(uuid4(), bad_card, ACTIVE)).outcome == "not_found"
    assert network.read(bad_card) is None
    assert network.revert(uuid4(), bad_card, None).code == "bad_imsi"
    if text != "00101":  # as a number that is short, but one
        bad_number = replace(a_subscriber(), msisdn=cast("Any", text))
        assert give(network, bad_number, ACTIVE).code == "bad_msisdn"
    assert wire.sent == []
    assert hlr.rows() == before


@pytest.mark.parametrize("text", ["show version\r\nend", "subscriber imsi ? show", "é", "\x03"])
def test_telnet_refuses_to_say_what_would_be_more_than_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="not to be sent"):
        Vty(HOST, 1, 1).run([text])


def test_control_refuses_to_send_what_is_no_text() -> None:
    for request in (Request("a\nb"), Request("a", "b\r"), Request("ü")):
        with pytest.raises(ValueError, match="not to be sent"):
            Ctrl(HOST, 1, 1).exchange([request])


# --- silence


def test_an_hlr_that_was_started_anew_is_no_silence(network: OsmoHlr, hlr: HlrProcess) -> None:
    sold = an_operation()
    network.apply(sold)
    for _ in range(3):
        hlr.kill()
        hlr.start()
        assert network.apply(sold).outcome == "confirmed"
        assert give(network, sold.subscriber, OFF).outcome == "confirmed"


def test_killed_between_calls_nothing_is_lost(hlr: HlrProcess) -> None:
    network = hlr.adapter()
    operations = [an_operation() for _ in range(30)]
    for place, operation in enumerate(operations):
        if place % 10 == 5:
            hlr.kill()
            with pytest.raises(NetworkUnknown):
                network.apply(operation)
            hlr.start()
            assert network.ask(operation).outcome == "not_found"
        assert network.apply(operation).outcome == "confirmed"
    hlr.kill()
    hlr.start()
    assert set(hlr.rows().values()) == {
        (str(operation.subscriber.msisdn), True, True) for operation in operations
    }


def test_answers_that_never_come_are_not_waited_for(hlr: HlrProcess) -> None:
    network, operation = hlr.adapter(timeout_s=1), an_operation()
    hlr.adapter().apply(operation)
    with hlr.frozen():
        for call in (network.apply, network.ask, lambda each: network.read(each.subscriber)):
            began = time.monotonic()
            with pytest.raises(NetworkUnknown):
                call(operation)
            assert 0.9 < time.monotonic() - began < 10
    assert hlr.adapter().apply(operation).outcome == "confirmed"


@pytest.mark.parametrize("mood", ["loses answers", "loses changes"])
def test_silence_half_way_ends_where_it_was_going(
    network: OsmoHlr, hlr: HlrProcess, wire: Wire, mood: Any
) -> None:
    subscriber = a_subscriber()
    give(network, subscriber, ACTIVE)
    changed = NetworkOperation(uuid4(), replace(subscriber, msisdn=819_557), INBOUND)
    wire.mood = mood
    with pytest.raises(NetworkUnknown):
        network.apply(changed)
    assert network.ask(changed).outcome == "not_found"  # one of two things at most was done
    assert network.apply(changed).outcome == "confirmed"
    assert hlr.rows() == {subscriber.imsi: ("819557", True, False)}


def a_frame(text: bytes) -> bytes:
    return (len(text) + 1).to_bytes(2, "big") + b"\xee\x00" + text


INFO = b"subscriber.by-imsi-" + IMSI.encode() + b".info"
GARBAGE = {
    "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "no control message": b"\x00\x02\xfe\x00\x00",
    "another extension": b"\x00\x03\xee\x05hi",
    "no length": b"\x00\x00\xee\x00",
    "half a frame": a_frame(b"GET_REPLY 1 " + INFO)[:9],
    "nothing": b"",
    "another's answer": a_frame(b"GET_REPLY 7 " + INFO + b" \nimsi\t1"),
    "another variable": a_frame(b"GET_REPLY 1 rate_ctr.abs 0"),
    "another verb": a_frame(b"SET_REPLY 1 " + INFO + b" OK"),
    "an error of another request": a_frame(b"ERROR err Command parser error"),
    "an unknown error": a_frame(b"ERROR 1 An unknown error has occurred during get_subscriber()."),
    "no facts": a_frame(b"GET_REPLY 1 " + INFO + b" "),
    "odd facts": a_frame(b"GET_REPLY 1 " + INFO + b" \nimsi\t" + IMSI.encode() + b"\nnam_cs\t2"),
    "no flags": a_frame(b"GET_REPLY 1 " + INFO + b" \nimsi\t" + IMSI.encode()),
    "bytes": a_frame(b"\xff\xfe\xfd"),
    "only traps": a_frame(b"TRAP 0 subscriber.x 1") * 3,
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=list(GARBAGE))
def test_garbage_is_no_answer(answer: bytes) -> None:
    with says(b"", answer) as port:
        network = OsmoHlr(HOST, port, port, timeout_s=1)
        with pytest.raises(NetworkUnknown):
            network.read(replace(a_subscriber(), imsi=IMSI))


def test_traps_are_passed_over() -> None:
    info = b" \nid\t1\nimsi\t" + IMSI.encode() + b"\nmsisdn\t491701\nnam_cs\t1\nnam_ps\t0"
    trap = a_frame(b"TRAP 0 subscriber.attached 1")
    with says(trap, trap + a_frame(b"GET_REPLY 1 " + INFO + info) + trap) as port:
        record = OsmoHlr(HOST, port, port, 1).read(replace(a_subscriber(), imsi=IMSI))
    assert record is not None
    assert (record.msisdn, record.service.state) == (491701, "inbound_only")


CHATTER = {
    "asks for a password": b"\xff\xfb\x01Welcome!\r\nPassword: ",
    "talks without an end": b"la la la\r\n" * 10_000,
    "half a command of telnet": b"OsmoHLR> \xff",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
}


@pytest.mark.parametrize("answer", CHATTER.values(), ids=list(CHATTER))
@pytest.mark.parametrize("then_closes", [True, False])
def test_chatter_is_no_answer(answer: bytes, then_closes: bool) -> None:
    with says(answer, then_closes=then_closes) as port, pytest.raises(NetworkUnknown):
        Vty(HOST, port, 0.3).run(["show version"])


def test_telnet_learns_the_prompt_and_drops_what_is_telnets() -> None:
    greeting = (
        b"\xff\xfb\x01\xff\xfb\x03\xff\xfe\x22\xff\xfd\x1fWelcome to hlr-2.example\r\nhlr-2> "
    )
    enabled = b"enable\r\nhlr-2# "
    said = b"show x\r\nOsmoHLR# is\xff\xf1 not the prompt\r\n% Unknown command.\r\nhlr-2# "
    with says(greeting, enabled, said) as port:
        answer = Vty(HOST, port, 1).run(["show x"])
    assert answer == ["OsmoHLR# is not the prompt\n% Unknown command."]


def test_an_hlr_that_will_not_is_not_taken_for_a_no(network: OsmoHlr, hlr: HlrProcess) -> None:
    """Its database cannot be written: that is its trouble, and no word about this line."""
    operation = an_operation()
    network.apply(operation)
    with hlr.unwritable(), pytest.raises(NetworkUnknown, match="did not do it"):
        give(network, operation.subscriber, OFF)
    assert give(network, operation.subscriber, OFF).outcome == "confirmed"


# --- many


def test_more_than_a_window_at_once(network: OsmoHlr, hlr: HlrProcess) -> None:
    operations = [an_operation() for _ in range(300)]
    answers = network.apply_many(operations)
    assert {cast("NetworkAnswer", answer).outcome for answer in answers} == {"confirmed"}
    subscribers = [operation.subscriber for operation in operations]
    strangers = [a_subscriber() for _ in range(50)]
    found = network.read_many([*subscribers, *strangers])
    assert [record and record.msisdn for record in found] == [
        *(subscriber.msisdn for subscriber in subscribers),
        *[None] * 50,
    ]
    assert len(hlr.rows()) == 300


def test_threads_have_connections_of_their_own(network: OsmoHlr) -> None:
    operations = [an_operation(desired=service) for service in (ACTIVE, INBOUND, OFF) * 40]

    def there_and_back(operation: NetworkOperation) -> tuple[str, str | None]:
        first = network.apply(operation)
        give(network, operation.subscriber, OFF)
        again = network.apply(operation)
        return first.outcome, again.read_back and again.read_back.state

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(there_and_back, operations))
    assert results == [
        ("confirmed", operation.desired and operation.desired.state) for operation in operations
    ]


# --- what the operator is told


def test_complaints_are_in_words(hlr: HlrProcess, wire: Wire) -> None:
    assert hlr.adapter().complaints() == []
    with says(b"Password: ", then_closes=False) as closed:
        ctrl, vty = OsmoHlr(HOST, 1, closed, timeout_s=0.5).complaints()
    assert ctrl.startswith("osmo-hlr's control interface gives no answer (127.0.0.1:1: ")
    assert "asks for a password" in vty
    with says(b"", a_frame(b"ERROR 1 Command not found")) as other:
        found = OsmoHlr(HOST, other, wire.ports["vty"], timeout_s=1).complaints()
    assert found == ["What answers at KEEPLINE_HLR_CTRL_PORT is no osmo-hlr: 'Command not found'."]


def test_nothing_is_connected_before_it_is_needed() -> None:
    OsmoHlr("nowhere.invalid")


def test_a_name_that_nobody_has_is_no_answer() -> None:
    with pytest.raises(NetworkUnknown):
        OsmoHlr("nowhere.invalid", timeout_s=1).read(a_subscriber())
