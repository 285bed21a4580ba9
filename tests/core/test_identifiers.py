"""The field's identifiers, against their libraries and their standards' own examples."""

import re
import time

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keepline.core.identifiers import (
    ActivationCode,
    ActivationCodeError,
    EidError,
    IccidError,
    IdentifierError,
    ImsiError,
    MsisdnError,
    format_msisdn,
    parse_activation_code,
    parse_eid,
    parse_iccid,
    parse_imsi,
    parse_msisdn,
    regions_of_msisdn,
)

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
MOBILE = phonenumbers.PhoneNumberType.MOBILE
EXAMPLES = {
    region: number
    for region in REGIONS
    if (number := phonenumbers.example_number_for_type(region, MOBILE)) is not None
}
COUNTRY_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def oracle(text: str, region: str | None = None) -> int | None:
    """What phonenumbers makes of it, where it makes an E.164 number that it reads as itself."""
    try:
        number = phonenumbers.parse(text, region)
        digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
        again = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    stable = phonenumbers.format_number(again, phonenumbers.PhoneNumberFormat.E164)[1:] == digits
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE or not stable or len(digits) > 15:
        return None
    return int(digits)


def read(text: str, region: str | None = None) -> int | None:
    try:
        return parse_msisdn(text, region)
    except MsisdnError:
        return None


plain = st.builds(
    "+{}{}{}".format,
    st.sampled_from(COUNTRY_CODES),
    st.sampled_from(["", "0", "1", "00", "8", "15", "9", "011", "0115", "06"]),
    st.text("0123456789", min_size=2, max_size=13),
)


@given(plain)
@example("+116502530000")
@example("+788005553535")
@example("+49001701234567")
@example("+541115345678")
@example("+999123456789")
def test_plain_digits_are_read_as_phonenumbers_reads_them(text: str) -> None:
    assert read(text) == oracle(text)


@given(st.text("0123456789", min_size=3, max_size=16).map("+{}".format))
def test_any_digits_are_read_as_phonenumbers_reads_them(text: str) -> None:
    assert read(text) == oracle(text)


@given(
    st.sampled_from(REGIONS),
    st.text("0123456789", min_size=4, max_size=13),
    st.sampled_from(["{}", "0{}", "({})", " {} ", "+{}", "00{}"]),
)
def test_national_forms_are_read_as_phonenumbers_reads_them(
    region: str, digits: str, form: str
) -> None:
    text = form.format(digits)
    assert read(text, region) == oracle(text, region)


@pytest.mark.parametrize("region", EXAMPLES)
def test_every_countrys_example_number_is_read_and_canonical(region: str) -> None:
    number = EXAMPLES[region]
    e164 = int(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:])
    for form in (
        phonenumbers.PhoneNumberFormat.E164,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    ):
        assert parse_msisdn(phonenumbers.format_number(number, form)) == e164
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert parse_msisdn(national, region) == e164
    assert parse_msisdn(str(e164)) == e164
    assert parse_msisdn(format_msisdn(e164)) == e164
    assert parse_msisdn(format_msisdn(e164, international=False), region) == e164


@pytest.mark.parametrize(
    "text",
    [
        "+1 202 555 0143",  # NANP: 555-0100 to 555-0199 are for fiction
        "+44 7700 900123",  # Ofcom's numbers for drama
        "+61 491 570 006",  # ACMA's
        "+33 6 39 98 00 12",  # Arcep's
        "+49 152 28817386",  # Bundesnetzagentur's
    ],
)
def test_ranges_reserved_for_tests_pass(text: str) -> None:
    assert parse_msisdn(text) == int(re.sub(r"\D", "", text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("unknown", "malformed"),
        ("+1 800 FLOWERS", "malformed"),
        ("call +49 170 1234567", "malformed"),
        ("+49 170 1234567 ext 5", "malformed"),
        ("+49+1701234567", "malformed"),
        ("4.91701234567E+11", "malformed"),  # a spreadsheet was here
        ("+999 12345678", "country"),
        ("+0491701234567", "country"),
        ("+49", "malformed"),
        ("+49 1", "length"),
        ("+1 253 0000", "length"),  # reaches within one town
        ("+491701234567890123", "length"),
        ("+49 1234567 8901234", "length"),  # 16 digits: Germany may, E.164 may not
        ("+49 0 0 170 1234567", "malformed"),
    ],
)
def test_what_is_no_number_says_why(text: str, reason: str) -> None:
    with pytest.raises(MsisdnError) as caught:
        parse_msisdn(text)
    assert (caught.value.kind, caught.value.reason) == ("msisdn", reason)


def test_full_width_digits_and_spaces_are_digits() -> None:
    assert parse_msisdn("\uff0b\uff18\uff16 138\u00a01234\u20105678") == 8613812345678
    assert parse_msisdn("+49 (0)170 / 1234-567") == 491701234567


def test_a_national_form_needs_its_country() -> None:
    assert parse_msisdn("0170 1234567", "DE") == 491701234567
    with pytest.raises(MsisdnError):
        parse_msisdn("0170 1234567")


def test_an_unknown_country_is_still_shown() -> None:
    assert format_msisdn(999123) == "+999123"
    assert format_msisdn(491701234567) == "+49 170 1234567"
    assert format_msisdn(491701234567, international=False) == "0170 1234567"


@pytest.mark.parametrize(
    ("e164", "here"),
    [(447700900871, "GB"), (12025550171, "US"), (14165550171, "CA"), (8613912345678, "CN")],
)
def test_the_countries_of_a_number(e164: int, here: str) -> None:
    assert here in regions_of_msisdn(e164)
    assert regions_of_msisdn(999_000_000) == ()


def test_a_million_rows_are_read_in_seconds() -> None:
    """15 microseconds a number on the CPU's own clock, which a busy machine does not move."""
    texts = [f"+49170{n:07d}" for n in range(20_000)]
    parse_msisdn(texts[0])
    began = time.process_time()
    for text in texts:
        parse_msisdn(text)
    assert (time.process_time() - began) / len(texts) < 15e-6


def luhn_digit(body: str) -> str:
    """ISO/IEC 7812-1, annex B, by the text of the standard."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += sum(int(d) for d in str(product))
    return str(-total % 10)


bodies = st.text("0123456789", min_size=15, max_size=17).map("89{}".format)


@given(bodies)
def test_iccids_with_their_check_digit_pass_in_every_form(body: str) -> None:
    iccid = body + luhn_digit(body)
    assert parse_iccid(iccid) == iccid
    assert parse_iccid(iccid.ljust(20, "F")) == iccid
    assert parse_iccid(iccid.ljust(20, "f")) == iccid
    assert parse_iccid(f" {iccid[:4]} {iccid[4:8]}-{iccid[8:]} ") == iccid


@given(bodies, st.data())
def test_one_wrong_digit_of_an_iccid_is_found(body: str, data: st.DataObject) -> None:
    iccid = body + luhn_digit(body)
    place = data.draw(st.integers(2, len(iccid) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != iccid[place]]))
    with pytest.raises(IccidError) as caught:
        parse_iccid(iccid[:place] + digit + iccid[place + 1 :])
    assert caught.value.reason == "check_digit"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("FF", "malformed"),
        ("8944x00000000000000", "malformed"),
        ("\u0668\u06694400000000000000", "malformed"),  # Arabic digits
        ("1234567890123456789", "prefix"),
        ("89440", "length"),
        ("894400000000000000000000", "length"),
        ("8988211000000530083F", "check_digit"),
        ("898600000000000000F", "length"),  # filled up, and still short
    ],
)
def test_what_is_no_iccid_says_why(text: str, reason: str) -> None:
    with pytest.raises(IccidError) as caught:
        parse_iccid(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize("imsi", ["262011234567890", "001010123456789", "999700000000001"])
def test_imsis_pass(imsi: str) -> None:
    assert parse_imsi(f" {imsi} ") == imsi
    assert parse_imsi(imsi[:14]) == imsi[:14]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("26201123456789a", "malformed"),
        ("2620112345678", "length"),
        ("2620112345678901", "length"),
        ("162011234567890", "country"),
        ("002011234567890", "country"),
        ("862011234567890", "country"),
    ],
)
def test_what_is_no_imsi_says_why(text: str, reason: str) -> None:
    with pytest.raises(ImsiError) as caught:
        parse_imsi(text)
    assert caught.value.reason == reason


@given(st.text("0123456789", min_size=1, max_size=18))
def test_imsis_are_what_e212_says(digits: str) -> None:
    """14 or 15 digits, of a country that has a code: 2 to 7, 9, or 001 for tests."""
    country = digits[0] in "2345679" or digits.startswith("001")
    good = len(digits) in (14, 15) and country
    try:
        read_as = parse_imsi(digits)
    except ImsiError:
        read_as = None
    assert read_as == (digits if good else None)


def eid_of(middle: str) -> str:
    body = f"89{middle}"
    return f"{body}{98 - int(body + '00') % 97:02d}"


@given(st.text("0123456789", min_size=28, max_size=28), st.data())
def test_one_wrong_digit_of_an_eid_is_found(middle: str, data: st.DataObject) -> None:
    eid = eid_of(middle)
    place = data.draw(st.integers(2, len(eid) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != eid[place]]))
    with pytest.raises(EidError) as caught:
        parse_eid(eid[:place] + digit + eid[place + 1 :])
    assert caught.value.reason == "check_digits"


@given(st.text("0123456789", min_size=28, max_size=28), st.data())
def test_two_digits_of_an_eid_that_changed_places_are_found(
    middle: str, data: st.DataObject
) -> None:
    eid = eid_of(middle)
    place = data.draw(st.integers(2, len(eid) - 2))
    swapped = eid[:place] + eid[place + 1] + eid[place] + eid[place + 2 :]
    if swapped != eid:
        with pytest.raises(EidError):
            parse_eid(swapped)


@given(st.text("0123456789", min_size=28, max_size=28))
def test_eids_carry_their_check_digits(middle: str) -> None:
    """SGP.29: the last two are 98 less the rest modulo 97, with 00 in their place."""
    eid = eid_of(middle)
    assert parse_eid(eid) == eid
    assert parse_eid(" ".join(eid[i : i + 4] for i in range(0, 32, 4))) == eid


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("8904903212345123451234567890123X", "malformed"),
        ("8904903212345123451234567890123", "length"),
        ("19049032123451234512345678901235", "prefix"),
        ("89049032123451234512345678901236", "check_digits"),
        ("89049032123451234512345678901253", "check_digits"),  # two neighbours changed places
    ],
)
def test_what_is_no_eid_says_why(text: str, reason: str) -> None:
    with pytest.raises(EidError) as caught:
        parse_eid(text)
    assert caught.value.reason == reason
    assert parse_eid("89049032123451234512345678901235")  # SGP.26's test eUICC


def test_the_standards_activation_codes_are_read() -> None:
    """The examples of SGP.22, 4.1."""
    address, matching_id = "SMDP.GSMA.COM", "04386-AGYFT-A74Y8-3F815"
    head, oid = f"LPA:1${address}${matching_id}", "1.3.6.1.4.1.31746"
    assert parse_activation_code(head) == ActivationCode(address, matching_id)
    assert parse_activation_code(f"{head}$$1") == ActivationCode(
        address, matching_id, confirmation_required=True
    )
    assert parse_activation_code(f"{head}${oid}") == ActivationCode(address, matching_id, oid)
    with_all = ActivationCode(address, matching_id, oid, confirmation_required=True)
    assert parse_activation_code(f"{head}${oid}$1") == with_all
    assert parse_activation_code(f"1${address}$") == ActivationCode(address, "")


codes = st.builds(
    ActivationCode,
    st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9-]{0,20}[a-z0-9]){1,3}", fullmatch=True),
    st.from_regex(r"[A-Z0-9-]{0,40}", fullmatch=True),
    st.sampled_from(["", "1.3.6.1.4.1.31746", "2.999"]),
    st.booleans(),
).filter(lambda code: ".-" not in code.smdp_address)


@given(codes)
def test_an_activation_code_written_and_read_is_itself(code: ActivationCode) -> None:
    assert parse_activation_code(str(code)) == code
    assert parse_activation_code(str(code).removeprefix("LPA:")) == code


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("hello", "malformed"),
        ("LPA:1$host", "malformed"),
        ("LPA:1$host$M$1.2$1$x", "malformed"),
        ("LPA:2$host$M", "format"),
        ("lpa:1$host$M", "format"),
        ("LPA:1$-host$M", "address"),
        ("LPA:1$host/path$M", "address"),
        ("LPA:1$$M", "address"),
        ("LPA:1$host$m", "matching_id"),
        ("LPA:1$host$M N", "matching_id"),
        ("LPA:1$host$M$1.x", "oid"),
        ("LPA:1$host$M$$2", "flag"),
        ("LPA:1$" + "a" * 64 + "$M", "address"),
    ],
)
def test_what_is_no_activation_code_says_why(text: str, reason: str) -> None:
    with pytest.raises(ActivationCodeError) as caught:
        parse_activation_code(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize("parse", [parse_iccid, parse_imsi, parse_eid, parse_activation_code])
@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused(parse: type, text: str) -> None:
    try:
        canonical = parse(text)
    except IdentifierError:
        return
    assert parse(str(canonical)) == canonical


@given(st.text(max_size=40), st.none() | st.sampled_from(REGIONS))
def test_any_text_is_a_canonical_number_or_refused(text: str, region: str | None) -> None:
    e164 = read(text, region)
    if e164 is not None:
        assert parse_msisdn(str(e164)) == e164
