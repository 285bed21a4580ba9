"""`keepline doctor`: looks at an installation and says what to mend."""

import os
import socket
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from keepline.cli import schema_mark
from keepline.cli.boot import free_space_mb
from keepline.cli.doctor_gateways import gateways
from keepline.cli.failures import first_line
from keepline.cli.finding import Finding
from keepline.cli.migrate import role_of
from keepline.config.environment import Environment
from keepline.config.errors import OperatorError
from keepline.config.values import PREFIX

LOW_SPACE_MB = 1000
OLDEST_SERVER = 160000


@click.command("doctor")
def command() -> None:
    """Check this installation and say what to mend. Exit code 1 when something is broken."""
    env = Environment.read(os.environ)
    failed = False
    for finding in findings(env):
        click.echo(f"{finding.grade:4}  {finding.says}")
        failed = failed or finding.grade == "fail"
    raise SystemExit(1 if failed else 0)


def findings(env: Environment) -> Iterator[Finding]:
    """Every check, in the order in which they are worth reading."""
    yield from _settings(env)
    yield _disk(env)
    yield from _abandoned()
    yield from left_rows(env)
    yield from _database(env)
    yield from gateways(env)
    yield _port(env)


def _settings(env: Environment) -> Iterator[Finding]:
    known = {PREFIX + each.name.upper() for each in fields(Environment)}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            yield Finding("warn", f"{name} is not a setting; docs/settings.md lists them.")
    if env.mode == "production" and not env.email_url:
        yield Finding("warn", "KEEPLINE_EMAIL_URL is unset: mails are only written as files.")


def _disk(env: Environment) -> Finding:
    free_mb = free_space_mb(env.data)
    grade = "ok" if free_mb >= LOW_SPACE_MB else "warn"
    return Finding(grade, f"{free_mb} MB are free for {env.data}.")


def _abandoned() -> Iterator[Finding]:
    """Databases that root's starts put below /var/lib/keepline for data folders now gone."""
    from keepline.config.postgres.place import SYSTEM_FOLDER

    if os.geteuid() != 0 or not SYSTEM_FOLDER.exists():
        return
    for note in SYSTEM_FOLDER.glob("*/made-for"):
        data = Path(note.read_text(encoding="utf-8").strip())
        if not (data / "postgres-is-in").exists():
            yield Finding("warn", f"{note.parent} is the database of {data}, which is gone.")


def left_rows(env: Environment) -> Iterator[Finding]:
    """Rows of people that an import which is not at work any more left in the data folder."""
    from keepline.flows.importing.folders import left_in, nobody_at_work

    with nobody_at_work(env.data) as alone:
        for each in left_in(env.data) if alone else ():
            yield Finding(
                "warn",
                f"{each.path} holds rows of an import that was stopped at "
                f"{each.since_at:%Y-%m-%d %H:%M} UTC: go on with the same command. A day later "
                "they are erased.",
            )


def _database(env: Environment) -> Iterator[Finding]:
    import psycopg

    runtime_url, owner_url = env.database_url, env.database_owner_url
    if not runtime_url:
        from keepline.config.postgres import EmbeddedPostgres

        try:
            server = EmbeddedPostgres(env.data)
        except OperatorError as error:
            yield Finding("fail", str(error))
            return
        if not server.is_ready():
            yield Finding("warn", "The embedded PostgreSQL does not run: `keepline db start`.")
            return
        runtime_url, owner_url = server.url("keepline_app"), server.url("keepline_owner")
    for what, url in (("runtime", runtime_url), ("owner", owner_url)):
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                version = connection.info.server_version
        except psycopg.OperationalError as error:
            yield Finding("fail", f"The database refuses the {what} role: {first_line(error)}")
            return
        if version < OLDEST_SERVER:
            yield Finding("fail", f"PostgreSQL {version // 10000} is too old; 16 or later works.")
            return
    yield Finding("ok", f"The database answers (PostgreSQL {version // 10000}).")
    tables = _tables(runtime_url, owner_url)
    yield tables
    if tables.grade == "fail":
        return
    yield _zones(runtime_url)
    yield from refused_webhooks(runtime_url)
    yield from strange_profiles(runtime_url)
    yield from low_pools(runtime_url)
    yield from untold_lines(runtime_url)
    yield from stranded_numbers(runtime_url)
    if role_of(runtime_url) == role_of(owner_url):
        yield Finding(
            "warn",
            "Migrations and requests use one role, so the ledger's rows are guarded by triggers "
            "only; set KEEPLINE_DATABASE_OWNER_URL to a role of its own.",
        )
    else:
        yield from _rights(runtime_url)


def _tables(runtime_url: str, owner_url: str) -> Finding:
    if schema_mark.unapplied(owner_url):
        return Finding("fail", "The tables are missing or old; run `keepline migrate`.")
    if schema_mark.is_current(runtime_url):
        return Finding("ok", "The tables are up to date.")
    # Ours are there; a library's may be old, or another role was granted the rights.
    grade = "warn" if role_of(runtime_url) == role_of(owner_url) else "fail"
    return Finding(grade, "The last `keepline migrate` was another version's or for another role.")


OFFSETS = """
WITH zone AS (SELECT DISTINCT time_zone AS name FROM lines_validity LIMIT 100)
SELECT name, at, at AT TIME ZONE name
FROM zone, generate_series(now(), now() + interval '3 years', interval '1 week') AS at
"""


def _zones(runtime_url: str) -> Finding:
    """The database ends the months of a sweep, this machine those of a renewal by hand."""
    from zoneinfo import ZoneInfo

    import psycopg

    with psycopg.connect(runtime_url, connect_timeout=5) as connection:
        told = connection.execute(OFFSETS).fetchall()
    apart = {
        name
        for name, at, wall in told
        if at.astimezone(ZoneInfo(name)).replace(tzinfo=None) != wall
    }
    if apart:
        return Finding(
            "fail",
            f"The database's zone data differs from this machine's for {', '.join(sorted(apart))}; "
            "bring both up to date, or months end at different hours.",
        )
    return Finding("ok", "The database and this machine agree on time zones.")


REFUSED = """
SELECT provider, sum(count), max(last_at) AT TIME ZONE 'UTC' FROM payments_refusedwebhooks
WHERE refused_on > current_date - 7 GROUP BY provider ORDER BY provider
"""


def refused_webhooks(runtime_url: str) -> Iterator[Finding]:
    """A stranger's are refused rightly; if the provider's own are, our secret is not theirs."""
    import psycopg

    with psycopg.connect(runtime_url, connect_timeout=5) as connection:
        for provider, times, last_at in connection.execute(REFUSED):
            yield Finding(
                "warn",
                f"{times} webhooks that said they came from {provider} were refused in the last 7 "
                f"days, the last on {last_at:%d %B at %H:%M} UTC: a stranger's, or the provider "
                "signs with another secret than the settings have.",
            )


STRANGE = """
SELECT count(*), count(DISTINCT iccid), max(received_at) AT TIME ZONE 'UTC'
FROM inventory_profilenotice
WHERE outcome = 'unknown' AND received_at > now() - interval '7 days'
"""


def strange_profiles(runtime_url: str) -> Iterator[Finding]:
    """The SM-DP+ tells of profiles that are in no stock of ours: of another operator's, or sold
    past Keepline."""
    import psycopg

    with psycopg.connect(runtime_url, connect_timeout=5) as connection:
        row = connection.execute(STRANGE).fetchone()
    if row and row[0]:
        yield Finding(
            "warn",
            f"In the last 7 days the SM-DP+ told {row[0]} times of {row[1]} profiles that are not "
            f"in stock, the last on {row[2]:%d %B at %H:%M} UTC: load them with import-stock, or "
            "ask why it tells you of them.",
        )


def low_pools(runtime_url: str) -> Iterator[Finding]:
    """Who buys when nothing is left hears that nothing is free."""
    from datetime import UTC, datetime

    import psycopg

    from keepline.inventory.levels import LEVELS, Level, params

    with psycopg.connect(runtime_url, connect_timeout=5) as connection:
        rows = connection.execute(LEVELS.encode(), params(datetime.now(UTC))).fetchall()
    for level in (Level(*row) for row in rows):
        if level.is_low:
            days = level.days_left
            lasts = "" if days is None else f", which last for {days} days"
            yield Finding("warn", f"Pool {level.code} is low: {level.free} are free{lasts}.")


UNTOLD = """
SELECT count(*) FILTER (WHERE d.refusal_code = ''),
       count(*) FILTER (WHERE d.refusal_code = '' AND v.clock_id = 0
                        AND d.marked_at < now() - interval '10 minutes'),
       count(*) FILTER (WHERE d.refusal_code <> ''),
       string_agg(DISTINCT d.refusal_code, ', ') FILTER (WHERE d.refusal_code <> '')
FROM lines_networkdue d JOIN lines_validity v ON v.slot = d.slot AND v.id = d.id
"""


def untold_lines(runtime_url: str) -> Iterator[Finding]:
    """Lines of which the network may hold something else than the books say."""
    import psycopg

    with psycopg.connect(runtime_url, connect_timeout=5) as connection:
        row = connection.execute(UNTOLD).fetchone()
    assert row is not None
    waiting, late, refused, codes = row
    if late:
        yield Finding(
            "warn",
            f"{waiting} changed lines wait for the network to be told, {late} of them for more "
            "than 10 minutes: does a worker run, and does the network answer?",
        )
    elif waiting:
        yield Finding("ok", f"{waiting} changed lines wait for the network to be told.")
    if refused:
        yield Finding(
            "warn",
            f"The network refuses what the books say of {refused} lines ({codes}); it is told "
            "again every day. `network_refuses_line` in the worker's log names each.",
        )


STRANDED = """
SELECT count(*) FILTER (WHERE state <> 'returning') AS here,
       min(stranded_at) FILTER (WHERE state <> 'returning') AT TIME ZONE 'UTC',
       string_agg(DISTINCT stranded_code, ', ') FILTER (WHERE state <> 'returning'),
       count(*) FILTER (WHERE state = 'returning') AS going_back,
       min(return_asked_at) AT TIME ZONE 'UTC'
FROM porting_portin
WHERE stranded_at IS NOT NULL AND state IN ('wanted', 'scheduled', 'returning')
"""


def stranded_numbers(runtime_url: str) -> Iterator[Finding]:
    """Numbers that came from other operators while their lines could not be set up."""
    import psycopg

    with psycopg.connect(runtime_url, connect_timeout=5) as connection:
        row = connection.execute(STRANDED).fetchone()
    if row and row[0]:
        yield Finding(
            "warn",
            f"{row[0]} numbers came without their lines ({row[2]}), the first on "
            f"{row[1]:%d %B at %H:%M} UTC: a person decides, at /backoffice/arrivals/.",
        )
    if row and row[3]:
        yield Finding(
            "warn",
            f"{row[3]} numbers go back to the operators they came from, the first since "
            f"{row[4]:%d %B at %H:%M} UTC, and the clearing house has not said that they are "
            "there: by hand, at /backoffice/arrivals/.",
        )


def _rights(runtime_url: str) -> Iterator[Finding]:
    import psycopg

    from keepline.config.grants import APPEND_ONLY_TABLES

    asked = """
        SELECT name FROM unnest(%s::text[]) AS name
        WHERE to_regclass('public.' || name) IS NOT NULL
          AND has_table_privilege('public.' || name, 'UPDATE, DELETE, TRUNCATE')
    """
    with psycopg.connect(runtime_url, connect_timeout=5) as connection:
        loose = [name for (name,) in connection.execute(asked, [list(APPEND_ONLY_TABLES)])]
    if loose:
        yield Finding(
            "fail", f"The runtime role may change {', '.join(loose)}: `keepline migrate`."
        )
    else:
        yield Finding("ok", "The runtime role cannot change facts.")


def _port(env: Environment) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", env.port))
        except OSError:
            return Finding("warn", f"Port {env.port} is in use: by Keepline, or KEEPLINE_PORT.")
    return Finding("ok", f"Port {env.port} is free.")
