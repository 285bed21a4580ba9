"""list_endpoints: one's own, in one query."""

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.list_endpoints import list_endpoints
from tests.cast import NOW, assemble
from tests.flows.endpoints import OPERATOR, connect, owner_of

pytestmark = pytest.mark.django_db


def test_ones_own_the_oldest_first(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    connect()
    cast = assemble()
    mine = [add_endpoint(owner_of(cast), "http://localhost:1/", "", [], NOW)[0] for _ in range(3)]
    operators, _ = add_endpoint(OPERATOR, "http://localhost:1/", "", [], NOW)
    with django_assert_num_queries(1):
        assert [one.id for one in list_endpoints(cast.account.id)] == [one.id for one in mine]
    assert [one.id for one in list_endpoints(None)] == [operators.id]
    assert list_endpoints(cast.other_account.id) == []
