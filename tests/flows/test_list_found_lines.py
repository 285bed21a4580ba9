"""list_found_lines: staff find lines by what people read out."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from keepline.flows import close_line
from keepline.flows.list_found_lines import list_found_lines
from keepline.inventory import services as inventory
from tests.cast import NOW, line
from tests.flows.changing import OLD, numbered
from tests.flows.refunds import bought
from tests.inventory import shelves

pytestmark = pytest.mark.django_db


def test_by_everything_that_people_read_out() -> None:
    cast, _, (iccid, *_) = numbered()
    order = bought(cast)
    for text in (f"+{OLD}", "+44 7700 900000", iccid, f" {cast.line.id} ", str(order.id)):
        found = list_found_lines(text)
        assert [row.id for row in found.lines] == [cast.line.id], text
        assert found.holders == {cast.account.id: cast.account.name}
    assert cast.line.id in [row.id for row in list_found_lines("Alice@example.com").lines]


@pytest.mark.parametrize("text", ["", "nobody@example.com", "+49 30 1234567", "x", "1" * 60])
def test_nothing_is_found(text: str) -> None:
    numbered()
    assert list_found_lines(text).lines == []
    assert list_found_lines(str(uuid4())).lines == []


def test_who_had_the_number_before_stands_below() -> None:
    cast, *_ = numbered(sim=False)
    close_line.close(cast.account.id, cast.line.id, "user:1", NOW + timedelta(hours=1))
    shelves.release_rested(NOW + timedelta(days=400))
    second = line(cast.other_account, cast.plan, e164=OLD)
    with transaction.atomic():
        inventory.assign(OLD, cast.other_account.id, second.id, NOW + timedelta(days=401))
    found = list_found_lines(f"+{OLD}")
    assert [row.id for row in found.lines] == [second.id, cast.line.id]
    assert set(found.holders) == {cast.account.id, cast.other_account.id}
