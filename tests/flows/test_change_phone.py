"""change_phone: a number becomes what one signs in with, only while it is in somebody's hands."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from keepline.accounts.models import User
from keepline.audit.models import AuditEvent
from keepline.flows import close_line
from keepline.flows.change_phone import change_phone
from keepline.flows.errors import FlowRefused
from keepline.inventory import services as inventory
from keepline.inventory.models import Number
from tests.cast import NOW, line, person
from tests.flows.at_once import at_once, deadlocks
from tests.flows.changing import NEW, OLD, numbered

pytestmark = pytest.mark.django_db
ELSEWHERE = "+447400123456"  # none of our numbers
HOUR = timedelta(hours=1)


def test_the_first_one_of_a_user_is_no_change() -> None:
    fresh = User.objects.create_user(phone=ELSEWHERE, password="x")
    assert change_phone(fresh.pk, ELSEWHERE, NOW) == ""
    fresh.refresh_from_db()
    assert (fresh.phone_verified, fresh.contacts_changed_at) == (True, None)


def test_another_one_is_noted_and_the_old_one_named() -> None:
    dora = person("dora", phone=ELSEWHERE)
    assert change_phone(dora.pk, "+447400123457", NOW) == ELSEWHERE
    dora.refresh_from_db()
    assert (dora.phone, dora.phone_verified) == ("+447400123457", True)
    assert dora.contacts_changed_at == NOW
    event = AuditEvent.objects.get(action="phone.changed")
    assert (event.actor, event.facts) == (f"user:{dora.pk}", {"first": False})
    assert change_phone(dora.pk, "+447400123457", NOW + HOUR) == ""
    dora.refresh_from_db()
    assert dora.contacts_changed_at == NOW, "nothing has changed"


def test_a_number_beside_the_e_mail_is_a_change() -> None:
    dora = person("dora")
    change_phone(dora.pk, ELSEWHERE, NOW)
    dora.refresh_from_db()
    assert dora.contacts_changed_at == NOW


def test_somebody_elses_is_refused() -> None:
    person("dora", phone=ELSEWHERE)
    with pytest.raises(IntegrityError), transaction.atomic():
        change_phone(person("emil").pk, ELSEWHERE, NOW)


@pytest.mark.parametrize("state", ["available", "retired"])
def test_a_number_that_nobody_has_is_nobodys_key(state: str) -> None:
    numbered()
    Number.objects.filter(e164=NEW).update(state=state)
    dora = person("dora")
    with pytest.raises(FlowRefused) as caught:
        change_phone(dora.pk, f"+{NEW}", NOW)
    assert caught.value.code == "phone_refused"
    dora.refresh_from_db()
    assert (dora.phone, dora.contacts_changed_at) == (None, None)
    assert not AuditEvent.objects.filter(action="phone.changed").exists()


def test_a_code_typed_after_the_number_left_opens_nothing() -> None:
    cast, *_ = numbered()
    change_phone(cast.alice.pk, f"+{OLD}", NOW)
    close_line.close(cast.account.id, cast.line.id, "user:1", NOW + HOUR)
    cast.alice.refresh_from_db()
    assert (cast.alice.phone, cast.alice.former_phone) == (None, f"+{OLD}")
    with pytest.raises(FlowRefused):
        change_phone(cast.alice.pk, f"+{OLD}", NOW + HOUR)
    change_phone(cast.alice.pk, ELSEWHERE, NOW + HOUR)
    cast.alice.refresh_from_db()
    assert (cast.alice.phone, cast.alice.former_phone) == (ELSEWHERE, "")


@pytest.mark.django_db(transaction=True)
def test_at_once_with_the_end_of_its_line() -> None:
    """Whoever comes second sees the other: a number is never a key while it rests."""
    with transaction.atomic():
        cast, numbers, _ = numbered()
    before = deadlocks()
    for e164 in numbers[1:]:
        with transaction.atomic():
            own = line(cast.account, cast.plan, e164=e164)
            inventory.assign(e164, cast.account.id, own.id, NOW)
        ends = partial(close_line.close, cast.account.id, own.id, "user:1", NOW + HOUR)
        answers = at_once([ends, partial(change_phone, cast.alice.pk, f"+{e164}", NOW + HOUR)])
        assert answers[0] is None
        cast.alice.refresh_from_db()
        assert cast.alice.phone is None
    assert deadlocks() == before
