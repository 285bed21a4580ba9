"""request.holder: one query at most, none for visitors; language and zone follow the user."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from keepline.accounts.models import Membership, Role, User
from keepline.portal.middleware import HolderMiddleware
from tests.cast import account, person


def pass_through(user: Any, look: Any = lambda request: None) -> HttpResponse:
    request = RequestFactory().get("/")
    request.COOKIES["session"] = "x"
    request.user = user

    def page(asked: HttpRequest) -> HttpResponse:
        look(asked)
        return HttpResponse("ok")

    with translation.override("en"):
        return HolderMiddleware(page)(request)


def test_one_query_when_looked_at(
    dora: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def look(request: Any) -> None:
        assert request.holder.user.pk == dora.pk
        assert request.holder.role == Role.OWNER
        assert request.holder.slot == request.holder.slot

    with django_assert_num_queries(1):
        pass_through(dora, look)
    with django_assert_num_queries(0):
        pass_through(dora)


def test_a_visitor_holds_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    def look(request: Any) -> None:
        assert not request.holder

    with django_assert_num_queries(0):
        pass_through(AnonymousUser(), look)


def test_language_and_zone_of_the_user_and_of_nobody_after(dora: User) -> None:
    dora.language, dora.time_zone = "zh-hans", "Asia/Shanghai"
    seen: list[str] = []

    def look(request: Any) -> None:
        seen.extend([translation.get_language() or "", timezone.get_current_timezone_name()])

    pass_through(dora, look)
    assert seen == ["zh-hans", "Asia/Shanghai"]
    assert timezone.get_current_timezone_name() == "UTC"


def test_ones_own_account_comes_first() -> None:
    eve, bob = person("eve"), person("bob")
    others = account(eve)
    Membership.objects.create(user=bob, account_id=others.id, role=Role.SEE)
    own = account(bob)

    def look(request: Any) -> None:
        assert request.holder.account_id == own.id

    pass_through(bob, look)


@pytest.mark.parametrize("zone", ["Mars/Base", ""])
def test_a_zone_that_is_none_is_utc(dora: User, zone: str) -> None:
    dora.time_zone = zone

    def look(request: Any) -> None:
        assert timezone.get_current_timezone_name() == "UTC"

    pass_through(dora, look)
