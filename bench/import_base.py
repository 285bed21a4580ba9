"""import-base beside bare COPY of the same file, and COPY of all resulting rows with indexes.

One server, one run, the three one after the other; bare COPY before and after the import, its
median counts. The import is run as its command.
"""

import csv
import json
import os
import random
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import psycopg

from bench.installation import QUICK, Installation, installation, keepline, machine, say
from keepline.flows.importing.reading import COLUMNS

GOOD = int(os.environ.get("ROWS", "5000" if QUICK else "1000000"))
BAD_EVERY = 1000
TABLES = (
    "accounts_account",
    "ledger_wallet",
    "ledger_transfer",
    "inventory_number",
    "inventory_ownershipperiod",
    "inventory_cardholding",
    "lines_line",
    "lines_validity",
    "orders_order",
    "lines_extension",
)
ZONES = ("Europe/Kyiv", "Europe/London", "Asia/Shanghai", "America/New_York")


def write_base(path: Path) -> int:
    """GOOD good rows and one bad in BAD_EVERY among them; returns how many are bad."""
    dice, bad, today = random.Random(7), 0, date(2026, 11, 1)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for index in range(GOOD):
            writer.writerow(_row(index, dice, today))
            if index % BAD_EVERY == BAD_EVERY - 1:
                writer.writerow(_spoilt(index, dice, today))
                bad += 1
    return bad


def _row(index: int, dice: random.Random, today: date) -> list[str]:
    owner = index - index % 2 if index % 5 == 1 else index  # some accounts have two lines
    return [
        f"C{owner:08}",
        f"Holder {owner}",
        f"holder{owner}@example.com",
        f"+4479{owner:08}",
        "en" if owner % 3 else "zh-hans",
        ZONES[owner % 4],
        "USD",
        f"{owner % 5000 / 100:.2f}" if owner == index else "",
        "keep_alive",
        f"+4477{index:08}",
        "",
        "giffgaff",
        ("ka-1m", "ka-3m", "ka-1y")[index % 3],
        (today - timedelta(days=dice.randrange(30, 900))).isoformat(),
        (today + timedelta(days=dice.randrange(-20, 300))).isoformat(),
        "yes" if index % 4 else "no",
    ]


def _spoilt(index: int, dice: random.Random, today: date) -> list[str]:
    row = _row(index + 50_000_000, dice, today)
    field = (2, 6, 9, 12, 14)[index // BAD_EVERY % 5]
    row[field] = "spoilt"
    return row


def measure(inst: Installation) -> dict[str, object]:
    """Rows per second of the three, their ratios, and the import's peak memory."""
    keepline(inst.environ, "load-preset", "keep_alive")
    path = inst.folder / "base.csv"
    bad = write_base(path)
    say(f"file: {GOOD} good rows, {bad} bad, {path.stat().st_size >> 20} MB")
    with psycopg.connect(inst.owner_url, autocommit=True) as db:
        bare_copies = [_bare_copy(db, path)]
        seconds, peak_mb = _import(inst, path)
        bare_copies += [_bare_copy(db, path), _bare_copy(db, path)]
        bare = median(bare_copies)
        say(f"bare COPY: {', '.join(f'{GOOD / one:.0f}' for one in bare_copies)} rows/s")
        say(f"import: {GOOD / seconds:.0f} rows/s, {peak_mb} MB")
        refused = sum(1 for _ in path.with_suffix(".refused.csv").open()) - 1
        lines = _one(db, "SELECT count(*) FROM lines_line")
        if (lines, refused) != (GOOD, bad):
            raise RuntimeError(f"{lines} lines of {GOOD}, {refused} refused of {bad}")
        indexed = _indexed_copy(db, inst.folder)
        say(f"COPY of all resulting rows into the same tables: {GOOD / indexed:.0f} rows/s")
    return {
        "import_vs_copy": round(bare / seconds, 4),
        "import_vs_indexed_copy": round(indexed / seconds, 3),
        "import_rows_per_s": round(GOOD / seconds),
        "copy_rows_per_s": round(GOOD / bare),
        "indexed_copy_rows_per_s": round(GOOD / indexed),
        "import_rss_peak_mb": peak_mb,
        "rows_bad": bad,
    }


def _one(db: psycopg.Connection, statement: str) -> int:
    row = db.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


def _bare_copy(db: psycopg.Connection, path: Path) -> float:
    db.execute("DROP TABLE IF EXISTS bench_bare")
    db.execute(f"CREATE TABLE bench_bare ({', '.join(f'{c} text' for c in COLUMNS)})".encode())
    return _copy_in(db, b"COPY bench_bare FROM STDIN (FORMAT csv, HEADER)", path)


def _copy_in(db: psycopg.Connection, statement: bytes, path: Path) -> float:
    began = time.perf_counter()
    with db.cursor().copy(statement) as copy, path.open("rb") as raw:
        while block := raw.read(1 << 18):
            copy.write(block)
    return time.perf_counter() - began


def _import(inst: Installation, path: Path) -> tuple[float, int]:
    command = [sys.executable, "-m", "keepline.cli.main", "import-base", str(path)]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=inst.environ, stdout=subprocess.DEVNULL)
    peak_kb = 0
    while process.poll() is None:
        peak_kb = max(peak_kb, _rss_kb(process.pid))
        time.sleep(0.2)
    if process.returncode != 0:
        raise RuntimeError(f"import-base ended with {process.returncode}")
    return time.perf_counter() - began, peak_kb >> 10


def _rss_kb(pid: int) -> int:
    """The command and its judging process together."""
    total = 0
    for one in [pid, *_children(pid)]:
        try:
            text = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def _children(pid: int) -> list[int]:
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _indexed_copy(db: psycopg.Connection, folder: Path) -> float:
    """What PostgreSQL itself needs to put the same rows under the same indexes."""
    files = {}
    for table in TABLES:
        files[table] = folder / f"{table}.copy"
        with (
            db.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)".encode()) as copy,
            files[table].open("wb") as out,
        ):
            for block in copy:
                out.write(block)
    db.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE".encode())
    total = 0.0
    for table, file in files.items():
        seconds = _copy_in(db, f"COPY {table} FROM STDIN (FORMAT binary)".encode(), file)
        say(f"  {table}: {seconds:.2f} s")
        total += seconds
        os.unlink(file)  # noqa: PTH108
    return total


if __name__ == "__main__":
    with installation() as inst:
        print(json.dumps(measure(inst) | {"machine": machine()}))
