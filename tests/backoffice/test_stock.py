"""The page of the pools: for staff only, every pool with what is free and how long that lasts."""

import re
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from keepline.accounts.models import User
from keepline.backoffice.shelves import THINNEST, WHOLE, bar_of
from keepline.catalog.models import Carrier
from tests.cast import NOW, Cast
from tests.inventory import shelves

PAGE = "/backoffice/stock/"


def test_for_others_it_does_not_exist(stage: Cast, alice: Client) -> None:
    assert alice.get(PAGE).status_code == 404
    assert Client().get(PAGE).status_code == 302


def test_before_the_first_pool_it_says_how(olga: Client) -> None:
    page = olga.get(PAGE).content.decode()
    assert "There are no pools yet" in page
    assert "keepline import-stock" in page
    assert "<table" not in page


def filled() -> None:
    carrier = Carrier.objects.create(code="kyivstar", name="Kyivstar", country="UA")
    good = shelves.pool("ua-mobile", carrier=carrier, country="UA", low_count=5)
    low = shelves.pool("uk-mobile", country="GB", low_count=2000)
    shelves.numbers(good, 20)
    shelves.numbers(low, 1234, shelves.FIRST + 1000)
    shelves.cards(shelves.pool("plastic", "card"), 2)


def test_every_pool_with_its_figures(olga: Client) -> None:
    filled()
    page = olga.get(PAGE).content.decode()
    assert "1 pool is low:" in page
    assert re.search(r"<strong>uk-mobile</strong>", page)
    assert "Kyivstar · UA" in page
    assert "1,234" in page
    assert page.count("badge-bad") == 1
    assert page.index("Numbers") < page.index("ua-mobile") < page.index("SIM cards")
    assert "eSIM profiles</h2>" not in page  # there is no such pool
    assert "style=" not in page  # the pages' policy forbids it


def test_numbers_to_which_people_still_write(olga: Client) -> None:
    pool = shelves.pool("uk-mobile")
    rest = {"state": "quarantine", "until_at": NOW + timedelta(days=200)}
    shelves.numbers(pool, 2, **rest)
    assert "still write" not in olga.get(PAGE).content.decode()
    shelves.numbers(pool, 2, shelves.FIRST + 10, longest_until=NOW + timedelta(days=300), **rest)
    assert "2 rest longer: people still write to them" in olga.get(PAGE).content.decode()


def test_queries_do_not_grow_with_the_pools(olga: Client) -> None:
    filled()
    olga.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        olga.get(PAGE)
    for place in range(10):
        shelves.pool(f"more-{place}")
    with CaptureQueriesContext(connection) as many:
        assert "more-9" in olga.get(PAGE).content.decode()
    assert len(many) == len(few) <= 3  # session, user, pools


def test_in_chinese(olga: Client) -> None:
    filled()
    User.objects.filter(email="olga@example.com").update(language="zh-hans")
    page = olga.get(PAGE).content.decode()
    assert "<h1>库存</h1>" in page
    assert "1 个库存池偏低" in page
    assert "How long" not in page


counts = st.lists(st.integers(0, 10**7), min_size=4, max_size=4)


@given(counts)
def test_a_bar_is_whole_and_shows_whatever_there_is(parts: list[int]) -> None:
    bar = bar_of(parts)
    assert [piece.key for piece in bar] == [
        k for k, part in zip("abcd", parts, strict=True) if part
    ]
    assert all(piece.width >= THINNEST for piece in bar)
    assert [piece.x for piece in bar] == [
        sum(before.width for before in bar[:place]) for place in range(len(bar))
    ]
    assert sum(piece.width for piece in bar) == (WHOLE if any(parts) else 0)
