"""audit_books: each invariant holds for good books, and is named when they are broken.

The books are broken as the owner of the tables, guards taken off, inside one transaction that is
taken back. A new invariant without its breaker fails here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from keepline.core.ids import slot_of_text
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line, top_up_wallet
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import ROWS_NAMED, audit, invariants, sizes, sums
from keepline.flows.open_payment import open_payment
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.settle_payment import settle
from keepline.orders.models import Order
from keepline.payments.models import Payment
from keepline.slots.ids import new_id
from tests import database
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import move_line, request

pytestmark = [pytest.mark.django_db, pytest.mark.books_broken]
E164 = 4915112345678


@pytest.fixture(scope="module", autouse=True)
def as_owner(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """These tests work as the owner, who may take guards off (an external server has one role)."""
    if database.is_external():
        yield
        return
    with django_db_blocker.unblock():
        database.sign_in(connection, "keepline_owner")
        yield
        database.sign_in(connection, "keepline_app")


@dataclass(frozen=True)
class Scene:
    """Books with one of everything."""

    cast: Cast
    renewal: Order  # from the wallet
    paid: Order  # by the provider, through the network
    waiting: Order  # paid, in the network
    unpaid: Order
    refunded: Order
    topped_up: Order

    def values(self) -> dict[str, Any]:
        slot = self.cast.account.slot
        return {
            "slot": slot,
            "fresh": new_id(slot),
            "other": new_id(slot),
            "elsewhere": new_id((slot + 1) % 256),
            "stranger": self.cast.other_account.id,
            "account": self.cast.account.id,
            "line": self.cast.line.id,
            "wallet": self.cast.wallet_id,
            "now": NOW,
            "e164": E164,
            **{
                name: getattr(self, name).id
                for name in ("renewal", "paid", "waiting", "unpaid", "refunded", "topped_up")
            },
        }


def _by_provider(cast: Cast, provider: FakeProvider, key: str) -> Order:
    asked = request(cast, key=key, provider="sandbox", use_wallet="none")
    order_id = renew_line.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    return Order.objects.by_id(order_id)


def _pay(order: Order, provider: FakeProvider) -> None:
    provider.pay(Payment.objects.get(order_id=order.id).id)
    settle(order.id, NOW)


@pytest.fixture
def scene(provider: FakeProvider, network: ScriptedNetwork) -> Scene:
    expired = {"state": LineState.ACTIVE, "e164": E164, "iccid": "8949000000000000006"}
    cast = assemble(line_fields=expired, delivery="network")
    move_line(cast, LineEvent.EXPIRE)
    renewal = renew_line.start(request(cast), NOW).order_id
    advance(renewal, "en", NOW)
    paid = _by_provider(cast, provider, "key-0002")
    _pay(paid, provider)
    advance(paid.id, "en", NOW)
    refunded = _by_provider(cast, provider, "key-0003")
    _pay(refunded, provider)
    network.script = ["refuse"]
    advance(refunded.id, "en", NOW)
    advance(refunded.id, "en", NOW)
    waiting = _by_provider(cast, provider, "key-0004")
    _pay(waiting, provider)
    unpaid = renew_line.start(request(cast, key="key-0005", provider="sandbox"), NOW).order_id
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, 500, "USD", "sandbox", "key-0006", "user:1", "portal"
    )
    topped_up = Order.objects.by_id(top_up_wallet.start(asked, NOW).order_id)
    open_payment(topped_up.id, "en", NOW)
    _pay(topped_up, provider)
    number_receipts("house", NOW, 10)
    _number(cast)
    found = [Order.objects.by_id(i) for i in (renewal, paid.id, waiting.id, unpaid)]
    refunded.refresh_from_db()
    topped_up.refresh_from_db()
    return Scene(cast, *found, refunded, topped_up)


def _number(cast: Cast) -> None:
    run(
        "INSERT INTO inventory_number (slot, id, e164, state, since_at, line_id, account_id)"
        " VALUES (%(slot)s, %(id)s, %(e164)s, 'assigned', %(now)s, %(line)s, %(account)s);"
        "INSERT INTO inventory_ownershipperiod (slot, id, e164, begins_at, account_id, line_id)"
        " VALUES (%(slot)s, %(id)s, %(e164)s, %(now)s, %(account)s, %(line)s)",
        {
            "slot": slot_of_text(str(E164)),
            "id": new_id(slot_of_text(str(E164))),
            "e164": E164,
            "now": NOW,
            "line": cast.line.id,
            "account": cast.account.id,
        },
    )


def run(statements: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for statement in statements.split(";"):
            cursor.execute(statement, values)


def broken(late: bool = False) -> set[str]:
    instant = NOW + timedelta(days=4) if late else NOW
    return {found.name for found in audit(instant, [i for i in invariants() if i.late == late])}


UNGUARD = "ALTER TABLE ledger_transfer DISABLE TRIGGER USER;"
TRANSFER = (
    "INSERT INTO ledger_transfer (slot, id, debit_id, credit_id, amount_minor, currency, code,"
    " phase, hold_id, order_id, booked_at) "
)
ONE_MORE = (
    TRANSFER + "SELECT slot, %(fresh)s, debit_id, credit_id, amount_minor, currency, code,"
    " phase, hold_id, order_id, booked_at FROM ledger_transfer WHERE "
)
EXTENSION = (
    "ALTER TABLE lines_extension DISABLE TRIGGER USER;"
    "ALTER TABLE lines_lineevent DISABLE TRIGGER USER;"
)

# name of the invariant -> what breaks it
BOOKING = (
    "INSERT INTO ledger_revenuebooking (id, last_booked_on) VALUES (1, '2026-03-19')"
    " ON CONFLICT (id) DO NOTHING;"
)
BREAKERS: dict[str, str] = {
    "brought_numbers_are_on_their_way": "INSERT INTO porting_portin (slot, id, state, account_id,"
    " line_id, order_id, e164, sealed, donor, wanted_at, ended_at)"
    " SELECT slot, id, 'ported', account_id, line_id, id, 447700900871, '', 'elsewhere', %(now)s,"
    " %(now)s FROM orders_order WHERE id = %(renewal)s",
    "leaving_numbers_are_on_their_way": "UPDATE lines_validity SET state = 'porting',"
    " next_step = NULL, next_action_at = NULL WHERE id = %(line)s",
    "ledger_sums_to_zero": TRANSFER
    + "SELECT slot, %(fresh)s, %(wallet)s, %(other)s, 5, 'USD', 6, 'single', NULL, NULL, %(now)s"
    " FROM ledger_wallet WHERE id = %(wallet)s;"
    "UPDATE ledger_wallet SET posted_minor = posted_minor - 5 WHERE id = %(wallet)s",
    "transfers_lie_between_known_accounts": TRANSFER
    + "SELECT slot, %(fresh)s, %(wallet)s, %(other)s, 5, 'USD', 6, 'single', NULL, NULL, %(now)s"
    " FROM ledger_wallet WHERE id = %(wallet)s",
    "wallets_equal_their_transfers": "UPDATE ledger_wallet SET posted_minor = posted_minor + 1"
    " WHERE id = %(wallet)s",
    "holds_end_once_and_whole": UNGUARD
    + "UPDATE ledger_transfer SET amount_minor = amount_minor - 1"
    " WHERE phase = 'post' AND order_id = %(renewal)s",
    "facts_are_guarded": UNGUARD + "SELECT 1",
    "no_wallet_below_zero": "ALTER TABLE ledger_wallet DROP CONSTRAINT wallet_not_below_zero;"
    "UPDATE ledger_wallet SET posted_minor = pending_minor - 1 WHERE id = %(wallet)s",
    "payments_are_booked_once": ONE_MORE + "code = 1 AND order_id = %(paid)s",
    "payments_have_one_name": "UPDATE payments_providerpayment SET payment_id = %(fresh)s",
    "refunds_within_captures": ONE_MORE
    + "order_id = %(refunded)s AND code = 8 AND debit_id = %(wallet)s",
    "clearing_equals_the_payments": "UPDATE payments_payment"
    " SET captured_minor = 1 + captured_minor"
    " WHERE order_id = %(topped_up)s",
    "refunds_add_up": "UPDATE payments_refund SET state = 'to_wallet'"
    " WHERE order_id = %(refunded)s",
    "refunds_come_out_of_their_sale": "UPDATE payments_refund SET order_id = %(renewal)s"
    " WHERE order_id = %(refunded)s",
    "disputes_are_booked": "INSERT INTO payments_dispute (slot, id, account_id, order_id,"
    " payment_id, provider, provider_dispute_id, state,"
    " amount_minor, currency, booked_minor, sale_minor,"
    " held_minor, tax_minor, reason, opened_at, blocks_line, ends_service, evidence, answered_by)"
    " SELECT slot, %(fresh)s, account_id, order_id, id, provider, 'd', 'open', 5, 'USD', 5, 5, 0,"
    " 0, '', %(now)s, false, false, '', '' FROM payments_payment WHERE order_id = %(paid)s",
    "reversals_have_a_refund": "INSERT INTO lines_reversal"
    " (slot, id, line_id, order_id, cause_id, ended_at, actor, reversed_at)"
    " SELECT slot, id, line_id, order_id, %(fresh)s, period_start, 'staff:1', %(now)s"
    " FROM lines_extension WHERE order_id = %(renewal)s",
    "nothing_ages_in_transit": "",
    "paid_orders_end_in_service_or_refund": EXTENSION
    + "DELETE FROM lines_extension WHERE order_id = %(paid)s",
    "orders_take_what_they_cost": UNGUARD
    + "DELETE FROM ledger_transfer WHERE order_id = %(renewal)s AND phase = 'post'",
    "ended_orders_hold_no_money": UNGUARD
    + "DELETE FROM ledger_transfer WHERE order_id = %(refunded)s AND phase = 'void'",
    "no_order_is_forgotten": "UPDATE orders_order SET next_action_at = NULL WHERE id = %(waiting)s",
    "promises_are_kept_in_time": "",
    "extensions_have_a_completed_order": "UPDATE orders_order SET state = 'failed'"
    " WHERE id = %(renewal)s",
    "periods_never_overlap": EXTENSION
    + "UPDATE lines_extension SET period_start = period_start - interval '1 hour'"
    " WHERE order_id = %(paid)s",
    "expiry_is_the_fold_of_extensions": "UPDATE lines_validity"
    " SET valid_until = valid_until + interval '1 day' WHERE id = %(line)s",
    "only_legal_transitions": EXTENSION
    + "UPDATE lines_lineevent SET target = 'terminated' WHERE event = 'expire'",
    "history_leads_to_the_state": "UPDATE lines_validity SET state = 'paused' WHERE id = %(line)s",
    "orders_carry_what_their_state_needs": "UPDATE orders_order SET completed_at = NULL"
    " WHERE id = %(renewal)s",
    "changes_were_carried_out": "UPDATE orders_order SET kind = 'new_number',"
    " stock = '{\"number\": 12025550199}' WHERE id = %(renewal)s",
    "numbers_have_one_holder": "ALTER TABLE inventory_ownershipperiod"
    " DROP CONSTRAINT ownership_one_last CASCADE, DROP CONSTRAINT ownership_one_follower;"
    "INSERT INTO inventory_ownershipperiod (slot, id, e164, begins_at, account_id, line_id)"
    " VALUES (get_byte(sha256(%(e164)s::bigint::text::bytea), 0), %(fresh)s, %(e164)s, %(now)s,"
    " %(account)s, %(line)s)",
    "cards_are_on_one_line": "INSERT INTO inventory_card"
    " (slot, id, iccid, pool_id, since_at, added_at, state, sealed_codes, line_id)"
    " VALUES (get_byte(sha256('8949000000000000000'), 0), %(fresh)s, '8949000000000000000', 1,"
    " %(now)s, %(now)s, 'assigned', '', %(line)s)",
    "profiles_stand_by": "INSERT INTO inventory_profile (slot, id, iccid, pool_id, since_at,"
    " added_at, state, smdp_address, matching_id, smdp_oid, sealed_confirmation_code, eid,"
    " downloads, line_id, standby_carrier_id)"
    " VALUES (get_byte(sha256('8949000000000000018'), 0), %(fresh)s, '8949000000000000018', 1,"
    " %(now)s, %(now)s, 'installed', '', '', '', '', '', 0, %(line)s, 1)",
    "assigned_numbers_are_on_their_line": "UPDATE inventory_number SET line_id = %(fresh)s",
    "reclaims_gave_the_number_back": "UPDATE orders_order SET kind = 'reclaim'"
    " WHERE id = %(renewal)s",
    "every_clock_runs": "UPDATE lines_validity SET next_step = 5 WHERE id = %(line)s",
    "nothing_due_is_left": "UPDATE lines_validity SET next_action_at = %(now)s WHERE id = %(line)s",
    "the_network_follows": "INSERT INTO lines_networkdue (slot, id, due_at, marked_at, attempts,"
    " version, refusal_code) SELECT slot, id, %(now)s, %(now)s, 0, 1, '' FROM lines_line"
    " WHERE id = %(line)s",
    "what_is_held_is_on_its_way": "UPDATE inventory_number SET state = 'held', until_at = NULL",
    "lost_numbers_are_no_key": "UPDATE inventory_number SET state = 'available';"
    "UPDATE accounts_user SET phone = '+' || %(e164)s, phone_verified = true"
    " WHERE id = (SELECT min(id) FROM accounts_user)",
    "messages_lie_in_their_holders_time": "INSERT INTO messages_received (slot, id, account_id,"
    " line_id, e164, period_id, received_at, erase_at, has_code, sender_mark, key_id, sealed)"
    " SELECT slot, %(fresh)s, account_id, id, %(e164)s, %(fresh)s, %(now)s, %(now)s, false, '',"
    " 'k', '' FROM lines_line WHERE id = %(line)s",
    "numbers_rest": "UPDATE inventory_number SET state = 'quarantine', until_at = since_at",
    "ends_are_told": "DELETE FROM messages_outbox WHERE order_id = %(renewal)s",
    "no_message_is_forgotten": "UPDATE messages_outbox SET due_at = NULL"
    " WHERE order_id = %(renewal)s",
    "addressed_is_on_its_way": "UPDATE messages_outbox SET due_at = NULL, outcome = 'addressed'"
    " WHERE order_id = %(renewal)s",
    "one_key_one_order": "UPDATE orders_requestkey SET order_id = %(fresh)s"
    " WHERE order_id = %(paid)s",
    "rows_lie_in_their_slot": "UPDATE ledger_wallet SET id = %(elsewhere)s WHERE id = %(wallet)s",
    "orders_stay_in_their_account": "UPDATE orders_order SET account_id = %(stranger)s"
    " WHERE id = %(unpaid)s",
    "no_card_number_is_stored": "INSERT INTO payments_providerevent"
    " (provider, event_id, kind, body, received_at)"
    " VALUES ('sandbox', 'evt_x', 'k', '{\"card\": \"4111 1111 1111 1111\"}', %(now)s)",
    "receipts_have_no_gap": "UPDATE orders_order SET receipt_number = 9 WHERE id = %(topped_up)s",
    "what_is_deferred_is_scheduled": BOOKING
    + "INSERT INTO ledger_revenueslope (slot, plan_id, currency, day, delta_minor)"
    " VALUES (0, 1, 'USD', '2099-01-01', 7), (0, 1, 'USD', '2099-01-02', -7)",
    "exchanges_have_two_sides": TRANSFER
    + "SELECT o.slot, %(fresh)s, h.id, %(wallet)s, 5, 'USD', 11, 'single', NULL, o.id, %(now)s"
    " FROM orders_order o, ledger_houseaccount h"
    " WHERE o.id = %(paid)s AND h.code = 'exchange' AND h.currency = 'USD';"
    "UPDATE ledger_wallet SET posted_minor = posted_minor + 5 WHERE id = %(wallet)s",
    "rates_follow_their_slopes": BOOKING
    + "INSERT INTO ledger_revenuerate (slot, plan_id, currency, rate_minor)"
    " SELECT 0, 1, 'USD', 7;"
    "INSERT INTO ledger_revenueslope (slot, plan_id, currency, day, delta_minor)"
    " VALUES (0, 1, 'USD', '2000-01-01', 8), (0, 1, 'USD', '2000-01-02', -8)",
}


def test_good_books_pass(scene: Scene) -> None:
    assert audit(NOW) == []
    assert scene.refunded.state == OrderState.FAILED
    assert scene.waiting.state == OrderState.IN_PROGRESS
    assert sizes()["orders"] == Order.objects.count()
    assert sums() == [("USD", 700 + 500 + 300, 300 + 300)]


def test_every_invariant_has_its_breaker() -> None:
    assert [one.name[3:] for one in invariants()] == [
        name for one in invariants() for name in BREAKERS if name == one.name[3:]
    ]
    assert len(invariants()) == len(BREAKERS)
    assert all(one.name.startswith(f"{one.number:02d}_") for one in invariants())


@pytest.mark.parametrize("name", BREAKERS)
def test_a_break_is_named(scene: Scene, name: str) -> None:
    (one,) = [one for one in invariants() if one.name[3:] == name]
    if one.late:
        if BREAKERS[name]:
            run(BREAKERS[name], scene.values())
        assert broken(late=True) >= {one.name}  # nobody worked for four days
        return
    run(BREAKERS[name], scene.values())
    assert one.name in broken()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"card": "5500005555555559"}', True),
        ('{"pan":"3782 822463 10005"}', True),
        ('{"card": "4111-1111-1111-1111"}', True),
        ('{"card": "4111111111111112"}', False),  # fails the check
        ('{"at": 1773144000000, "to": "+8613812345678"}', False),
        ('{"id": "41111111-1111-4111-8111-111111111111"}', False),
        ('{"id": "sbx_4111111111111111"}', False),
        ('{"iccid": "8949000000000000006"}', False),
    ],
)
def test_what_looks_like_a_card(body: str, found: bool) -> None:
    run(
        "INSERT INTO payments_providerevent (provider, event_id, kind, body, received_at)"
        " VALUES ('sandbox', 'evt_x', 'k', %(body)s, %(now)s)",
        {"body": body, "now": NOW},
    )
    assert broken() == ({"17_no_card_number_is_stored"} if found else set())


def test_rows_named_are_bounded() -> None:
    run(
        "INSERT INTO messages_outbox (slot, id, kind, account_id, occurred_at, outcome,"
        " reason) SELECT 0, gen_random_uuid(), 'x', gen_random_uuid(), %(now)s, '', ''"
        " FROM generate_series(1, 150)",
        {"now": NOW},
    )
    one = next(one for one in invariants() if one.name == "15_no_message_is_forgotten")
    (finding,) = audit(NOW, [one])
    assert (finding.invariant, len(finding.rows)) == (15, ROWS_NAMED)
