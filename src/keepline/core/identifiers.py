"""The field's identifiers: MSISDN, ICCID, IMSI, EID, activation code. Strict in, canonical out."""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

__all__ = [
    "ActivationCode",
    "IdentifierError",
    "format_msisdn",
    "parse_activation_code",
    "parse_eid",
    "parse_iccid",
    "parse_imsi",
    "parse_msisdn",
]


class IdentifierError(ValueError):
    """Not what it claims to be. `reason` is a word: empty, malformed, length, check_digit ..."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind, self.reason = kind, reason


_PLAIN = re.compile(r"\+?[1-9]\d{6,14}", re.ASCII)


def parse_msisdn(text: str, default_region: str | None = None) -> int:
    """E.164 as an integer (ITU-T E.164). Judged by plausibility, so reserved ranges pass.

    `default_region` (ISO 3166-1) reads national forms. Raises IdentifierError.
    """
    bare = text.strip()
    if not bare:
        raise IdentifierError("msisdn", "empty")
    if _PLAIN.fullmatch(bare) and (bare[0] == "+" or default_region is None):
        return _plausible(bare.lstrip("+"))
    try:
        number = phonenumbers.parse(bare, default_region)
    except NumberParseException as error:
        raise IdentifierError("msisdn", "malformed") from error
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise IdentifierError("msisdn", "length")
    return int(phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:])


def _plausible(digits: str) -> int:
    """The fast way of a million rows: what can be said of a country and a length is kept.

    A number's possibility is a matter of its country code and the length of the rest alone, unless
    its country tells lengths by region; the first such number asks phonenumbers, the rest follow.
    """
    code = _country_code(digits)
    if code is None:
        raise IdentifierError("msisdn", "country")
    national = digits[len(code) :]
    if national.startswith("0") and code != "39":  # only Italy keeps its leading zero
        try:
            number = phonenumbers.parse("+" + digits)
        except NumberParseException as error:
            raise IdentifierError("msisdn", "malformed") from error
        if not phonenumbers.is_possible_number(number):
            raise IdentifierError("msisdn", "length")
        return int(phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:])
    if not _possible(code, len(national)):
        raise IdentifierError("msisdn", "length")
    return int(digits)


@lru_cache(maxsize=4096)
def _possible(code: str, national_length: int) -> bool:
    national = int("2" + "1" * (national_length - 1))
    number = phonenumbers.PhoneNumber(country_code=int(code), national_number=national)
    reason = phonenumbers.is_possible_number_with_reason(number)
    return bool(reason == ValidationResult.IS_POSSIBLE)


def _country_code(digits: str) -> str | None:
    for length in (1, 2, 3):
        if int(digits[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length]
    return None


def format_msisdn(e164: int, international: bool = True) -> str:
    """+49 170 1234567, or the national form."""
    number = phonenumbers.parse(f"+{e164}")
    form = PhoneNumberFormat.INTERNATIONAL if international else PhoneNumberFormat.NATIONAL
    return phonenumbers.format_number(number, form)


def parse_iccid(text: str) -> str:
    """19 or 20 digits with their Luhn check digit (ITU-T E.118), or 18 and 19 without one.

    A trailing F of the padded form on the wire is taken off. Raises IdentifierError.
    """
    bare = text.strip().replace(" ", "").upper().removesuffix("F")
    if not re.fullmatch(r"\d{18,20}", bare, re.ASCII):
        raise IdentifierError("iccid", "malformed")
    if not bare.startswith("89"):
        raise IdentifierError("iccid", "prefix")
    if len(bare) > 18 and not _luhn(bare):
        raise IdentifierError("iccid", "check_digit")
    return bare


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def parse_imsi(text: str) -> str:
    """14 or 15 digits: MCC, MNC, MSIN (ITU-T E.212). Raises IdentifierError."""
    bare = text.strip()
    if not re.fullmatch(r"[2-79]\d{13,14}|001\d{12}|999\d{12}", bare, re.ASCII):
        raise IdentifierError("imsi", "malformed")
    return bare


def parse_eid(text: str) -> str:
    """32 digits, of which the last two make the whole 1 modulo 97 (GSMA SGP.29)."""
    bare = text.strip().replace(" ", "")
    if not re.fullmatch(r"89\d{30}", bare, re.ASCII):
        raise IdentifierError("eid", "malformed")
    if int(bare) % 97 != 1:
        raise IdentifierError("eid", "check_digits")
    return bare


@dataclass(frozen=True, slots=True)
class ActivationCode:
    """LPA:1$SM-DP+ADDRESS$MATCHING-ID[$OID[$1]] (GSMA SGP.22, 4.1)."""

    smdp_address: str
    matching_id: str
    smdp_oid: str = ""
    confirmation_required: bool = False

    def __str__(self) -> str:
        tail = ["1"] if self.confirmation_required else []
        middle = [self.smdp_oid] if self.smdp_oid or tail else []
        return "$".join(["LPA:1", self.smdp_address, self.matching_id, *middle, *tail])


_ACTIVATION = re.compile(
    r"(?:LPA:)?1\$([A-Za-z0-9.-]{1,255})\$([A-Z0-9-]{0,255})(?:\$([0-9.]*))?(?:\$(1?))?"
)


def parse_activation_code(text: str) -> ActivationCode:
    """Reads an activation code, with or without its LPA: prefix. Raises IdentifierError."""
    match = _ACTIVATION.fullmatch(text.strip())
    if match is None:
        raise IdentifierError("activation_code", "malformed")
    address, matching_id, oid, confirm = match.groups()
    return ActivationCode(address, matching_id, oid or "", confirm == "1")
