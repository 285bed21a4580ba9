"""What the adapter and FakeAlipay refuse to start with."""

import base64
import importlib.util
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from keepline.gateways.payments.alipay import sdk
from keepline.gateways.payments.alipay.keys import Keys
from tests.gateways.alipay_process import PROGRAM, a_key, private_pem, public_pem
from tests.gateways.sandbox_process import free_port

KEY = a_key()
PUBLIC = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
FORMS = [
    KEY.private_bytes(encoding, form, NoEncryption())
    for encoding in (Encoding.PEM, Encoding.DER)
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
]


@pytest.mark.parametrize("form", FORMS)
def test_keys_in_each_form_of_alipays_tools(form: bytes) -> None:
    private = form.decode() if form.startswith(b"-----") else base64.b64encode(form).decode()
    for public in (public_pem(KEY), base64.b64encode(PUBLIC).decode()):
        keys = Keys(private, public)
        assert keys.fits(keys.sign("付款=1"), "付款=1")
        assert not keys.fits(keys.sign("付款=1"), "付款=2")


SMALL = rsa.generate_private_key(65537, 1024)


@pytest.mark.parametrize(
    ("private", "public"),
    [
        ("", public_pem(KEY)),
        ("secret!", public_pem(KEY)),
        (private_pem(KEY), ""),
        (private_pem(KEY), private_pem(KEY)),
        (public_pem(KEY), public_pem(KEY)),
        (private_pem(SMALL), public_pem(KEY)),
        (private_pem(KEY), public_pem(SMALL)),
    ],
)
def test_other_keys_are_refused_without_showing_them(private: str, public: str) -> None:
    with pytest.raises(ValueError, match="key of Alipay") as refusal:
        Keys(private, public)
    assert "secret!" not in str(refusal.value)


def test_a_missing_library_names_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def without(name: str, *more: Any) -> Any:
        return None if name == "alipay" else real(name, *more)

    monkeypatch.setattr(sdk, "find_spec", without)
    with pytest.raises(sdk.LibraryMissing, match=r"pip install keepline\[alipay\]"):
        sdk.require_library()


def test_a_field_that_a_call_lacks_is_not_dropped_in_silence() -> None:
    with pytest.raises(ValueError, match=r"alipay\.trade\.query"):
        sdk.params_of("alipay.trade.query", {"out_trade_no": "1", "time_expire": "2"})


def started(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [*PROGRAM, "--port", str(free_port()), "--data", str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)


def test_the_fake_is_refused_in_production(tmp_path: Path) -> None:
    (tmp_path / "alipay.pem").write_text(private_pem(KEY))
    (tmp_path / "app.pub.pem").write_text(public_pem(KEY))
    ended = started(tmp_path, KEEPLINE_MODE="production")
    assert ended.returncode == 2
    assert "production" in ended.stderr


def test_the_fake_needs_its_keys(tmp_path: Path) -> None:
    ended = started(tmp_path)
    assert ended.returncode == 2
    assert "alipay.pem" in ended.stderr
