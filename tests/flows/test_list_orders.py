"""An account's orders, newest first, page by page."""

from uuid import UUID

import pytest

from keepline.flows import list_orders as module
from keepline.flows import renew_line
from keepline.flows.list_orders import list_orders
from tests import cast as people
from tests.cast import NOW, Cast, assemble
from tests.flows.acts import request

pytestmark = pytest.mark.django_db


def renewed(cast: Cast, times: int) -> list[UUID]:
    """Newest first."""
    keys = [f"key-{turn:05}" for turn in range(times)]
    started = [renew_line.start(request(cast, key=key), NOW) for key in keys]
    return sorted((one.order_id for one in started), reverse=True)


def test_pages_are_whole_and_what_an_import_brought_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    cast = assemble(wallet_minor=10_000)
    ids = renewed(cast, 5)
    seen, before = [], None
    for _ in range(3):
        page = list_orders(cast.account.id, before)
        seen.append([order.id for order in page.orders])
        before = page.next_before
    assert seen == [ids[:2], ids[2:4], ids[4:]]
    assert before is None
    assert page.plan_codes == {cast.plan.id: "keep-1m"}


def test_of_one_line_and_of_nobody_else() -> None:
    cast = assemble(wallet_minor=10_000)
    renewed(cast, 1)
    other = people.line(cast.account, cast.plan)
    assert len(list_orders(cast.account.id, line_id=cast.line.id).orders) == 1
    assert not list_orders(cast.account.id, line_id=other.id).orders
    assert not list_orders(cast.other_account.id).orders
