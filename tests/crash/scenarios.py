"""Stories, act by act. Together they pass every boundary (test_steps.py).

Those in which a provider is paid stand in paid_scenarios.py.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from keepline.accounts.clocks import ClockRefused
from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.network_drift import Policy
from keepline.flows import close_line, sweep_lines
from keepline.flows.attach_clock import attach_clock
from keepline.flows.errors import FlowRefused
from keepline.flows.forget_imports import forget_imports
from keepline.flows.go_live import go_live
from keepline.flows.import_base import import_base
from keepline.flows.load_preset import load_preset
from keepline.flows.move_clock import move_clock
from keepline.flows.open_clock import open_clock
from keepline.flows.open_line import LineToOpen, open_existing_line
from keepline.flows.recognise_revenue import recognise
from keepline.flows.reconcile_network import reconcile_network
from keepline.flows.send_again import send_again
from keepline.flows.set_auto_renew import AutoRenewWish, set_auto_renew
from keepline.flows.take_bounce import take
from keepline.flows.telling.return_tokens import return_token
from keepline.gateways.messaging.bounces import bounce_of
from keepline.inventory import services as inventory
from keepline.lines.models import Line, Validity
from keepline.messages.models import Delivery
from keepline.messages.preferences import wishes_of
from keepline.workers import due
from tests.cast import NOW
from tests.crash import carrier_acts as carrier
from tests.crash import change_acts as change
from tests.crash import claim_acts as claims
from tests.crash import endpoint_acts as endpoint
from tests.crash import identity_acts as identity
from tests.crash import inbox_acts as inbox
from tests.crash import port_acts as port
from tests.crash import review_acts as review
from tests.crash import saving_acts as saving
from tests.crash import sms_acts as sms
from tests.crash import stock_acts as stock
from tests.crash.dispute_acts import answer, bank_asks, bank_decides, follow
from tests.crash.paid_scenarios import (
    BACK,
    OPEN,
    PAID_SCENARIOS,
    PAY,
    START,
    WALLET_ONLY,
    WORK,
    Act,
    Scenario,
    later,
    network,
)
from tests.crash.purchase_acts import PURCHASES
from tests.crash.refund_acts import allow, ask_back, ask_for_a_second_person, reject
from tests.crash.review_acts import LARGE
from tests.crash.world import World
from tests.flows.acts import let_go, move_line
from tests.flows.test_import_base import GOOD as BASE_ROW
from tests.flows.test_import_base import written


def _mail(works: bool) -> Act:
    def change(world: World) -> None:
        mail = world.outside.folder / "mail"
        if works and mail.is_file():
            mail.unlink()
        elif not works:
            for letter in mail.glob("*"):
                letter.unlink()
            if mail.exists():
                mail.rmdir()
            mail.touch()

    return Act(change, ours=False)


def _comes_back(world: World) -> None:
    letter = Delivery.objects.get(account_id=world.cast.account.id)
    token = return_token(letter.id, world.cast.alice.email)
    take(bounce_of(token, "5.1.1", "550 5.1.1 User unknown"), world.now())


def _came_back(world: World) -> None:
    letter = Delivery.objects.get(account_id=world.cast.account.id)
    assert letter.outcome == "refused"
    assert "email" in wishes_of(world.cast.alice.pk).failing


def _send_again(world: World) -> None:
    """Who asks twice is told that it is on its way."""
    letter = Delivery.objects.get(account_id=world.cast.account.id)
    with suppress(FlowRefused):
        send_again(letter.id, "staff:1", world.now())


def _midnights(world: World) -> None:
    """Some days later they are booked."""
    recognise(world.now() + timedelta(days=3))


def _dormant(world: World) -> None:
    Validity.objects.filter(id=world.cast.line.id).update(
        dormant=True, next_step=None, next_action_at=None
    )


def _go_live(world: World) -> None:
    go_live("cli", world.now())


def _load_preset(world: World) -> None:
    load_preset("keep_alive", "cli", world.now())


def _import_base(world: World) -> None:
    rows = [
        BASE_ROW
        | {
            "account_ref": f"{world.key}-{n}",
            "plan_code": world.cast.plan.code,
            "msisdn": f"+4479{world.key_number:06d}{n:02d}",
            "currency": world.currency,
            "wallet_balance": "12",
        }
        for n in range(5)
    ]
    file = written(world.outside.folder / f"{world.key}.csv", rows)
    options = {"mapping_path": None, "check": False, "batch_rows": 2}
    import_base(file, now=world.now(), progress=lambda *_: None, report=list, **options)


def _left_rows(world: World) -> Path:
    return Path(settings.ENV.data) / "importing" / f"{world.key}-left"


def _killed_long_ago(world: World) -> None:
    folder = _left_rows(world)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "good.7.0").write_text("007\tAlice\n")
    long_ago = (world.now() - timedelta(days=2)).timestamp()
    for each in (folder / "good.7.0", folder):
        os.utime(each, (long_ago, long_ago))


def _forget_imports(world: World) -> None:
    forget_imports(world.now())


def _are_erased(world: World) -> None:
    assert not _left_rows(world).exists()


def _withdrawn(world: World) -> None:
    let_go(world.cast, int(f"4479{world.key_number:06d}98"), {world.currency: 250}, world.now())


def _open_line(world: World) -> None:
    wanted = LineToOpen(
        account_id=world.cast.account.id,
        plan_code=world.cast.plan.code,
        label="",
        e164=int(f"4479{world.key_number:06d}99"),
        iccid=None,
        carrier_id=None,
        state=LineState.ACTIVE,
        started_at=NOW - timedelta(days=20),
        valid_until=world.now() + timedelta(days=10),
        auto_renew=False,
        actor="import",
    )
    open_existing_line(wanted, world.now())


# Lines whose clock says that something is due now, by the worlds' own clock.
TODAY = datetime.now(UTC)
RUNS_OUT = {"valid_until": TODAY + timedelta(hours=12)}
RAN_OUT = {"valid_until": TODAY - timedelta(minutes=1)}
LONG_GONE = {"valid_until": TODAY - timedelta(days=90), "state": LineState.SUSPENDED}


def due_now(step: Step, **fields: Any) -> Act:
    def change(world: World) -> None:
        Validity.objects.filter(id=world.cast.line.id).update(
            next_step=step, next_action_at=TODAY, **fields
        )

    return Act(change, ours=False)


def _numbered(world: World) -> None:
    """The line has a number of this world alone, and its holder was told."""
    e164, cast = int(f"4479{world.key_number:06d}98"), world.cast
    inventory.add_numbers([e164], NOW)
    with transaction.atomic():
        inventory.assign(e164, cast.account.id, cast.line.id, NOW)
    Line.objects.filter(id=cast.line.id).update(e164=e164)
    Validity.objects.filter(id=cast.line.id).update(warned_at=TODAY)


def _sweep_refused_at_first(world: World) -> None:
    """The database refuses the batch, then the line that was handed on, once."""
    refusals = [IntegrityError("the batch"), RuntimeError("the line")]
    batch, alone = sweep_lines.renew_due, sweep_lines._renewed_as_anybody

    def refusing(real: Callable[..., Any], place: int) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            if refusals[place] is not None:
                refusal, refusals[place] = refusals[place], None
                raise refusal
            return real(*arguments)

        return act

    sweep_lines.renew_due = refusing(batch, 0)
    sweep_lines._renewed_as_anybody = refusing(alone, 1)
    try:
        for _ in range(3):
            world.sweep()
            world.later(hours=2)
    finally:
        sweep_lines.renew_due, sweep_lines._renewed_as_anybody = batch, alone


def _switch_on(world: World) -> None:
    cast = world.cast
    account_id, line_id = cast.account.id, cast.line.id
    wish = AutoRenewWish(
        account_id, line_id, enabled=True, plan_code=cast.plan.code, lead_days=3, actor="user:1"
    )
    set_auto_renew(wish, world.now())


def _close(world: World) -> None:
    """Asked again it says that there is nothing to close any more."""
    with suppress(FlowRefused):
        close_line.close(world.cast.account.id, world.cast.line.id, "user:1", world.now())


def _open_clock(world: World) -> None:
    """Its own world's; who opens it again is told that it is there."""
    with suppress(ClockRefused):
        open_clock(world.key, NOW, "cli", world.now())


def _attach_clock(world: World) -> None:
    attach_clock(world.key, world.cast.account.id, "cli", world.now())


def _move_clock(world: World) -> None:
    move_clock(world.key, NOW + timedelta(days=400), "cli", world.now(), due.work_off)


def _compare_lines(world: World) -> None:
    """The network holds nothing of the line yet."""
    reconcile_network("operator", world.now(), Policy.ALL)


SWEEP = Act(World.sweep)
START_LARGE = Act(review.start)
RENEWING = due_now(Step.RENEW, auto_renew=True)
# Nobody goes back from where they are not yet: what a killed worker had claimed another one does
# after its lease (orders.services.LEASE).
ARRIVES = (later(minutes=1), WORK)

SCENARIOS: dict[str, Scenario] = {
    "from the wallet": Scenario({}, [WALLET_ONLY, WORK]),
    "a term is earned": Scenario({}, [WALLET_ONLY, WORK, Act(_midnights)]),
    **PAID_SCENARIOS,
    "a silent network": Scenario(
        {"delivery": "network"},
        [network("no_answer", 1), WALLET_ONLY, WORK, later(seconds=6), WORK],
    ),
    "the line ends meanwhile": Scenario(
        {"delivery": "network"},
        [
            WALLET_ONLY,
            Act(lambda world: move_line(world.cast, LineEvent.TERMINATE), ours=False),
            WORK,
        ],
    ),
    "no mail for a while": Scenario(
        {}, [WALLET_ONLY, _mail(works=False), WORK, _mail(works=True), later(seconds=6), WORK]
    ),
    "a letter that came back is sent again": Scenario(
        {},
        [
            *(WALLET_ONLY, WORK, Act(_comes_back), Act(_came_back, ours=False)),
            *(Act(_send_again), WORK),
        ],
    ),
    "a base wakes": Scenario(
        {"line_fields": {"valid_until": NOW - timedelta(days=9)}},
        [Act(_dormant, ours=False), Act(_go_live)],
    ),
    "renewed by itself": Scenario({"line_fields": RUNS_OUT}, [RENEWING, SWEEP, WORK]),
    "renewed by itself through the network": Scenario(
        {"line_fields": RUNS_OUT, "delivery": "network"}, [RENEWING, SWEEP, WORK]
    ),
    "a wallet too short": Scenario(
        {"line_fields": RUNS_OUT, "wallet_minor": 0}, [RENEWING, SWEEP, WORK]
    ),
    "a batch that is refused": Scenario(
        {"line_fields": RUNS_OUT}, [RENEWING, Act(_sweep_refused_at_first), WORK]
    ),
    "switched on": Scenario({"line_fields": RUNS_OUT}, [Act(_switch_on)]),
    "reminded": Scenario({"line_fields": RUNS_OUT}, [due_now(Step.REMIND), SWEEP, WORK]),
    "runs out": Scenario({"line_fields": RAN_OUT}, [due_now(Step.EXPIRE), SWEEP, WORK]),
    "the number goes": Scenario(
        {"line_fields": LONG_GONE},
        [Act(_numbered, ours=False), due_now(Step.WITHDRAW, since_at=NOW), SWEEP, WORK],
    ),
    "a line is closed": Scenario({}, [Act(_numbered, ours=False), Act(_close), WORK]),
    "another number": Scenario(
        {}, [Act(change.equipped, ours=False), Act(change.ask_for_a_number), WORK]
    ),
    "another number that the network refuses": Scenario(
        {},
        [
            *(Act(change.equipped, ours=False), network("refuse"), Act(change.ask_for_a_number)),
            *(WORK, network("normal"), WORK),
        ],
    ),
    "another card": Scenario(
        {}, [Act(change.equipped, ours=False), Act(change.ask_for_a_card), WORK]
    ),
    "another card that the network refuses": Scenario(
        {},
        [
            *(Act(change.equipped, ours=False), network("refuse"), Act(change.ask_for_a_card)),
            *(WORK, network("normal"), WORK),
        ],
    ),
    "another carrier, and back": Scenario(
        {},
        [
            *(Act(carrier.equipped, ours=False), Act(carrier.ask), WORK, *ARRIVES),
            *(Act(carrier.installed, ours=False), Act(carrier.ask_back), WORK),
        ],
    ),
    "another carrier, and back before anybody downloaded it": Scenario(
        {},
        [
            *(Act(carrier.equipped, ours=False), Act(carrier.ask), WORK, *ARRIVES),
            *(Act(carrier.ask_back), WORK, WORK),
        ],
    ),
    "another carrier that the network refuses": Scenario(
        {},
        [
            *(Act(carrier.equipped, ours=False), network("refuse"), Act(carrier.ask)),
            *(WORK, network("normal"), WORK),
        ],
    ),
    "lost, found and locked": Scenario(
        {},
        [
            *(Act(change.equipped, ours=False), Act(change.lose), Act(change.find)),
            *(Act(change.lock), WORK),
        ],
    ),
    "an identity check whose result is told": Scenario(
        {},
        [
            *(Act(identity.begin), Act(identity.decide, ours=False)),
            *(Act(identity.tell), WORK, Act(identity.erase)),
        ],
    ),
    "an identity check whose result is asked for": Scenario(
        {},
        [Act(identity.begin), Act(identity.decide, ours=False), later(minutes=3), WORK],
    ),
    "a number leaves": Scenario(
        {},
        [
            *(Act(port.settled, ours=False), Act(port.ask), Act(port.look)),
            *(Act(port.wanted, ours=False), WORK, later(seconds=20), WORK),
        ],
    ),
    "a number that stays": Scenario(
        {},
        [
            *(Act(port.settled, ours=False), Act(port.ask), Act(port.look)),
            *(Act(port.wanted_later, ours=False), WORK, Act(port.stay), WORK),
        ],
    ),
    "lines are compared": Scenario({}, [Act(_numbered, ours=False), Act(_compare_lines), WORK]),
    "by a test clock": Scenario({}, [Act(_open_clock), Act(_attach_clock), Act(_move_clock)]),
    "a number is had back": Scenario({}, [Act(_withdrawn, ours=False), Act(World.have_back), WORK]),
    "a line is taken over": Scenario({}, [Act(_open_line)]),
    "an account on file is claimed": Scenario(
        {}, [Act(claims.imported, ours=False), Act(claims.claimed), WORK, Act(claims.left)]
    ),
    "a preset is loaded": Scenario({}, [Act(_load_preset)]),
    "a base is taken over": Scenario({}, [Act(_import_base)]),
    "rows of a killed import are erased": Scenario(
        {}, [Act(_killed_long_ago, ours=False), Act(_forget_imports), Act(_are_erased, ours=False)]
    ),
    "stock is bought and sold": Scenario(
        {},
        [
            *(Act(stock.load), Act(stock.bring), Act(stock.hold)),
            *(Act(stock.hand_out, ours=False), Act(stock.reseal), Act(stock.look)),
        ],
    ),
    "messages come and go": Scenario(
        {},
        [
            *(Act(_numbered, ours=False), Act(inbox.come), Act(inbox.are_there, ours=False)),
            *(Act(inbox.erase_one), Act(inbox.keep_for_a_week), Act(inbox.take_along)),
            *(Act(inbox.seal_anew), Act(inbox.forget), Act(inbox.are_gone, ours=False)),
            Act(inbox.may_have_more_lines),
        ],
    ),
    "a message comes in parts": Scenario(
        {},
        [Act(_numbered, ours=False), Act(sms.come_in_parts), Act(sms.are_whole, ours=False)],
    ),
    "a phone installs a profile": Scenario(
        {},
        [
            Act(stock.have_profile, ours=False),
            Act(stock.code_is_seen),
            Act(stock.phone_is_told_of),
            Act(stock.phone_has_it, ours=False),
            Act(stock.have_another, ours=False),
            Act(stock.take_a_new_phone),
            WORK,
        ],
    ),
    "an endpoint is tried": Scenario({}, [Act(endpoint.have, ours=False), Act(endpoint.is_tried)]),
    "a way to pay is kept": Scenario(
        {}, [Act(saving.begin), Act(saving.keep, ours=False), Act(saving.come_back), WORK]
    ),
    "a way to pay is removed": Scenario(
        {},
        [
            Act(saving.begin),
            Act(saving.keep, ours=False),
            Act(saving.come_back),
            Act(saving.remove),
            WORK,
        ],
    ),
    "no way to pay is kept": Scenario({}, [Act(saving.refused), WORK]),
    "looked at and accepted": Scenario(
        LARGE, [START_LARGE, OPEN, PAY, BACK, WORK, Act(review.accept), WORK]
    ),
    "looked at and accepted for the network": Scenario(
        LARGE | {"delivery": "network"}, [START_LARGE, OPEN, PAY, BACK, Act(review.accept), WORK]
    ),
    "looked at and refused": Scenario(
        LARGE, [START_LARGE, OPEN, PAY, BACK, WORK, Act(review.say_no), WORK]
    ),
    "nobody looked": Scenario(LARGE, [START_LARGE, OPEN, PAY, BACK, WORK, later(hours=25), WORK]),
    "given back": Scenario({}, [WALLET_ONLY, WORK, Act(ask_back), WORK]),
    "given back by two": Scenario(
        {}, [WALLET_ONLY, WORK, Act(ask_for_a_second_person), Act(allow), WORK]
    ),
    "not given back": Scenario(
        {}, [WALLET_ONLY, WORK, Act(ask_for_a_second_person), Act(reject), WORK]
    ),
    "disputed and lost": Scenario(
        {"wallet_minor": 100},
        [
            *(START, OPEN, PAY, BACK, WORK),
            *(Act(bank_asks, ours=False), Act(follow), Act(answer), WORK),
            *(Act(bank_decides, ours=False), Act(follow), WORK),
        ],
    ),
    **PURCHASES,
}
