"""appoint_staff: who is staff, said once and audited."""

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.appoint_staff import ACTION, appoint_staff
from tests.cast import NOW, person

pytestmark = pytest.mark.django_db


def test_a_user_becomes_staff_once_and_is_it_no_more() -> None:
    user = person("olga")
    assert appoint_staff(user, staff=True, actor="cli", now=NOW)
    assert not appoint_staff(user, staff=True, actor="cli", now=NOW)
    user.refresh_from_db()
    assert user.is_staff
    assert appoint_staff(user, staff=False, actor="cli", now=NOW)
    user.refresh_from_db()
    assert not user.is_staff
    facts = AuditEvent.objects.filter(action=ACTION).order_by("id").values_list("facts", flat=True)
    assert list(facts) == [{"user": user.pk, "staff": True}, {"user": user.pk, "staff": False}]
