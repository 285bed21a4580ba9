"""Acts of stock: pools and pieces come in, a number is held, a card is handed out and looked at."""

import csv
from pathlib import Path

from django.db import transaction

from keepline.flows.hold_number import hold_number
from keepline.flows.import_stock import StockFile, import_stock
from keepline.flows.load_pools import load_pools
from keepline.flows.reseal_stock import reseal_stock
from keepline.flows.reveal_codes import reveal_codes
from keepline.inventory import holding, queries, sims
from keepline.inventory.models import Card
from tests.crash.world import World
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
    hold_number(world.cast.account.id, [pool.id], _number(world, 3), world.now())


def hand_out(world: World) -> None:
    account, line = world.cast.account.id, world.cast.line.id
    with transaction.atomic():
        until = world.now() + holding.HOLD_FOR
        holding.hold(Card, _card(world, 2), account, until, world.now())
        sims.assign_card(_card(world, 2), account, line, world.now())


def reseal(world: World) -> None:
    reseal_stock("cli", world.now())


def look(world: World) -> None:
    assert reveal_codes(_card(world, 2), world.cast.account.id, "user:1", world.now()).pin == "4711"
