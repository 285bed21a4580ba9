"""Everything that our processes write while people and programs use them, well and badly: no secret
and nothing personal is in it. The people and secrets here can be recognised; they are looked for.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from aiosmtpd.controller import Controller

from bench.installation import wait_for
from keepline.accounts.services import issue_token
from keepline.config.wiring import sandbox_secret
from keepline.flows import renew_line
from keepline.gateways.loopback import LOOPBACK
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import PASSWORD, Cast, assemble
from tests.flows.acts import request
from tests.flows.test_import_base import GOOD, written
from tests.gateways.sandbox_process import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NAME, FAMILY = "Zebulon", "Quixotissimo"
EMAIL, STRANGERS = "zebulon.quixotissimo@example.com", "nobody.quixotissimo@example.com"
PHONE, NUMBER, ICCID = "+447700900777", "447700900555", "8944110068123456789"
CARD = "4111111111111111"
SECRETS = {
    "KEEPLINE_SECRET_KEY": "canary-of-the-secret-key-".ljust(60, "x"),
    "KEEPLINE_STRIPE_SECRET_KEY": "sk_test_canaryOfStripe",
    "KEEPLINE_STRIPE_WEBHOOK_SECRET": "whsec_canaryOfWebhooks",
    "KEEPLINE_PAYPAL_CLIENT_ID": "canary-of-paypals-client",
    "KEEPLINE_PAYPAL_CLIENT_SECRET": "canary-of-paypals-secret",
}
MAIL_PASSWORD = "canary-of-the-mail"


class Refusing:
    """A mail server that names the address that it refuses, as servers do."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, _env: Any, address: str, _: Any
    ) -> str:
        return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"


@dataclass
class Scene:
    """A site with all of its processes, and the files that they write."""

    environ: dict[str, str]
    folder: Path
    cast: Cast
    token: str
    logs: list[Path] = field(default_factory=list)
    session: str = ""

    @property
    def address(self) -> str:
        return f"http://localhost:{self.environ['KEEPLINE_PORT']}"

    def start(self, stack: ExitStack, *command: str, log_format: str) -> "subprocess.Popen[bytes]":
        return stack.enter_context(self._running(command, log_format))

    @contextmanager
    def _running(self, command: Sequence[str], form: str) -> Iterator["subprocess.Popen[bytes]"]:
        with self._log(command[0]).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "keepline.cli.main", *command],
                env=self.environ | {"KEEPLINE_LOG_FORMAT": form},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(20)

    def run(self, *command: str) -> None:
        """A command to its end; what it says to whoever typed it (stdout) is no log."""
        done = subprocess.run(
            [sys.executable, "-m", "keepline.cli.main", *command],
            env=self.environ,
            capture_output=True,
            timeout=120,
            check=False,
        )
        self._log(command[0]).write_bytes(done.stderr)

    def _log(self, word: str) -> Path:
        self.logs.append(self.folder / f"{len(self.logs)}-{word}.log")
        return self.logs[-1]

    def everything(self) -> str:
        return "\n".join(path.read_text(encoding="utf-8") for path in self.logs)

    def owner(self, statement: str) -> None:
        with psycopg.connect(self.environ["KEEPLINE_DATABASE_OWNER_URL"]) as direct:
            direct.execute(statement.encode())


@pytest.fixture
def scene(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Scene]:
    mail = Controller(Refusing(), hostname="127.0.0.1", port=free_port())
    mail.start()
    environ = process_environment | {
        **SECRETS,
        "KEEPLINE_PAYPAL_WEBHOOK_ID": "1JE4291016473214C",
        "KEEPLINE_DATA": str(tmp_path),
        "KEEPLINE_PORT": str(free_port()),
        "KEEPLINE_PROVIDER_PORT": str(free_port()),
        "KEEPLINE_EMAIL_URL": f"smtp://robot:{MAIL_PASSWORD}@127.0.0.1:{mail.port}?tls=none",
    }
    in_ten_days = datetime.now(UTC) + timedelta(days=10)
    cast = assemble(wallet_minor=100, line_fields={"valid_until": in_ten_days})
    cast.alice.email, cast.alice.name = EMAIL, f"{NAME} {FAMILY}"
    cast.alice.phone, cast.alice.phone_verified = PHONE, True
    cast.alice.save()
    cast.alice.emailaddress_set.update(email=EMAIL)
    token = issue_token(cast.alice, cast.account, "canary", datetime.now(UTC)).secret
    found = Scene(environ, tmp_path, cast, token)
    with ExitStack() as stack:
        found.start(stack, "sandbox-provider", log_format="json")
        web = found.start(stack, "serve", log_format="json")
        found.start(stack, "worker", log_format="console")
        wait_for(int(environ["KEEPLINE_PORT"]), web)
        yield found
    mail.stop()


def browser(scene: Scene) -> httpx.Client:
    return httpx.Client(base_url=scene.address, timeout=30, **LOOPBACK)


def submit(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    """A form, with its token as the page has it."""
    client.get(path)
    token = client.cookies.get("csrf") or client.cookies.get("csrftoken") or ""
    return client.post(path, data={**form, "csrfmiddlewaretoken": token})


def at_the_door(scene: Scene) -> None:
    """Sign-up, sign-in and a forgotten password; right, wrong, and by people there are not."""
    with browser(scene) as client:
        for login, password in [(EMAIL, "wrong-" + PASSWORD), (STRANGERS, PASSWORD), (PHONE, "no")]:
            submit(client, "/accounts/login/", login=login, password=password)
        for email in (EMAIL, STRANGERS):
            form = {"by": "email", "email": email, "password1": PASSWORD}
            submit(client, "/accounts/signup/", **form)
            submit(client, "/accounts/password/reset/", email=email, login=email)
        client.get("/accounts/password/reset/key/1-canary-of-a-key/")
        client.get(f"/nothing/{EMAIL}/{PHONE}/?card={CARD}")
        client.get("/", headers={"host": f"{EMAIL}.example"})
    with browser(scene) as client:  # one who has no sign-up under way
        answer = submit(client, "/accounts/login/", login=EMAIL, password=PASSWORD)
        assert answer.headers.get("location") == "/", (answer.headers, answer.text)
        scene.session = client.cookies["session"]


def at_home(scene: Scene) -> None:
    """A person's pages; a database that refuses a row, and says which."""
    with browser(scene) as client:
        client.cookies.set("session", scene.session)
        for path in ("/", "/wallet/", "/account/", f"/lines/{scene.cast.line.id}/"):
            assert client.get(path).status_code == 200, path
        scene.owner(
            "ALTER TABLE accounts_user ADD CONSTRAINT canary"
            " CHECK (name NOT LIKE '%Refused') NOT VALID"
        )
        form = {"language": "en", "time_zone": "Europe/Berlin", "currency": "USD", "country": ""}
        answer = submit(client, "/account/", name=f"{NAME} {FAMILY} Refused", **form)
        assert answer.status_code == 500
        scene.owner("ALTER TABLE accounts_user DROP CONSTRAINT canary")


def by_program(scene: Scene) -> None:
    """The API: with a token, without, with nonsense and with a card in it."""
    path = f"/v1/lines/{scene.cast.line.id}/renewals"
    bodies: list[Any] = [
        {"plan_code": scene.cast.plan.code, "use_wallet": "part", "provider": "sandbox"},
        {"plan_code": CARD, "use_wallet": EMAIL},
        {"plan_code": scene.cast.plan.code, "provider": EMAIL, "use_wallet": "none"},
    ]
    with browser(scene) as client:
        for token in (scene.token, scene.token[:-1] + "x", "none"):
            for body in bodies:
                headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
                client.post(path, json=body, headers=headers)
            client.get(f"/v1/{EMAIL}?phone={PHONE}", headers={"authorization": f"Bearer {token}"})
        scene.owner(
            "ALTER TABLE orders_order ADD CONSTRAINT canary CHECK (channel <> 'api') NOT VALID"
        )
        headers = {"authorization": f"Bearer {scene.token}", "idempotency-key": str(uuid4())}
        assert client.post(path, json=bodies[0], headers=headers).status_code == 500
        scene.owner("ALTER TABLE orders_order DROP CONSTRAINT canary")


def by_providers(scene: Scene) -> None:
    """A payment that is opened, paid, told and delivered; and webhooks nobody should believe."""
    cast = scene.cast
    asked = request(cast, provider="sandbox", key="key-paid")
    order_id = renew_line.start(asked, datetime.now(UTC)).order_id
    with browser(scene) as client:
        client.cookies.set("session", scene.session)
        assert client.get(f"/orders/{order_id}/checkout/").status_code == 302
        payment = Payment.objects.get(order_id=order_id)
        provider = f"http://127.0.0.1:{scene.environ['KEEPLINE_PROVIDER_PORT']}"
        key = {"authorization": f"Bearer {sandbox_key(scene)}"}
        paid = f"{provider}/v1/payments/{payment.id}/simulate"
        answer = httpx.post(paid, json={"outcome": "captured"}, headers=key, **LOOPBACK)
        answer.raise_for_status()
        until = time.monotonic() + 30
        while Order.objects.by_id(order_id).state != "completed":
            assert time.monotonic() < until, "neither webhook nor worker came"
            time.sleep(0.1)
        nonsense = json.dumps({"payer": {"email": EMAIL, "card": CARD}}).encode()
        for name in ("sandbox", "stripe", "paypal", "nobody"):
            headers = {
                "content-type": "application/json",
                "stripe-signature": f"t=1,v1={CARD}",
                "webhook-signature": EMAIL,
                "webhook-id": PHONE,
                "webhook-timestamp": CARD,
                "paypal-transmission-time": EMAIL,
            }
            client.post(f"/webhooks/payments/{name}/", content=nonsense, headers=headers)


def sandbox_key(scene: Scene) -> str:
    """As the processes of the scene have it, by their own secret key."""
    with pytest.MonkeyPatch.context() as patch:
        from django.conf import settings

        patch.setattr(settings, "SECRET_KEY", SECRETS["KEEPLINE_SECRET_KEY"])
        return sandbox_secret("api")


def by_command(scene: Scene) -> None:
    """Commands that read people: a base with good and bad rows, staff, books, a doctor."""
    rows = [
        GOOD
        | {
            "account_ref": f"A-{number}",
            "name": f"{NAME} {FAMILY}",
            "email": EMAIL,
            "phone": PHONE,
            "plan_code": plan,
            "msisdn": f"+{NUMBER}",
            "iccid": iccid,
        }
        for number, plan, iccid in [(1, "keep-1m", ICCID), (2, "nothing", CARD), (3, "keep-1m", "")]
    ]
    file = written(scene.folder / "base.csv", rows)
    scene.run("import-base", str(file))
    scene.run("staff", EMAIL)
    scene.run("doctor")
    scene.run("audit")
    scene.run("sweep")
    scene.run("reconcile", "sandbox")
    scene.run("reconcile", "stripe", "--from", "2026-03-02", "--to", "2026-02-27")


def test_no_log_shows_a_secret_or_a_person(scene: Scene) -> None:
    at_the_door(scene)
    at_home(scene)
    by_program(scene)
    by_providers(scene)
    by_command(scene)
    time.sleep(2.5)  # the worker looks every second; letters are refused
    said = scene.everything()
    # It has spoken of what went wrong, or the silence would prove nothing.
    for event in ("api.fault", "webhook_refused", "CheckViolation", "mail_not_sent", "Not Found"):
        assert event in said, event
    words = [NAME, FAMILY, "quixotissimo", EMAIL, STRANGERS, PHONE, PHONE[1:], NUMBER, ICCID, CARD]
    words += [MAIL_PASSWORD, PASSWORD, scene.token, scene.token[3:], scene.session]
    words += ["canary-of-a-key", sandbox_key(scene), *SECRETS.values()]
    for word in words:
        lines = [line for line in said.splitlines() if word.lower() in line.lower()]
        assert lines == [], word
