"""Every code that the domain can show has its words."""

import re
from pathlib import Path

import pytest

from keepline.catalog.models import LineKind
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.postings import MONEY_IN, MONEY_OUT
from keepline.flows import errors
from keepline.flows.receipting import words as of_sales
from keepline.orders.models import OrderKind
from keepline.portal.templatetags import words

FLOWS = Path(errors.__file__).parent


@pytest.mark.parametrize(
    ("codes", "known"),
    [
        (list(LineKind), of_sales.LINE_KINDS),
        (list(LineState), words.LINE_STATES),
        (list(OrderKind), of_sales.ORDER_KINDS),
        (list(OrderState), words.ORDER_STATES),
        (sorted(MONEY_IN | MONEY_OUT), words.MOVEMENTS),
        (["from_payment", "from_expiry"], of_sales.GRACE_RULES),
        (["full", "inbound", "none"], words.GRACE_SERVICES),
    ],
)
def test_every_code_has_its_words(codes: list[str | int], known: of_sales.Words) -> None:
    assert set(codes) <= set(known)


def test_every_way_to_fail_has_its_sentence() -> None:
    ends = re.compile(r"OrderEvent\.(?:REJECT|CANCEL|WITHDRAW), \"(\w+)\"|\"(payment_\w+)\"(?!:)")
    found = {
        first or second
        for path in FLOWS.glob("*.py")
        if not path.name.startswith(("audit_", "show_"))  # they end no order
        for first, second in ends.findall(path.read_text())
    }
    assert {"promise_passed", "payment_declined", "state_refuses"} <= found
    assert found <= set(words.FAILURES)
    assert words.failure("network_no_such_card") == words.FAILURES["network"]
