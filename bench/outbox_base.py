"""The holders of bench.outbox, and their reminders."""

from datetime import UTC, datetime, timedelta
from typing import Final

from bench import sweep_base
from bench.installation import say
from bench.outbox_submitter import FIRST, number_of

ROWS_AT_ONCE: Final = 5_000


def make_base(holders: int, at: datetime) -> None:
    """Lines that run out in three days, each account's holder with an address and a mobile number
    of their own."""
    from allauth.account.models import EmailAddress

    from keepline.accounts.models import Account, Membership, User
    from keepline.flows.load_preset import load_preset

    for preset in sweep_base.PRESETS:
        load_preset(preset, "bench", at - timedelta(minutes=2))
    lines = holders * 5 // 4 + 5  # of five lines two share an account
    sweep_base.fill(lines, lines, 1, 0, at)
    accounts = list(Account.objects.values_list("id", flat=True)[:holders])
    users = User.objects.bulk_create(
        [
            User(
                email=f"holder{number:06}@example.org",
                phone=f"+{number_of(number)}",
                phone_verified=True,
                password="!",
                language="en",
            )
            for number in range(len(accounts))
        ],
        batch_size=ROWS_AT_ONCE,
    )
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=u, email=u.email, verified=True, primary=True) for u in users],
        batch_size=ROWS_AT_ONCE,
    )
    Membership.objects.bulk_create(
        [
            Membership(user=user, account_id=account_id, role="owner")
            for user, account_id in zip(users, accounts, strict=True)
        ],
        batch_size=ROWS_AT_ONCE,
    )
    say(f"{len(accounts)} holders")


def want(channel: str) -> None:
    """From now on they want reminders by this channel alone."""
    from keepline.accounts.models import User
    from keepline.messages.models import Preferences

    said = {f"{one}:reminders": one == channel for one in ("email", "sms")}
    Preferences.objects.all().delete()
    Preferences.objects.bulk_create(
        [
            Preferences(user_id=user_id, said=said)
            for user_id in User.objects.values_list("pk", flat=True)
        ],
        batch_size=ROWS_AT_ONCE,
    )


def remind() -> None:
    """One reminder for each holder, due at one moment and past its gathering."""
    from django.db import connection, transaction

    from keepline.core.telling import GATHERING
    from keepline.messages import services as outbox

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (l.account_id) l.account_id, l.id FROM lines_line l"
            " JOIN accounts_membership m ON m.account_id = l.account_id"
        )
        events = [("line.expiry_near", account, line) for account, line in cursor.fetchall()]
    with transaction.atomic():
        outbox.put_all(events, datetime.now(UTC) - GATHERING - timedelta(seconds=1))
    with connection.cursor() as cursor:
        for table in ("messages_outbox", "messages_delivery", "messages_reference"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def waiting() -> bool:
    """Whether anything is not at rest yet."""
    from keepline.messages.models import Delivery, Outbox

    return any(table.objects.filter(due_at__isnull=False).exists() for table in (Outbox, Delivery))


def sample(channel: str) -> bytes:
    """A reminder as it goes over the line, and is sent again and again by the plain client."""
    from keepline.flows.telling import ways
    from keepline.flows.telling.news import news_of, rows_of
    from keepline.flows.telling.way import Letter, Told
    from keepline.gateways.messaging.letters import mail_of, sender_of
    from keepline.gateways.messaging.smpp.texts import encoded
    from keepline.gateways.messaging.smpp.wire import submit_sm
    from keepline.messages.models import Outbox

    event, now = Outbox.objects.first(), datetime.now(UTC)
    assert event is not None
    way = ways.way(channel)
    (addressee,) = way.addressees([event.account_id])[event.account_id]
    told = Told(event, news_of(event, rows_of([event]), now))
    message = way.write(Letter(event.id, addressee, [told]))
    if channel == "email":
        return mail_of(message, sender_of("Keepline <no-reply@example.org>"), now)
    (part,) = encoded(message.text, 0, "gsm")
    return submit_sm(2, "Keepline", f"+{FIRST}", part, message.wants_receipt, message.useful_for_s)
