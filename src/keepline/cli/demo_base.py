"""The demo base: three holders with lines of all five kinds, in the states that matter.

Everything goes through the flows that operators and holders use. Numbers are from ranges reserved
for fiction where their country has one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from keepline.accounts.models import User
from keepline.accounts.services import admit_user
from keepline.cli.demo_messages import load_messages
from keepline.cli.demo_people import SIGN_INS
from keepline.cli.demo_stock import load_stock
from keepline.core.ids import slot_of
from keepline.core.lifecycle.line import LineState
from keepline.core.postings import opening_balance
from keepline.flows import renew_line
from keepline.flows.appoint_staff import appoint_staff
from keepline.flows.follow_network import follow
from keepline.flows.load_preset import load_preset, shipped
from keepline.flows.open_account import open_account
from keepline.flows.open_line import LineToOpen, open_existing_line
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.ledger import services as ledger
from keepline.lines import queries as line_queries
from keepline.lines import services as line_services
from keepline.usage import services as usage

ACTIVE, GRACE, SUSPENDED = LineState.ACTIVE, LineState.GRACE, LineState.SUSPENDED


@dataclass(frozen=True)
class Told:
    """One line of the story. Days count from now, `used` is a share of its buckets in per cent."""

    plan_code: str
    label: str
    name: int | str  # E.164, or ICCID for data only
    ends_in_days: float
    state: LineState = ACTIVE
    auto_renew: bool = False
    used: int = 0
    lived_days: int = 30
    withdrawn: bool = False  # nobody renewed it, and its number rests


MEI = [
    Told("vn-us-1m", "银行验证码", 12025550143, 0.8, lived_days=29),
    Told("ka-1y", "妈妈的旧号码", 447700900123, 213, auto_renew=True, lived_days=152),
    Told("ce-th-1m", "普吉岛", 66812345670, 19, used=34, lived_days=11),
    Told("vn-gb-1m", "店铺客服", 447700900188, -9, GRACE),
    Told("ld-unicom-1m", "平板电脑", "8986011234567890998", 6, used=72, lived_days=24),
]
ALICE = [
    Told("ts-europe-1m", "Van 3 tracker", "8931440400000000015", 12, used=48, lived_days=18),
    Told("ka-3m", "Alarm at the cottage", 447700900456, -75, SUSPENDED, lived_days=91),
    Told("vn-us-3m", "Two-step codes", 12025550177, 4, auto_renew=True, lived_days=86),
    Told("vn-gb-1m", "Former shop", 447700900321, -80, SUSPENDED, withdrawn=True),
]


def load(now: datetime | None = None) -> None:
    """Builds the base if nobody is there yet; otherwise adds stock and catalogues that are new."""
    at = now or timezone.now()
    for name in shipped():
        load_preset(name, "demo", at)
    load_stock(at, ordered=switchboard.has("smdp_plus"))
    if User.objects.exists():
        return
    _holder(0, "Mei Lin", "zh-hans", "Asia/Shanghai", "CNY", 26_800, MEI, at)
    _holder(1, "Alice Moore", "en", "Europe/London", "GBP", 4_250, ALICE, at)
    _holder(2, "Oleh Koval", "en", "Europe/Kyiv", "EUR", 0, [], at)
    _staff(3, "Olga Hrytsenko", at)
    load_messages(at)
    follow(at)  # what was withdrawn weeks ago the network has long heard of


def _holder(
    place: int,
    name: str,
    language: str,
    time_zone: str,
    currency: str,
    wallet_minor: int,
    lines: list[Told],
    now: datetime,
) -> None:
    _, email, password = SIGN_INS[place]
    user = admit_user(password, email, name=name, language=language, time_zone=time_zone)
    long_ago = now - timedelta(days=200)
    opened = open_account(user, currency, language, time_zone, long_ago)
    if wallet_minor:
        draft = opening_balance(opened.wallet_id, opened.wallet_id, wallet_minor, currency)
        ledger.book(slot_of(opened.wallet_id), [draft], long_ago)
    for told in lines:
        line_id = _line(opened.account_id, told, now)
        if told.plan_code == "ka-1y":
            _renewed_before(user, opened.account_id, line_id, told, currency, now)
        if told.withdrawn:
            _withdrawn_before(opened.account_id, line_id)


def _staff(place: int, name: str, now: datetime) -> None:
    """Who opens the back office; holds no lines."""
    _, email, password = SIGN_INS[place]
    user = admit_user(password, email, name=name, language="en", time_zone="Europe/Kyiv")
    appoint_staff(user, staff=True, actor="demo", now=now)


def _line(account_id: UUID, told: Told, now: datetime) -> UUID:
    ends = now + timedelta(days=told.ends_in_days)
    numbered = isinstance(told.name, int)
    line_id = open_existing_line(
        LineToOpen(
            account_id=account_id,
            plan_code=told.plan_code,
            label=told.label,
            e164=told.name if isinstance(told.name, int) else None,
            iccid=None if numbered else str(told.name),
            carrier_id=None,
            state=told.state,
            started_at=ends - timedelta(days=told.lived_days + max(told.ends_in_days, 0)),
            valid_until=ends,
            auto_renew=told.auto_renew,
            actor="demo",
        ),
        now,
    )
    if told.used:
        usage.count_share(line_id, told.used, now)
    return line_id


def _withdrawn_before(account_id: UUID, line_id: UUID) -> None:
    """By the sweep, on the day on which its time was over, some weeks ago; its holder was told."""
    row = line_queries.line_of(line_id, account_id)
    assert row is not None
    assert row.next_action_at is not None
    line_services.note_warnings([line_id], row.next_action_at)
    sweep(row.next_action_at)


def _renewed_before(
    user: User, account_id: UUID, line_id: UUID, told: Told, currency: str, now: datetime
) -> None:
    """A receipt from some weeks ago."""
    renew_line.start(
        renew_line.RenewalRequest(
            account_id=account_id,
            line_id=line_id,
            plan_code=told.plan_code,
            currency=currency,
            use_wallet="only",
            provider=None,
            key=f"demo-{line_id}",
            expected_total_minor=None,
            actor=f"user:{user.pk}",
            channel="portal",
        ),
        now - timedelta(days=23),
    )
