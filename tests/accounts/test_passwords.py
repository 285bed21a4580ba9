"""Password rules after NIST SP 800-63B-4: long, and not put together from what everybody knows."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from keepline.accounts.models import User

DORA = User(name="Dora Schmidt", email="dora.schmidt@example.com", phone="+447400123456")


@pytest.mark.parametrize(
    "password",
    [
        "lorry amber tunic fossil",
        "lorryambertunicfossil",
        "correct horse battery staple",
        "zq8fJw02mxpLd9a",
        "我在冬天的湖边看见三只蓝色的鸟飞过",
        "ÄÖÜ straße fährt über Brücken",
        "lorry amber tunic fossil " * 10,
    ],
)
def test_long_and_unforeseen_is_taken(password: str) -> None:
    validate_password(password, DORA)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("zq8fJw02mxpLd9", "password_too_short"),
        ("", "password_too_short"),
        ("x7Q" * 86, "password_too_long"),
        ("passwordpassword", "password_guessable"),
        ("P@ssw0rdP@ssw0rd", "password_guessable"),
        ("password1234567", "password_guessable"),
        ("iloveyou12345678", "password_guessable"),
        ("monkeydragonbatman", "password_guessable"),
        ("woaini1314520aaa", "password_guessable"),
        ("qwertyuiopasdfgh", "password_guessable"),
        ("1qaz2wsx3edc4rfv", "password_guessable"),
        ("abcdefghijklmnopq", "password_guessable"),
        ("aaaaaaaaaaaaaaaaaaaa", "password_guessable"),
        ("a" * 256, "password_guessable"),
        ("keeplinekeepline", "password_guessable"),
        ("dora.schmidt1980", "password_guessable"),
        ("447400123456447400123456", "password_guessable"),
        ("Summer2026Summer2026", "password_guessable"),
    ],
)
def test_what_is_refused_and_why(password: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, DORA)
    assert [error.code for error in refused.value.error_list] == [code]
    assert all(message.strip() for message in refused.value.messages)


def test_no_composition_is_asked_for() -> None:
    """Only small letters, no digit, no sign: length is what counts."""
    validate_password("brushwindowmarmaladepilot", DORA)


def test_one_persons_name_is_no_ones_business() -> None:
    other = User(name="Eve", email="eve@example.com")
    validate_password("dora.schmidt1980-hill", other)
