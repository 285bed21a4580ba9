"""Letters by stencil say what their templates would say of the words themselves."""

from html import escape
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from keepline.flows.telling.letters import SUBJECTS
from keepline.flows.telling.stencils import Both, Facts, Stencil, written

LANGUAGES = ["en", "zh-hans"]
ODD = "Mum & <Dad> {{ page }} \x02page\x03 %(until)s \\1 'x'"
SAYS = {
    **dict.fromkeys(("name", "until", "gone", "unlocks", "method", "charged", "most"), "w1"),
    **dict.fromkeys(("port_ready", "port_until", "port_at", "port_to"), "w2"),
    **dict.fromkeys(("valid_before", "valid_after", "promise", "comes", "order_total"), "w3"),
    **dict.fromkeys(("from_wallet", "by_payment", "old", "new", "carrier", "disputed"), "w4"),
    **dict.fromkeys(("refund_total", "refund_sent", "refund_by_provider"), "w5"),
    **dict.fromkeys(("mail", "subject", "page", "choices", "unsubscribe"), "w6"),
    "esim_page": "",
    "refund_to_wallet": "",
}
NOTHING: dict[str, Any] = {}
SHAPES: list[dict[str, Any]] = [
    {"line": True, "auto_renew": False},
    {"line": True, "auto_renew": True, "charge_usable": True, "has_number": True},
    {"port": True, "line": True},
    {"order_kind": "renewal", "failure_code": "promise_passed", "refund": True},
    {"order_kind": "purchase", "failure_code": "", "has_profile": True, "lost_sign_in": True},
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", SUBJECTS)
def test_it_is_the_same_letter(kind: str, language: str) -> None:
    """Marks and words behave alike in every template: nothing is decided by a word's text."""
    for shape in SHAPES:
        decides = {"kind": kind, "lost_sign_in": False, **shape}
        # One of them is odd, the others tell apart what stands where.
        says = {name: f"{word}-{name}" if word else "" for name, word in SAYS.items()}
        said = written("letter", language, Facts(decides, {**says, "name": ODD, "old": ODD}))
        context = {**decides, **says, "name": "@odd@", "old": "@odd@", "language": language}
        with translation.override(language):
            words = render_to_string("letters/words.html", context).strip()
            html = render_to_string("letters/letter.html", {**context, "words": words})
            text = render_to_string("letters/letter.txt", {**context, "words": words})
        assert said.html == html.replace("@odd@", escape(ODD))
        assert said.text == text.replace("@odd@", ODD)


def test_what_somebody_wrote_is_never_read_again() -> None:
    stencil = Stencil("\x02name\x03 and \x02page\x03.")
    assert stencil.filled({"name": "\x02page\x03", "page": "p"}) == "\x02page\x03 and p."


def test_what_was_written_before_stands_as_it_is() -> None:
    says = {"subject": "s", "page": "p", "choices": "c", "unsubscribe": ""}
    items = Both("A & B\n", "<li>A &amp; B</li>")
    said = written("many", "en", Facts({"more": 2}, {**says, "items": items}))
    assert "A & B\n" in said.text
    assert "<li>A &amp; B</li>" in said.html
    assert "And 2 more lines." in said.text
