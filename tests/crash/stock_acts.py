"""Acts of stock: pools and pieces come in, a number is held, a card is handed out and looked at, a
phone installs a profile."""

import csv
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from keepline.core.lifecycle.profile import ProfileEvent
from keepline.flows import reissue_profile
from keepline.flows.follow_profile import count_refused, follow_profile
from keepline.flows.hold_number import hold_number
from keepline.flows.import_stock import StockFile, import_stock
from keepline.flows.load_pools import load_pools
from keepline.flows.reseal import reseal as reseal_all
from keepline.flows.reveal_codes import reveal_codes
from keepline.flows.reveal_profile import Viewer, reveal_activation, reveal_confirmation
from keepline.flows.swap_sim import SimSwapRequest
from keepline.gateways.esim.port import DownloadProgress
from keepline.inventory import holding, queries, sims
from keepline.inventory.models import Card, Profile
from keepline.lines.models import Line
from tests.cast import NOW
from tests.crash.world import World
from tests.inventory import shelves
from tests.inventory.shelves import iccid


def _pool(world: World, kind: str) -> str:
    return f"{kind}s-{world.key_number}"


def _number(world: World, place: int) -> int:
    return int(f"4479{world.key_number:06d}{10 + place}")


def _card(world: World, place: int) -> str:
    return iccid(world.key_number * 10 + place)


def load(world: World) -> None:
    path = world.outside.folder / f"{world.key}.toml"
    path.write_text(
        "".join(
            f'[[pool]]\ncode = "{_pool(world, kind)}"\nkind = "{kind}"\n'
            for kind in ("number", "card")
        )
    )
    load_pools(path, "cli", world.now())


def bring(world: World) -> None:
    folder = world.outside.folder
    numbers = [(f"+{_number(world, place)}", _pool(world, "number")) for place in range(5)]
    cards = [(_card(world, place), _pool(world, "card"), "4711") for place in range(5)]
    for kind, rows, columns in (
        ("numbers", numbers, ("msisdn", "pool")),
        ("cards", cards, ("iccid", "pool", "pin")),
    ):
        path = _written(folder / f"{world.key}-{kind}.csv", columns, rows)
        file = StockFile(kind, path, batch_rows=2)
        import_stock(file, check=False, now=world.now(), progress=lambda *_: None, report=list)


def _written(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([columns, *rows])
    return path


def hold(world: World) -> None:
    pool = queries.pools_by_code()[_pool(world, "number")]
    account_id = world.cast.account.id
    hold_number(account_id, [pool.id], _number(world, 4), world.now())
    instead_of = _number(world, 4)
    hold_number(account_id, [pool.id], _number(world, 3), world.now(), instead_of)


def hand_out(world: World) -> None:
    account, line = world.cast.account.id, world.cast.line.id
    with transaction.atomic():
        until = world.now() + holding.HOLD_FOR
        holding.hold(Card, _card(world, 2), account, until, world.now())
        sims.assign_card(_card(world, 2), account, line, world.now())


def reseal(world: World) -> None:
    reseal_all("cli", world.now())


def look(world: World) -> None:
    assert reveal_codes(_card(world, 2), world.cast.account.id, "user:1", world.now()).pin == "4711"


def have_profile(world: World) -> None:
    """The line has a profile that a phone may download."""
    account, line = world.cast.account.id, world.cast.line.id
    pool = shelves.pool(f"esims-{world.key_number}", "profile")
    code = {"smdp_address": "smdp.example.com", "matching_id": f"M{world.key_number}"}
    shelves.profile(_card(world, 7), pool, **code)
    with transaction.atomic():
        until = world.now() + holding.HOLD_FOR
        holding.hold(Profile, _card(world, 7), account, until, world.now())
        profile = sims.assign_profile(
            _card(world, 7), account, line, ProfileEvent.RELEASE, world.now()
        )
        sims.note_activation(profile, profile.smdp_address, profile.matching_id, "4711")
    Line.objects.filter(id=line).update(iccid=_card(world, 7))


def code_is_seen(world: World) -> None:
    """Who died while looking looks again."""
    viewer = Viewer(world.cast.account.id, "user:1")
    reveal_activation(world.cast.line.id, viewer, world.now())
    reveal_confirmation(world.cast.line.id, viewer, world.now())


def phone_is_told_of(world: World) -> None:
    """The SM-DP+ repeats itself until it is answered; what happened later is told first."""
    for point in (4, 3):
        follow_profile(told(_card(world, 7), point), world.now())
    count_refused(world.now())


def phone_has_it(world: World) -> None:
    profile = queries.sim(Profile, _card(world, 7))
    assert profile is not None
    assert profile.state == "installed"


def have_another(world: World) -> None:
    """A profile that came with its activation code lies in stock."""
    pool = queries.pools_by_code()[f"esims-{world.key_number}"]
    code = {"smdp_address": "smdp.example.com", "matching_id": f"N{world.key_number}"}
    shelves.profile(_card(world, 8), pool, **code)


def take_a_new_phone(world: World) -> None:
    asked = SimSwapRequest(
        account_id=world.cast.account.id,
        line_id=world.cast.line.id,
        key=world.key,
        expected_fee_minor=0,
        actor="user:1",
        channel="portal",
        iccid=_card(world, 8),
    )
    reissue_profile.start(asked, world.now())


def told(name: str, point: int) -> DownloadProgress:
    return DownloadProgress(
        iccid=name,
        eid=None,
        profile_type="gold",
        notification_point_id=point,
        status="Executed-Success",
        subject_code="",
        reason_code="",
        message="",
        occurred_at=NOW + timedelta(minutes=point),
        requester="1.2.3",
        call_id="1",
    )
