"""Where the sandbox must not be: in production, and on an address others can reach."""

import socket
import subprocess
from pathlib import Path

import pytest

from keepline.gateways.payments.sandbox.adapter import SandboxPayments
from keepline.gateways.payments.sandbox.mode import SandboxForbidden
from keepline.gateways.payments.sandbox.provider.serve import serve
from tests.gateways.sandbox_process import WEBHOOK_SECRET, SandboxProcess, free_port


def run(process: SandboxProcess, *options: str, **environment: str) -> tuple[int, str]:
    """Exit status and what it said, of a provider that should not start."""
    done = subprocess.run(
        [*process.command(), *options],
        env={**process.environment(), **environment},
        capture_output=True,
        text=True,
        timeout=20,
    )
    return done.returncode, done.stderr


@pytest.fixture
def process(tmp_path: Path) -> SandboxProcess:
    return SandboxProcess(tmp_path / "data", "http://127.0.0.1:9/hook", free_port())


def test_adapter_refuses_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPLINE_MODE", "production")
    with pytest.raises(SandboxForbidden, match="refused in production"):
        SandboxPayments("http://127.0.0.1:9", "key", WEBHOOK_SECRET, 1)


def test_serve_refuses_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPLINE_MODE", " Production")
    with pytest.raises(SandboxForbidden):
        serve("127.0.0.1", 0, tmp_path, "http://127.0.0.1:9", "key", WEBHOOK_SECRET)


def test_provider_refuses_production(process: SandboxProcess) -> None:
    status, said = run(process, KEEPLINE_MODE="production")
    assert (status, said.count("\n")) == (2, 1)
    assert "refused in production" in said
    assert not process.data_dir.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_provider_refuses_other_addresses(process: SandboxProcess, host: str) -> None:
    status, said = run(process, "--host", host)
    assert (status, said.count("\n")) == (2, 1)
    assert "this machine only" in said


def test_taken_port_is_a_sentence(process: SandboxProcess) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", process.port))
        taken.listen()
        status, said = run(process)
    assert (status, said.count("\n")) == (2, 1)
    assert str(process.port) in said


def test_missing_secret_is_a_sentence(process: SandboxProcess) -> None:
    environment = process.environment()
    del environment["KEEPLINE_SANDBOX_API_KEY"]
    done = subprocess.run(
        process.command(), env=environment, capture_output=True, text=True, timeout=20
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "KEEPLINE_SANDBOX_API_KEY" in done.stderr
