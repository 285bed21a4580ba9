"""Password rules after NIST SP 800-63B-4, section 3.1.1.2: length and a block list, no more.

No composition rules, no rotation, every character counts, the reason of a refusal is told. Of
the usual lists almost nothing has 15 characters, so comparing whole passwords would refuse
nearly none; what people do is to repeat and to join what they know. Therefore zxcvbn takes a
password apart into list entries, repeats, runs of keys, dates and what is known of its owner,
and says how many guesses an attacker who knows these habits needs.
"""

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

LEAST_CHARACTERS = 15
MOST_CHARACTERS = 256
LOOKED_AT = 72  # zxcvbn's own limit; a password that is good so far is good
LEAST_GUESSES_LOG10 = 11
SHORT_PIECE = 2  # pieces up to this length stand in every password
OUR_WORDS = ("keepline", "prepaid", "renewal", "password", "passwort", "mima", "wodemima")


class LengthRule:
    """15 to 256 characters (code points after NFC)."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002 (Django's call)
        length = len(unicodedata.normalize("NFC", password))
        if length < LEAST_CHARACTERS:
            text = _("It has %(length)d characters; at least %(least)d are needed.")
            told = {"length": length, "least": LEAST_CHARACTERS}
            raise ValidationError(text % told, code="password_too_short")
        if length > MOST_CHARACTERS:
            text = _("Use at most %(most)d characters.")
            raise ValidationError(text % {"most": MOST_CHARACTERS}, code="password_too_long")

    def get_help_text(self) -> str:
        return _("At least 15 characters, any you like. Four or five random words do well.")


class GuessingRule:
    """Refuses what is put together from known passwords, repeats, runs and the owner's names."""

    def validate(self, password: str, user: Any = None) -> None:
        if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
            return  # LengthRule has said it
        told = zxcvbn(password[:LOOKED_AT], user_inputs=[*OUR_WORDS, *words_about(user)])
        if told["guesses_log10"] < LEAST_GUESSES_LOG10:
            raise ValidationError(reason(told["sequence"]), code="password_guessable")

    def get_help_text(self) -> str:
        return ""


def words_about(user: Any) -> list[str]:
    """Name, e-mail and phone in the pieces that people build passwords of."""
    texts = [str(getattr(user, field, None) or "") for field in ("name", "email", "phone")]
    whole = [text.lower() for text in texts if text]
    parts = [
        part
        for text in whole
        for part in "".join(c if c.isalnum() else " " for c in text).split()
        if len(part) > SHORT_PIECE
    ]
    return [*whole, *parts]


def reason(sequence: list[dict[str, Any]]) -> str:
    """The weightiest pattern in words."""
    patterns = {match["pattern"] for match in sequence}
    if any(match.get("dictionary_name") == "user_inputs" for match in sequence):
        return _("It contains your name, your address or our name. Choose something else.")
    if "repeat" in patterns:
        return _("It repeats itself, so it is guessed as fast as its short part.")
    if "spatial" in patterns or "sequence" in patterns:
        return _("It is a run of neighbouring keys or letters. Choose something else.")
    return _("It is put together from passwords that many people use. Choose something else.")
