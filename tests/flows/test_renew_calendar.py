"""renew_calendar: one address a member, and the one before is dead."""

import pytest

from keepline.accounts import feeds
from keepline.accounts.models import CalendarFeed, Membership, Role
from keepline.flows.renew_calendar import renew_calendar
from tests.cast import NOW, account, person

pytestmark = pytest.mark.django_db


def test_the_newest_alone_opens_the_calendar() -> None:
    dora = person("dora")
    own = account(dora)
    first, second = (renew_calendar(dora.pk, own.id, NOW) for _ in range(2))
    assert first != second
    assert feeds.holder_by(first) is None
    holder = feeds.holder_by(second)
    assert holder is not None
    assert (holder.user_id, holder.account_id) == (dora.pk, own.id)
    assert CalendarFeed.objects.count() == 1


def test_each_member_has_their_own() -> None:
    dora, eve = person("dora"), person("eve")
    own = account(dora)
    Membership.objects.create(user=eve, account_id=own.id, role=Role.SEE)
    hers, theirs = renew_calendar(dora.pk, own.id, NOW), renew_calendar(eve.pk, own.id, NOW)
    assert feeds.holder_by(hers) is not None
    assert feeds.holder_by(theirs) is not None
