"""`keepline doctor`: whether the network answers."""

from dataclasses import replace
from pathlib import Path

import pytest

from keepline.cli.doctor_gateways import gateways
from keepline.config.environment import Environment
from tests.gateways.hlr_process import CTRL_PORT, HOST, HlrProcess, hlr
from tests.gateways.hlr_wire import says

__all__ = ["hlr"]


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment.read({"KEEPLINE_DATA": str(tmp_path)})


def told(env: Environment) -> list[tuple[str, str]]:
    return [(finding.grade, finding.says) for finding in gateways(env)]


def test_nothing_is_said_of_what_is_not_named(env: Environment) -> None:
    assert told(env) == []


def test_production_without_a_network_is_warned(env: Environment) -> None:
    (said,) = told(replace(env, mode="production"))
    assert said == (
        "warn",
        "No network is connected (KEEPLINE_HLR_HOST): renewals that need one are refused.",
    )


@pytest.mark.osmo_hlr
def test_an_hlr_that_answers(env: Environment, hlr: HlrProcess) -> None:
    assert told(replace(env, hlr_host=HOST)) == [
        ("ok", "The network answers (osmo-hlr at 127.0.0.1).")
    ]


@pytest.mark.osmo_hlr
def test_each_door_that_is_shut_is_told(env: Environment, hlr: HlrProcess) -> None:
    with says(b"Password: ") as vty_port:
        half = replace(env, hlr_host=HOST, hlr_ctrl_port=CTRL_PORT, hlr_vty_port=vty_port)
        ((grade, sentence),) = told(half)
    assert grade == "fail"
    assert sentence.startswith("osmo-hlr's telnet interface gives no answer (127.0.0.1:")
    assert "asks for a password, and Keepline has none" in sentence
    hlr.kill()
    assert [grade for grade, _ in told(replace(env, hlr_host=HOST))] == ["fail", "fail"]
