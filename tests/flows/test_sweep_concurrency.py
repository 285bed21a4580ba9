"""Many sweeps at once, beside people who renew by hand: each step once, no deadlock."""

import random
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import connection

from keepline.core.agenda import Step
from keepline.flows import renew_line
from keepline.flows.audit_books import audit
from keepline.flows.sweep_lines import sweep
from keepline.flows.sweeping import renewing
from keepline.ledger.models import Wallet
from keepline.lines import due
from keepline.lines.models import Extension, LineEvent, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from tests.cast import NOW, Cast, assemble, line
from tests.flows.acts import request
from tests.flows.at_once import at_once, deadlocks

pytestmark = pytest.mark.django_db(transaction=True)


def fleet(lines: int, wallet_minor: int) -> tuple[Cast, list[UUID]]:
    """Many lines of one wallet that renew by themselves today."""
    cast = assemble(wallet_minor=wallet_minor, line_fields={"valid_until": NOW})
    ids = [cast.line.id, *(line(cast.account, cast.plan, valid_until=NOW).id for _ in range(lines))]
    Validity.objects.update(auto_renew=True, next_step=Step.RENEW, next_action_at=NOW)
    return cast, ids


def test_sweeps_at_once_renew_each_line_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepline.flows.sweep_lines.BATCH", 7)  # of those that run out
    cast, ids = fleet(59, wallet_minor=40 * 300 + 299)
    before = deadlocks()
    answers = at_once([partial(sweep, NOW, batch=7) for _ in range(4)])
    assert sum(answer["renewed"] for answer in answers) == 40
    assert sum(answer["short"] for answer in answers) == 20
    assert Extension.objects.filter(period_start=NOW).count() == 40
    assert Wallet.objects.by_id(cast.wallet_id).posted_minor == 299
    assert LineEvent.objects.filter(event="expire").count() == 20
    assert deadlocks() == before
    assert audit(NOW) == []
    assert len(ids) == 60


def test_of_one_wallet_the_longest_due_is_paid_first_in_whatever_batch() -> None:
    _cast, ids = fleet(5, wallet_minor=2 * 300)
    first, second, *others = random.Random(3).sample(ids, 6)
    for minutes, line_id in enumerate([*others, second, first]):
        due_at = NOW - timedelta(minutes=minutes)
        Validity.objects.filter(id=line_id).update(next_action_at=due_at)
    assert sweep(NOW, batch=1)["renewed"] == 2
    renewed = Extension.objects.filter(period_start=NOW).values_list("line_id", flat=True)
    assert set(renewed) == {first, second}


def test_renewals_by_hand_beside_sweeps() -> None:
    """Whoever comes first: every line is one or two terms further, and all of it was paid for."""
    cast, ids = fleet(29, wallet_minor=1_000_000)
    by_hand = [
        partial(
            renew_line.start,
            request(cast, line_id=line_id, use_wallet="only", key=f"by-hand-{line_id}"),
            NOW,
        )
        for line_id in random.Random(7).sample(ids, 12)
    ]
    before = deadlocks()
    answers = at_once([*(partial(sweep, NOW, batch=5) for _ in range(2)), *by_hand])
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    renewals = Order.objects.filter(kind="renewal", state="completed")
    assert renewals.filter(channel="portal").count() == 12
    assert Wallet.objects.by_id(cast.wallet_id).posted_minor == 1_000_000 - 300 * renewals.count()
    assert renewals.count() == Extension.objects.filter(period_start__gte=NOW).count()
    assert deadlocks() == before
    assert audit(NOW) == []


def test_an_order_begun_while_locks_were_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement's own look was before; the batch is begun anew and leaves the line alone."""
    cast, _ = fleet(0, wallet_minor=900)
    Validity.objects.update(valid_until=NOW, next_step=Step.RENEW)
    really, asked = renewing.fetch_all, []

    def fetch_all(statement: str, params: dict[str, object]) -> list[object]:
        rows = really(statement, params)
        if not asked:
            in_between = request(cast, provider="sandbox", use_wallet="none")
            asked.append(renew_line.start(in_between, NOW).order_id)
        return rows

    monkeypatch.setattr(renewing, "fetch_all", fetch_all)
    counts = sweep(NOW)
    assert counts["raced"] == 1
    assert counts["renewed"] == 1
    monkeypatch.undo()
    assert Order.objects.filter(kind="renewal").count() == 1


def test_reminders_and_changes_happen_once() -> None:
    cast, _ = fleet(19, wallet_minor=0)
    Validity.objects.update(auto_renew=False, next_step=Step.EXPIRE)
    at_once([partial(sweep, NOW) for _ in range(4)])
    assert LineEvent.objects.filter(event="expire").count() == 20
    assert Outbox.objects.filter(kind="line.expired").count() == 20
    assert Validity.objects.filter(state="grace", since_at=NOW).count() == 20
    Validity.objects.update(next_step=Step.REMIND, next_action_at=NOW + timedelta(days=7))
    at_once([partial(sweep, NOW + timedelta(days=7)) for _ in range(4)])
    assert Outbox.objects.filter(kind="line.withdrawal_near").count() == 20
    assert cast.line.slot == cast.account.slot


def test_both_clocks_find_their_lines_in_the_statement_itself() -> None:
    """The partial indexes are chosen by what the text says, whichever clock it is."""
    assemble()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        for real, index in ((True, "validity_due"), (False, "validity_due_by_test_clock")):
            which = due.Which(0 if real else 7)
            params = {"step": 1, "now": NOW, **which.params()}
            for statement in (due.WAITING, due.TOGETHER):
                text = statement.format(whose=which.whose, limit=10)
                cursor.execute(f"EXPLAIN {text}", params)
                explained = "\n".join(row[0] for row in cursor.fetchall())
                assert f"using {index} " in explained, explained
        cursor.execute("RESET enable_seqscan")
