"""The fake PayPal is called a fake, and does not exist in production."""

import os
import subprocess

import pytest

from keepline.gateways.payments.paypal.fake.place import fake_paypal
from keepline.gateways.payments.sandbox.mode import SandboxForbidden
from tests.gateways.paypal_process import PROGRAM

KEYS = {
    "KEEPLINE_PAYPAL_CLIENT_ID": "a",
    "KEEPLINE_PAYPAL_CLIENT_SECRET": "b",
    "KEEPLINE_PAYPAL_WEBHOOK_ID": "c",
}


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({**KEYS, "KEEPLINE_MODE": "production"}, "refused in production"),
        ({}, "Set KEEPLINE_PAYPAL_CLIENT_ID first"),
    ],
)
def test_the_process_does_not_start(environment: dict[str, str], told: str) -> None:
    ended = subprocess.run(
        [*PROGRAM, "--port", "1"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr


def test_no_adapter_is_pointed_at_it_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPLINE_MODE", "production")
    with pytest.raises(SandboxForbidden):
        fake_paypal("http://127.0.0.1:1", "a", "b", "c", 1)
