"""The field's identifiers: MSISDN, ICCID, IMSI, EID, activation code. Strict in, canonical out.

What a reader returns is canonical: read again, it gives itself.
"""

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import ClassVar

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, ValidationResult

__all__ = [
    "ActivationCode",
    "ActivationCodeError",
    "EidError",
    "IccidError",
    "IdentifierError",
    "ImsiError",
    "MsisdnError",
    "format_msisdn",
    "parse_activation_code",
    "parse_eid",
    "parse_iccid",
    "parse_imsi",
    "parse_msisdn",
    "regions_of_msisdn",
]


class IdentifierError(ValueError):
    """Not what it claims to be. `reason` is a word: empty, malformed, length, check_digit ..."""

    kind: ClassVar[str] = "identifier"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{self.kind}: {reason}")
        self.reason = reason


class MsisdnError(IdentifierError):
    """Reasons: empty, malformed, country (no such country code), length."""

    kind = "msisdn"


class IccidError(IdentifierError):
    """Reasons: empty, malformed, prefix (not 89), length, check_digit."""

    kind = "iccid"


class ImsiError(IdentifierError):
    """Reasons: empty, malformed, length, country (no such mobile country code)."""

    kind = "imsi"


class EidError(IdentifierError):
    """Reasons: empty, malformed, prefix (not 89), length, check_digits."""

    kind = "eid"


class ActivationCodeError(IdentifierError):
    """Reasons: empty, malformed, format (not 1), address, matching_id, oid, flag."""

    kind = "activation_code"


LONGEST_E164 = 15
_PLAIN = re.compile(r"\+?[1-9]\d{6,14}", re.ASCII)
# What people write between digits. Letters are no part of a number: no words, no extensions.
_WRITTEN = re.compile(r"[\s(]*[+\uff0b]?[\d\s()./\u2010-\u2015-]*\d[\s)]*")


def parse_msisdn(text: str, default_region: str | None = None) -> int:
    """E.164 as an integer (ITU-T E.164). Judged by plausibility, so reserved ranges pass.

    `default_region` (ISO 3166-1) reads national forms; without it, digits begin with their
    country code. Numbers that only reach within one town are refused. Raises MsisdnError.
    """
    bare = text.strip()
    if not bare:
        raise MsisdnError("empty")
    if _PLAIN.fullmatch(bare) and (bare[0] == "+" or default_region is None):
        digits = bare.removeprefix("+")
        if _stands(digits):
            return int(digits)
        digits = _asked(f"+{digits}", None)
    elif _WRITTEN.fullmatch(bare):
        digits = _asked(bare if default_region else _international(bare), default_region)
    else:
        raise MsisdnError("malformed")
    # A prefix dialled twice (+49 0 0170 ...) would be another number each time it is read.
    if not _stands(digits) and _asked(f"+{digits}", None) != digits:
        raise MsisdnError("malformed")
    return int(digits)


def regions_of_msisdn(e164: int) -> tuple[str, ...]:
    """The countries that share the number's country code, ISO 3166-1 alpha-2; none for no code."""
    digits = str(e164)
    for length in (1, 2, 3):
        found = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]))
        if found:
            return tuple(found)
    return ()


def _international(bare: str) -> str:
    return bare if "+" in bare or "\uff0b" in bare else f"+{bare}"


def _asked(text: str, region: str | None) -> str:
    """The digits that phonenumbers reads, country code first."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        kinds = {
            NumberParseException.INVALID_COUNTRY_CODE: "country",
            NumberParseException.NOT_A_NUMBER: "malformed",
        }
        raise MsisdnError(kinds.get(error.error_type, "length")) from error
    digits = phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    if not possible or len(digits) > LONGEST_E164:
        raise MsisdnError("length")
    return digits


@dataclass(frozen=True, slots=True)
class _CountryPlan:
    """What phonenumbers' judgement of plain digits depends on, for one country code."""

    code_length: int
    lengths: frozenset[int]  # of the whole number, country code included
    prefix: re.Pattern[str] | None  # what could be a national prefix, and would be taken off


def _stands(digits: str) -> bool:
    """The fast way of a million rows. True: E.164 as it is. False: phonenumbers must be asked.

    phonenumbers looks at three things: the country code, whether the rest begins with what could
    be a national prefix, and its length. The first and third are the same for all numbers of a
    country, the second is one regular expression. Raises MsisdnError.
    """
    plan = _country_plan(digits[:3])
    if plan is None:
        raise MsisdnError("country")
    if plan.prefix is not None:
        match = plan.prefix.match(digits[plan.code_length :])
        if match and (match.end() or match.lastindex):
            return False
    if len(digits) not in plan.lengths:
        raise MsisdnError("length")
    return True


@cache
def _country_plan(first_three: str) -> _CountryPlan | None:
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    code = next((first_three[:n] for n in (1, 2, 3) if int(first_three[:n]) in known), None)
    if code is None:
        return None
    region = phonenumbers.region_code_for_country_code(int(code))
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    prefix = metadata.national_prefix_for_parsing if metadata else None
    lengths = (n for n in range(1, LONGEST_E164 + 1 - len(code)) if _possible(int(code), n))
    return _CountryPlan(
        code_length=len(code),
        lengths=frozenset(len(code) + n for n in lengths),
        prefix=re.compile(prefix) if prefix else None,
    )


def _possible(code: int, national_length: int) -> bool:
    number = phonenumbers.PhoneNumber(country_code=code, national_number=10**national_length // 9)
    reason = phonenumbers.is_possible_number_with_reason(number)
    return bool(reason == ValidationResult.IS_POSSIBLE)


@lru_cache(maxsize=4096)
def format_msisdn(e164: int, international: bool = True) -> str:
    """+49 170 1234567, or the national form; bare digits for a country nobody knows."""
    try:
        number = phonenumbers.parse(f"+{e164}")
    except NumberParseException:
        return f"+{e164}"
    form = PhoneNumberFormat.INTERNATIONAL if international else PhoneNumberFormat.NATIONAL
    return phonenumbers.format_number(number, form)


ICCID_LENGTHS, ICCID_PLACES = (18, 19, 20), 20
IMSI_LENGTHS = (14, 15)
EID_LENGTH, EID_MODULUS = 32, 97
_GAPS = str.maketrans("", "", " -\u00a0\t")


def parse_iccid(text: str) -> str:
    """18 to 20 digits, the last a Luhn check digit (ITU-T E.118); returned without padding.

    On the wire an ICCID has 20 places, filled up with F (SGP.22 ES2+). Raises IccidError.
    """
    bare = text.translate(_GAPS).upper()
    if not bare:
        raise IccidError("empty")
    digits = bare.rstrip("F")
    if not re.fullmatch(r"\d+", digits, re.ASCII):
        raise IccidError("malformed")
    if not digits.startswith("89"):
        raise IccidError("prefix")
    padded = digits != bare
    if len(digits) not in ICCID_LENGTHS or (padded and len(bare) != ICCID_PLACES):
        raise IccidError("length")
    if not _luhn(digits):
        raise IccidError("check_digit")
    return digits


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # twice a digit, its digits added


def _luhn(digits: str) -> bool:
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(d)] for d in digits[-2::-2])
    return total % 10 == 0


def parse_imsi(text: str) -> str:
    """14 or 15 digits: country (MCC), network (MNC), subscriber (ITU-T E.212). Raises ImsiError.

    Country codes begin with 2 to 7, or 9; 001 is for tests.
    """
    bare = text.strip()
    if not bare:
        raise ImsiError("empty")
    if not re.fullmatch(r"\d+", bare, re.ASCII):
        raise ImsiError("malformed")
    if len(bare) not in IMSI_LENGTHS:
        raise ImsiError("length")
    if bare[0] in "018" and not bare.startswith("001"):
        raise ImsiError("country")
    return bare


def parse_eid(text: str) -> str:
    """32 digits that are 1 modulo 97; the last two see to it (GSMA SGP.29). Raises EidError."""
    bare = text.translate(_GAPS)
    if not bare:
        raise EidError("empty")
    if not re.fullmatch(r"\d+", bare, re.ASCII):
        raise EidError("malformed")
    if len(bare) != EID_LENGTH:
        raise EidError("length")
    if not bare.startswith("89"):
        raise EidError("prefix")
    if int(bare) % EID_MODULUS != 1:
        raise EidError("check_digits")
    return bare


@dataclass(frozen=True, slots=True)
class ActivationCode:
    """LPA:1$SM-DP+ADDRESS$MATCHING-ID[$OID[$1]] (GSMA SGP.22, 4.1)."""

    smdp_address: str
    matching_id: str = field(repr=False)  # the key to a profile: in no log
    smdp_oid: str = ""
    confirmation_required: bool = False

    def __str__(self) -> str:
        tail = ["1"] if self.confirmation_required else []
        middle = [self.smdp_oid] if self.smdp_oid or tail else []
        return "$".join(["LPA:1", self.smdp_address, self.matching_id, *middle, *tail])


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PARTS = {
    "address": re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*"),
    "matching_id": re.compile(r"[A-Z0-9-]{0,255}"),
    "oid": re.compile(r"(?:\d{1,10}(?:\.\d{1,10})+)?", re.ASCII),
    "flag": re.compile(r"1?"),
}


def parse_activation_code(text: str) -> ActivationCode:
    """Reads an activation code, with or without its LPA: prefix. Raises ActivationCodeError."""
    bare = text.strip()
    if not bare:
        raise ActivationCodeError("empty")
    version, *parts = bare.removeprefix("LPA:").split("$")
    missing = len(_PARTS) - len(parts)
    if missing not in (0, 1, 2):
        raise ActivationCodeError("malformed")
    if version != "1":
        raise ActivationCodeError("format")
    parts += [""] * missing
    for (reason, shape), part in zip(_PARTS.items(), parts, strict=True):
        if not shape.fullmatch(part):
            raise ActivationCodeError(reason)
    address, matching_id, oid, flag = parts
    return ActivationCode(address, matching_id, oid, flag == "1")
