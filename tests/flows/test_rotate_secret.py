"""rotate_secret: a day with two signatures, then one."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from keepline.flows.errors import FlowRefused
from keepline.flows.rotate_secret import rotate_secret
from keepline.flows.try_endpoint import try_endpoint
from tests.cast import assemble
from tests.flows.endpoints import OPERATOR, Receiver, connect, owner_of, receiver

pytestmark = pytest.mark.django_db


def believed_by(program: Receiver, *secrets: str) -> list[bool]:
    headers, body = program.heard()[-1]
    found = []
    for secret in secrets:
        try:
            Webhook(secret).verify(body, headers)
            found.append(True)
        except WebhookVerificationError:
            found.append(False)
    return found


def test_old_and_new_overlap_for_a_day() -> None:
    connect()
    cast, now = assemble(), datetime.now(UTC)
    with receiver(owner_of(cast)) as program:
        second = rotate_secret(owner_of(cast), program.id, now)
        third = rotate_secret(owner_of(cast), program.id, now)
        secrets = (program.secret, second, third)
        assert len(set(secrets)) == 3
        try_endpoint(owner_of(cast), program.id, now)
        assert believed_by(program, *secrets) == [True, True, True]
        endpoint = owner_of(cast).endpoint(program.id)
        assert endpoint.overlap_until == now + timedelta(days=1)
        # A day and a second ago instead: only the newest signs.
        fourth = rotate_secret(owner_of(cast), program.id, now - timedelta(days=1, seconds=1))
        try_endpoint(owner_of(cast), program.id, now)
        assert believed_by(program, fourth, third) == [True, False]


def test_a_strangers_is_not_there() -> None:
    connect()
    cast = assemble()
    with receiver(owner_of(cast)) as program, pytest.raises(FlowRefused, match="not_found"):
        rotate_secret(OPERATOR, program.id, datetime.now(UTC))
