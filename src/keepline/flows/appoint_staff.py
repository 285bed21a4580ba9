"""Makes a user one of the operator's staff, or takes it back: who may open the back office."""

from datetime import datetime

from django.db import transaction

from keepline.accounts import services
from keepline.accounts.models import User
from keepline.audit import services as audit

ACTION = "staff.appointed"


@transaction.atomic
def appoint_staff(user: User, staff: bool, actor: str, now: datetime) -> bool:
    """Whether anything changed; done twice it is done once. Audited with the user and the act."""
    if not services.set_staff(user, staff):
        return False
    audit.record(ACTION, actor=actor, now=now, facts={"user": user.pk, "staff": staff})
    return True
