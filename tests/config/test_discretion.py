"""What is taken out of a log line, and what is left in it."""

import pytest

from keepline.config.discretion import HIDDEN, Discretion

SECRET = "a very secret key (with+signs)"
HIDES = Discretion([SECRET, "", "short"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "550 5.1.1 <zebulon.quixote+x@mail.example.org>: unknown",
            f"550 5.1.1 <{HIDDEN}>: unknown",
        ),
        ("sent to +447700900777.", f"sent to {HIDDEN}."),
        ("number 447700900777 is taken", f"number {HIDDEN} is taken"),
        ("card 4111 1111 1111 1111", f"card {HIDDEN}"),
        ("card 4111-1111-1111-1111,", f"card {HIDDEN},"),
        ("card=4111111111111111", f"card={HIDDEN}"),
        ("iccid 8944110068123456789", f"iccid {HIDDEN}"),
        ("smtp://robot:hush%21hush@mail:25 refuses", f"smtp://robot:{HIDDEN}@mail:25 refuses"),
        ("Authorization: Bearer kl_abcdefgh-ij", f"Authorization: Bearer {HIDDEN}"),
        ("no key kl_abcdefgh-ij here", f"no key {HIDDEN} here"),
        ("Invalid API Key provided: sk_live_abc123", f"Invalid API Key provided: {HIDDEN}"),
        ("by whsec_c3RyYW5nZXI=", f"by {HIDDEN}"),
        ("/accounts/password/reset/key/1-c0ffee-77/", f"/accounts/password/reset/key/{HIDDEN}/"),
        (f"signed with {SECRET}!", f"signed with {HIDDEN}!"),
        ("a short word", "a short word"),
        (
            "violates check\nDETAIL:  Failing row contains (7, Zebulon,\nQuixote).\n\nThe above",
            f"violates check\n{HIDDEN}\n\nThe above",
        ),
        (
            "duplicate key\nDETAIL:  Key (name)=(Zebulon) already exists.\nHINT: none",
            f"duplicate key\n{HIDDEN}\nHINT: none",
        ),
        ("bad\nCONTEXT:  unnamed portal parameter $1 = 'Zebulon'", f"bad\n{HIDDEN}"),
    ],
)
def test_hidden(text: str, left: str) -> None:
    assert HIDES.of(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "019aa9f2-1111-7000-8000-123456789012",
        "019aa9f2111170008000123456789012",
        "2026-11-21T20:52:06.123456+00:00",
        "signed at 2026-11-21 20:52:06+00:00, too far from now",
        "took 1234567890 ns at line 4711",
        "postgresql://keepline_app@/keepline?host=/run/keepline",
        'File "/usr/lib/python3.11/site-packages/x.py", line 12, in fail',
        "pay_4111abcd",
    ],
)
def test_left(text: str) -> None:
    assert HIDES.of(text) == text


def test_every_part_of_a_line_passes() -> None:
    line = {
        "event": "to a@b.example",
        "count": 12345678901234,
        "rows": [{"phone": "+447700900777"}, ("a@b.example", None)],
        "error": ValueError("a@b.example"),
        "flag": True,
    }
    assert HIDES(None, "info", line) == {
        "event": f"to {HIDDEN}",
        "count": 12345678901234,
        "rows": [{"phone": HIDDEN}, [HIDDEN, None]],
        "error": HIDDEN,
        "flag": True,
    }
