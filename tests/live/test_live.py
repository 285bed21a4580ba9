"""`keepline live`, as a process: who hears of news, of what, how soon, and until when."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from keepline.accounts.models import Membership, Role, User
from tests import cast as stage_of
from tests.cast import Cast, assemble
from tests.flows.inboxes import E164, MARKER, arrives, give, numbered
from tests.ports import demo_ports
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SOON_S, SECONDS = 1.0, 6.0
TRIES_S = 40


def free_port() -> int:
    return demo_ports(range(21000, 22000, 7))


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


@pytest.fixture
def address(process_environment: dict[str, str]) -> Iterator[str]:
    port = free_port()
    environment = process_environment | {
        "KEEPLINE_LIVE_PORT": str(port),
        "KEEPLINE_PORT": str(port + 1),
        "KEEPLINE_PROVIDER_PORT": str(port + 2),
    }
    command = [sys.executable, "-m", "keepline.cli.main", "live"]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
    try:
        yield _once_up(f"http://localhost:{port}/live/")
    finally:
        process.terminate()
        process.wait(timeout=20)


def _once_up(address: str) -> str:
    until = time.monotonic() + TRIES_S
    while True:
        try:
            assert httpx.get(address).status_code == 403
            return address
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.1)


class Page:
    """An open page: what it hears, and when."""

    def __init__(self, response: httpx.Response) -> None:
        self.heard: list[tuple[str, float]] = []
        self.raw = ""
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(response,), daemon=True)
        self._thread.start()
        self.waits_for(lambda: "retry" in self.raw, SECONDS)

    def _read(self, response: httpx.Response) -> None:
        try:
            for line in response.iter_lines():
                self.raw += line + "\n"
                if line.startswith("event: "):
                    self.heard.append((line.removeprefix("event: "), time.monotonic()))
        except httpx.HTTPError:
            pass
        self.ended.set()

    def events(self) -> list[str]:
        return [event for event, _ in self.heard]

    def waits_for(self, happened: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not happened() and time.monotonic() < until:
            time.sleep(0.005)
        return happened()

    def hears(self, event: str, seconds: float) -> bool:
        return self.waits_for(lambda: event in self.events(), seconds)


@contextmanager
def opened(address: str, client: Client, query: str = "") -> Iterator[Page]:
    cookies = {"session": client.cookies["session"].value}
    timeout = httpx.Timeout(5, read=60)
    with (
        httpx.Client(cookies=cookies, timeout=timeout) as http,
        http.stream("GET", address + query) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        yield Page(response)


def real_now() -> datetime:
    return datetime.now(UTC)


def test_news_come_soon_to_who_may_read_and_say_nothing(stage: Cast, address: str) -> None:
    other = stage_of.line(stage.other_account, stage.plan)
    give(stage.other_account, other, E164 + 1, real_now() - timedelta(days=1))
    alice, charlie = signed_in("alice@example.com"), signed_in("charlie@example.com")
    with (
        opened(address, alice) as page,
        opened(address, alice, f"?line={stage.line.id}") as of_line,
        opened(address, alice, f"?line={other.id}") as of_a_strangers_line,
        opened(address, charlie) as strangers,
    ):
        began_s = time.monotonic()
        assert arrives(real_now()).outcome == "kept"
        assert page.hears("news", SOON_S)
        assert of_line.hears("news", SOON_S)
        assert page.heard[0][1] - began_s < SOON_S
        arrives(real_now(), to=f"+{E164 + 1}")
        assert strangers.hears("news", SOON_S)
        time.sleep(0.3)
        assert page.events() == of_line.events() == strangers.events() == ["news"]
        assert of_a_strangers_line.events() == []
        for each in (page, of_line, strangers):
            assert MARKER not in each.raw
            assert str(E164) not in each.raw


@pytest.mark.parametrize("role", [Role.SEE, Role.SPEND])
def test_who_may_not_read_hears_nothing(role: str, stage: Cast, address: str) -> None:
    Membership.objects.filter(user=stage.bob).update(role=role)
    session = signed_in("bob@example.com").cookies["session"].value
    assert httpx.get(address, cookies={"session": session}).status_code == 403
    assert httpx.get(address, cookies={"session": "forged"}).status_code == 403
    assert httpx.get(f"{address}?line=1", cookies={"session": session}).status_code == 400


def test_other_sites_may_not_ask(stage: Cast, address: str) -> None:
    session = signed_in("alice@example.com").cookies["session"].value
    cookies = {"session": session}
    foreign = httpx.get(address, cookies=cookies, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert "access-control-allow-origin" not in foreign.headers


def _leaves(stage: Cast, _: Client) -> None:
    Membership.objects.filter(user=stage.bob).delete()


def _loses_the_role(stage: Cast, _: Client) -> None:
    Membership.objects.filter(user=stage.bob).update(role=Role.SPEND)


def _signs_out(_: Cast, bob: Client) -> None:
    bob.logout()


def _session_runs_out(_: Cast, bob: Client) -> None:
    key = bob.cookies["session"].value
    Session.objects.filter(session_key=key).update(expire_date=real_now())


def _has_a_new_password(stage: Cast, _: Client) -> None:
    user = User.objects.get(pk=stage.bob.pk)
    user.set_password("another calm and long passphrase")
    user.save()


def _is_barred(stage: Cast, _: Client) -> None:
    User.objects.filter(pk=stage.bob.pk).update(is_active=False)


ENDS = [_leaves, _loses_the_role, _signs_out, _session_runs_out, _has_a_new_password, _is_barred]


def test_it_ends_within_seconds_for_who_may_listen_no_longer(stage: Cast, address: str) -> None:
    """One after the other, at one process; Alice's page stays open through all of it."""
    with opened(address, signed_in("alice@example.com")) as alices:
        for ends in ENDS:
            User.objects.filter(pk=stage.bob.pk).update(is_active=True)
            Membership.objects.update_or_create(
                user=stage.bob, account_id=stage.account.id, defaults={"role": Role.RECEIVE}
            )
            bob = signed_in("bob@example.com")
            with opened(address, bob) as page:
                ends(stage, bob)
                before = len(page.events())
                arrives(real_now())
                assert page.hears("over", SECONDS), ends.__name__
                assert page.events()[before:] == ["over"], ends.__name__
                assert page.ended.wait(SECONDS)
        assert alices.events().count("news") >= 1
        assert "over" not in alices.events()


def test_a_role_that_is_lost_in_silence_ends_it_too(stage: Cast, address: str) -> None:
    """Without any message that would be a reason to ask."""
    Membership.objects.filter(user=stage.bob).update(role=Role.RECEIVE)
    with opened(address, signed_in("bob@example.com")) as page:
        _loses_the_role(stage, Client())
        assert page.hears("over", SECONDS)


def test_many_pages_need_no_more_of_the_database(stage: Cast, address: str) -> None:
    """A person's twenty-first page ends the first; hundreds of pages are told in a second."""
    from django.db import connection

    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            )
            return int(cursor.fetchone()[0])

    alice = signed_in("alice@example.com")
    with ExitStack() as stack:
        first = stack.enter_context(opened(address, alice))
        before = connections()
        pages = [stack.enter_context(opened(address, alice)) for _ in range(20)]
        assert first.hears("over", SECONDS)
        arrives(real_now())
        assert all(page.hears("news", SOON_S) for page in pages)
        assert connections() <= before + 2
