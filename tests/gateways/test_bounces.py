"""What comes back is read in the forms in which servers write it, and nothing else is."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepline.gateways.messaging.bounces import Bounce, bounce_of, read_bounce
from keepline.gateways.messaging.enhanced_status import blames_address, status_of
from keepline.gateways.messaging.return_path import TOKEN_SIGNS, checked, return_path, token_in
from tests.gateways import dsn

OWN = "abcdefghij234567" * 2 + "abcdefghij23456"
TO = return_path("bounces@mail.example.com", OWN)


def read(form: str, to: str = TO) -> Bounce | None:
    return read_bounce(dsn.returned(form, to))


@pytest.mark.parametrize(
    ("form", "code", "address_fails"),
    [
        (dsn.POSTFIX, "550 5.1.1", True),
        (dsn.EXIM, "550 5.2.1", True),
        (dsn.OLD_EXIM, "550 5.1.1", True),
        (dsn.EXCHANGE, "550 5.1.10", True),
        (dsn.GIVEN_UP, "4.4.1", False),
        (dsn.TOO_LARGE, "550 5.3.4", False),
    ],
)
def test_each_form_is_read(form: str, code: str, address_fails: bool) -> None:
    bounce = read(form)
    assert bounce is not None
    assert (bounce.token, bounce.code, bounce.address_fails) == (OWN, code, address_fails)


def test_the_reason_is_in_one_line() -> None:
    bounce = read(dsn.POSTFIX)
    assert bounce is not None
    assert bounce.said.endswith("Recipient address rejected: User unknown in virtual mailbox table")


@pytest.mark.parametrize("form", [dsn.DELAYED, dsn.HOLIDAYS, dsn.PASSED_ON])
def test_what_tells_of_no_failure_is_passed_over(form: str) -> None:
    assert read(form) is None


@pytest.mark.parametrize("to", ["bounces@mail.example.com", f"bounces+{OWN[1:]}@mail.example.com"])
def test_without_a_token_it_is_nobodys(to: str) -> None:
    assert read(dsn.POSTFIX, to) is None
    assert read_bounce(dsn.returned(dsn.POSTFIX, to), TO) is not None, "named beside the mail"


def test_a_server_that_writes_capitals_is_understood() -> None:
    bounce = read(dsn.EXCHANGE, TO.upper())
    assert bounce is not None
    assert bounce.token == OWN


def test_of_several_recipients_the_one_that_says_most() -> None:
    one = "Final-Recipient: rfc822;other@example.com\nAction: failed\nStatus: 4.2.2\n\n"
    form = dsn.EXCHANGE.replace("Final-Recipient", f"{one}Final-Recipient", 1)
    bounce = read(form)
    assert bounce is not None
    assert bounce.code == "550 5.1.10"


def test_what_no_database_holds_is_left_out() -> None:
    raw = dsn.returned(dsn.POSTFIX, TO).replace(b"User unknown", b"User\0 \xff\xfe unk\x1bnown")
    bounce = read_bounce(raw)
    assert bounce is not None
    assert bounce.said.isprintable()
    bounce.said.encode()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # of a busy machine
@given(st.binary(max_size=400), st.integers(0, 3000), st.integers(0, 400))
def test_a_broken_report_breaks_nothing(noise: bytes, start: int, length: int) -> None:
    whole = dsn.returned(dsn.EXCHANGE, TO)
    bounce = read_bounce(whole[:start] + noise + whole[start + length :])
    assert bounce is None or bounce.said.isprintable()


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        ("5.1.1", "", ("5.1.1", True)),
        ("5.0.0", "550 5.7.1 refused", ("550 5.7.1", False)),
        ("5.7.26", "550 5.7.26 not authenticated", ("550 5.7.26", False)),
        ("5.1.7", "553 5.1.7 sender unknown", ("553 5.1.7", False)),
        ("", "552 mailbox full", ("552", True)),
        ("4.4.7", "550 4.4.7 QUEUE.Expired", ("550 4.4.7", False)),
        ("5.6.1", "554 5.6.1 no such media", ("554 5.6.1", False)),
        ("", "no reason", ("failed", False)),
    ],
)
def test_how_final_it_is(status: str, said: str, expected: tuple[str, bool]) -> None:
    bounce = bounce_of(OWN, status, said)
    assert (bounce.code, bounce.address_fails) == expected


@pytest.mark.parametrize(
    ("status", "fails"),
    [
        *((code, True) for code in ("", "5.0.0", "5.1.1", "5.1.10", "5.1.6", "5.2.1", "5.2.2")),
        *((code, True) for code in ("5.3.0", "5.4.4", "5.5.0", "5.7.17", "5.7.18")),
        *((code, False) for code in ("5.1.7", "5.1.8", "5.2.3", "5.3.3", "5.3.4", "5.5.1")),
        *((code, False) for code in ("5.5.2", "5.6.0", "5.7.0", "5.7.1", "5.7.7", "5.7.170")),
    ],
)
def test_what_a_no_is_about(status: str, fails: bool) -> None:
    assert blames_address(status) is fails


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("5.7.1 Service unavailable; client host blocked", "5.7.1"),
        ("5.1.1\n5.1.1 <a@example.com> unknown", "5.1.1"),
        ("no such user here", ""),
        ("mail from 5.7.1.9 is not welcome", ""),
        ("5.7.1.9 is not welcome", ""),
    ],
)
def test_the_code_at_the_start_of_an_answer(said: str, status: str) -> None:
    assert status_of(said) == status


def test_the_address_is_as_short_as_servers_want_it() -> None:
    longest = "a" * 16 + "@mail.example.com"
    assert checked(longest) == longest
    assert len(return_path(longest, OWN).partition("@")[0]) == 64
    assert token_in(return_path(longest, OWN)) == OWN
    assert len(OWN) == TOKEN_SIGNS
    for wrong in (
        "a" + longest,
        "bounces",
        "a b@example.com",
        "bounces@localhost",
        "ü@example.com",
    ):
        with pytest.raises(ValueError, match="must be an address"):
            checked(wrong)
