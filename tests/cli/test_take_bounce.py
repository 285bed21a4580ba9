"""`keepline take-bounce`, as a mail server pipes into it: what is ours is noted, and nothing is
lost while the database is away."""

import subprocess
import sys
from uuid import uuid4

import pytest
from django.utils import timezone

from keepline.cli.take_bounce import TRY_AGAIN
from keepline.flows.telling.return_tokens import return_token
from keepline.gateways.messaging.return_path import return_path
from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from keepline.messages.preferences import wishes_of
from tests.cast import assemble
from tests.gateways import dsn
from tests.telling import tell

pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = return_path("bounces@mail.example.com", "a" * 47)


def piped(
    form: str, to: str, environment: dict[str, str], **settings: str
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "keepline.cli.main", "take-bounce", "--to", to],
        env=environment | settings,
        input=dsn.returned(form, "bounces@mail.example.com"),
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_what_comes_back_is_noted(process_environment: dict[str, str]) -> None:
    cast, now = assemble(), timezone.now()
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], now)
    tell(now)
    letter = Delivery.objects.get(channel="email")
    to = return_path("bounces@mail.example.com", return_token(letter.id, "alice@example.com"))
    result = piped(dsn.EXIM, to, process_environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    letter.refresh_from_db()
    assert letter.outcome == "refused"
    assert "email" in wishes_of(cast.alice.pk).failing


def test_what_is_not_ours_is_passed_over(process_environment: dict[str, str]) -> None:
    for form, to in ((dsn.DELAYED, ELSEWHERE), (dsn.POSTFIX, "bounces@mail.example.com")):
        result = piped(form, to, process_environment)
        assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_without_a_database_it_is_to_be_piped_again(process_environment: dict[str, str]) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    genuine = return_path("bounces@mail.example.com", return_token(uuid4(), "alice@example.com"))
    result = piped(dsn.POSTFIX, genuine, process_environment, KEEPLINE_DATABASE_URL=nowhere)
    assert result.returncode == TRY_AGAIN
    assert b"Not now" in result.stderr
    assert b"alice" not in result.stderr
