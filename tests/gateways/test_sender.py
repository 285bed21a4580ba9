"""The operator's sender address, as operators write it."""

import pytest

from keepline.gateways.messaging.letters import sender_of


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("no-reply@harbour.example", "", "no-reply@harbour.example"),
        ("Harbour <no-reply@harbour.example>", "Harbour", "no-reply@harbour.example"),
        ('"Harbour, Ltd." <a@b.example>', "Harbour, Ltd.", "a@b.example"),
        ("Harbour, 海港 <a@b.example>", "Harbour, 海港", "a@b.example"),
        ("<a@b.example>", "", "a@b.example"),
    ],
)
def test_sender_is_read(text: str, name: str, address: str) -> None:
    sender = sender_of(text)
    assert (sender.display_name, sender.addr_spec) == (name, address)


@pytest.mark.parametrize("text", ["", "Harbour", "Harbour <>", "a@", "a@b <c>", "a@b\nBcc: x@y"])
def test_senseless_sender_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a sender"):
        sender_of(text)
