"""Makes a base of N accounts with a line, a filled wallet and a token each, in sets."""

import hashlib
import sys
from datetime import timedelta

import django

from bench.installation import say


def main(accounts: int, lines_each: int) -> None:
    """Runs inside an installation's environment; prints one token and line id a line."""
    django.setup()
    from django.utils import timezone

    from keepline.accounts.models import Account, ApiToken, Membership, Role, User
    from keepline.catalog.models import Plan, PlanPrice, Policy
    from keepline.core import postings
    from keepline.core.agenda import Step
    from keepline.core.lifecycle.line import LineState
    from keepline.ledger import services as ledger
    from keepline.ledger.models import Transfer, Wallet
    from keepline.lines.models import Line, Validity
    from keepline.slots.ids import new_id

    now = timezone.now()
    policy = Policy.objects.create(
        code="bench",
        version=1,
        grace_days=30,
        suspended_days=60,
        reclaim_days=120,
        quarantine_days=180,
        grace_rule="from_payment",
        since_at=now,
    )
    plan = Plan.objects.create(
        code="bench-1m",
        version=1,
        line_kind="keep_alive",
        name={"en": "Keep alive, 1 month", "zh-hans": "保号一个月"},
        policy=policy,
        term="P1M",
        data_bytes=0,
        voice_seconds=0,
        sms_count=0,
        delivery="ledger",
        sold_from_at=now - timedelta(days=1),
    )
    PlanPrice.objects.create(plan=plan, currency="USD", price_minor=300)
    ledger.open_house_accounts(["USD"], ["sandbox"])
    user = User.objects.create_user("bench@example.com", "bench bench bench bench")
    rows: dict[type, list[object]] = {
        model: [] for model in (Account, Membership, ApiToken, Wallet, Transfer, Line, Validity)
    }
    for index in range(accounts):
        slot = index % 256
        account_id = new_id(slot)
        wallet_id = ledger.wallet_id_of(account_id, "USD")
        money = 100_000_000
        secret = f"kl_{hashlib.sha256(str(account_id).encode()).hexdigest()}"
        rows[Account].append(
            Account(slot=slot, id=account_id, name="bench", currency="USD", opened_at=now)
        )
        rows[Membership].append(Membership(user=user, account_id=account_id, role=Role.OWNER))
        rows[ApiToken].append(
            ApiToken(
                user=user,
                slot=slot,
                account_id=account_id,
                name="bench",
                digest=hashlib.sha256(secret.encode()).digest(),
                created_at=now,
            )
        )
        rows[Wallet].append(
            Wallet(
                slot=slot,
                id=wallet_id,
                account_id=account_id,
                currency="USD",
                posted_minor=money,
            )
        )
        opening = postings.opening_balance(account_id, wallet_id, money, "USD")
        rows[Transfer].append(
            Transfer(
                slot=slot,
                id=opening.id,
                debit_id=opening.debit_id,
                credit_id=opening.credit_id,
                amount_minor=money,
                currency="USD",
                code=opening.code,
                phase=opening.phase,
                booked_at=now,
            )
        )
        for _ in range(lines_each):
            line_id = new_id(slot)
            rows[Line].append(
                Line(
                    slot=slot,
                    id=line_id,
                    account_id=account_id,
                    kind="keep_alive",
                    opened_at=now,
                )
            )
            rows[Validity].append(
                Validity(
                    slot=slot,
                    id=line_id,
                    account_id=account_id,
                    wallet_id=wallet_id,
                    state=LineState.ACTIVE,
                    time_zone="Europe/Berlin",
                    plan_id=plan.id,
                    policy_id=policy.id,
                    valid_until=now + timedelta(days=5),
                    next_step=Step.EXPIRE,
                    next_action_at=now + timedelta(days=5),
                )
            )
            print(secret, line_id)
    for model, made in rows.items():
        model.objects.bulk_create(made, batch_size=2000)  # type: ignore[attr-defined]
    say(f"base: {accounts} accounts, {accounts * lines_each} lines")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
