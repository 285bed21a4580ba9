"""`keepline push-key` prints a key that KEEPLINE_PUSH_KEY takes."""

import pytest
from click.testing import CliRunner

from keepline.cli.push_key import command
from keepline.config.environment import Environment
from keepline.config.errors import SettingsError


def test_it_is_a_key_and_fresh_each_time() -> None:
    first, second = (CliRunner().invoke(command).output.strip() for _ in range(2))
    assert first != second
    env = Environment.read({"KEEPLINE_MODE": "test", "KEEPLINE_PUSH_KEY": first})
    assert env.push_key == first
    assert first in env.secrets()


def test_what_is_none_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as error:
        Environment.read({"KEEPLINE_MODE": "test", "KEEPLINE_PUSH_KEY": "nonsense"})
    assert "push-key" in str(error.value)
    assert "nonsense" not in str(error.value)


def test_production_calls_no_loopback() -> None:
    values = {
        "KEEPLINE_MODE": "production",
        "KEEPLINE_SECRET_KEY": "x" * 50,
        "KEEPLINE_PUBLIC_URL": "https://lines.example",
        "KEEPLINE_DATABASE_URL": "postgresql://x@/x",
    }
    assert Environment.read(values).calls_to_loopback == "no"
    with pytest.raises(SettingsError, match="LOOPBACK"):
        Environment.read({**values, "KEEPLINE_CALLS_TO_LOOPBACK": "yes"})
