"""Finds the one-time code in the text of a message, in many languages.

A code is what a person would copy: four to eight digits, perhaps in two halves, or a short mix of
capitals and digits, in a text that speaks of a code. Without such a word nothing is taken for one:
to leave amounts, dates, telephone numbers and the ends of cards alone matters more than to find the
last code. Texts in the format of origin-bound codes (WICG: `@example.com #123456`) need no word.
"""

import re
import unicodedata
from dataclasses import dataclass, field

LONGEST_READ = 2000  # signs; ten joined parts of a message
FAR = 90  # signs between a word and its code
FOUR_DIGITS = 4
SIX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class FoundCode:
    """`code` as it is to be typed, and where it stands in the text: text[start:end]."""

    code: str = field(repr=False)
    start: int
    end: int


# What a text says before or after its code. Latin and Cyrillic words begin where a word begins.
WORDS = re.compile(
    r"(?<![^\W\d_])(?:"
    # English and what borrows from it; Romance and Germanic languages
    r"\w{0,20}code\b|code|otp|pin\b|m?tan\b|2fa|tfa|one[- ]time|password|verify|verification|"
    r"verifizier\w{0,5}|kennwort|passwort|mot de passe|código|codigo|clave|contraseña|senha|codice|"
    r"codul|wachtwoord|kode|kod[ue]?\b|kód|heslo|hasło|jelszó|şifre|sifre|doğrulama|koodi|salasana|"
    r"lösenord|adgangskode|passord|"
    r"код\w{0,3}|пароль|"  # Ukrainian, Russian, Bulgarian
    r"mã\b|ma xac|kodi\b|koda\b|"  # Vietnamese, Albanian, Slovene
    r"κωδικ\w{0,4})"  # Greek
    # Languages that do not part words, or are told by their letters
    r"|验证码|驗證碼|校验码|校驗碼|认证码|認證碼|确认码|確認碼|动态码|動態碼|动态密码|動態密碼|"
    r"随机码|激活码|安全码|安全碼|登录码|短信码|授权码|口令|一次性密码|一次性密碼|"
    r"認証コード|認証番号|確認コード|確認番号|暗証番号|ワンタイム|パスコード|セキュリティコード|"
    r"인증\s?번호|인증\s?코드|확인\s?코드|보안\s?코드|비밀번호|"
    r"รหัส|कोड|ओटीपी|رمز|كود|کد|קוד|სმს კოდი|կոդ",
    re.IGNORECASE,
)
# Codes of other kinds: nobody signs in by them.
OTHER_CODES = re.compile(
    r"(?:promo\w*|discount|voucher|coupon|zip|postal|post|area|country|bar|qr|booking|reservation|"
    r"tracking|source|dress|sort|branch|swift)[ -]?$",
    re.IGNORECASE,
)

ORIGIN_BOUND = re.compile(r"^@[\w.-]+\.\w{2,} #([0-9A-Za-z-]{4,12})(?: %\S+)?\s*\Z", re.MULTILINE)
PREFIXED = re.compile(r"(?<![0-9A-Za-z])[A-Z]{1,3}-(\d{4,8})(?![0-9A-Za-z])")
HALVES = re.compile(
    r"(?<![0-9A-Za-z+.,:/-])(\d{3}[- ]\d{3}|\d{4}[- ]\d{4})(?![0-9A-Za-z]|[ .,:/-]\d)"
)
DIGITS = re.compile(
    r"(?<![0-9A-Za-z+*#])(?<!\d[.,:/-])(\d{4,8})(?![0-9A-Za-z%]|[.:/-]\d|,\d{3}(?!\d))"
)
MIXED = re.compile(
    r"(?<![0-9A-Za-z-])(?=[A-Z]*\d)(?=\d*[A-Z])([A-Z0-9]{5,8}|[A-Z0-9]{3,4}-[A-Z0-9]{3,4})"
    r"(?![0-9A-Za-z-])"
)

# What has digits and is no code. It is blotted out before codes are looked for.
LINKS = re.compile(r"https?://\S+|\bwww\.\S+|\b[\w-]+\.[a-z]{2,6}/\S*", re.IGNORECASE)
TELEPHONES = re.compile(r"\+\d[\d ()-]{6,20}\d|(?<![\d-])0\d{1,4}(?:[ -]\d{2,8}){2,5}")
MONEY_SIGNS = r"[$€£¥₴₹₽₩฿₺₫₪]"
MONEY_WORDS = (
    r"(?:usd|eur|gbp|cny|rmb|hkd|uah|rub|jpy|inr|pln|czk|try|chf|vnd|thb|dollars?|euros?|pounds?|"
    r"yuan|元|円|원|грн|руб|zł|kč|tl\b)"
)
AMOUNTS = re.compile(
    rf"{MONEY_SIGNS}\s?\d[\d.,  ]{{0,14}}\d|\b{MONEY_WORDS}\s?\d[\d.,]{{0,14}}|"
    rf"(?<!\d)\d[\d.,]{{0,14}}\d\s?(?:{MONEY_SIGNS}|{MONEY_WORDS})",
    re.IGNORECASE,
)
DATES = re.compile(
    r"\b\d{1,4}([./-])\d{1,2}\1\d{1,4}\b|\d{4}年|\d{1,2}月\d{1,2}日|\d{1,2}:\d{2}(?::\d{2})?"
)
ENDINGS = re.compile(
    r"(?:ending(?: in| with)?|ends? (?:in|with)|last (?:4|four) digits|尾号为?|尾號為?|末尾|末4位|"
    r"завершується на|оканчива\w+ на|endend auf|se terminant par|terminad[ao] en)\W{0,3}\d{3,6}|"
    r"[*•xX]{2,}[ -]?\d{3,6}",
    re.IGNORECASE,
)


def find_code(text: str) -> FoundCode | None:
    """The one-time code of a message, or None."""
    text = _plain_digits(text[:LONGEST_READ])
    bound = ORIGIN_BOUND.search(text)
    if bound:
        return FoundCode(bound[1], bound.start(1), bound.end(1))
    words = [match.span() for match in WORDS.finditer(text) if not _of_another_kind(text, match)]
    prefixed = PREFIXED.search(text)
    if not words and not (prefixed and prefixed[0].startswith("G-")):
        return None
    rest = _blotted(text)
    found = [
        (_distance(match.span(1), words), place, match)
        for place, pattern in enumerate((PREFIXED, HALVES, DIGITS, MIXED))
        for match in pattern.finditer(rest)
    ]
    near = [each for each in found if each[0] <= FAR]
    if not near:
        return None
    _, _, match = min(near, key=lambda each: (each[0] + _doubt(each[2][1]), each[1]))
    written = match[1]
    typed = written if any(map(str.isalpha, written)) else re.sub(r"[- ]", "", written)
    return FoundCode(typed, match.start(1), match.end(1))


def hide_code(text: str, found: FoundCode | None) -> str:
    """The text with dots in the code's place."""
    if found is None:
        return text
    return f"{text[: found.start]}{'•' * (found.end - found.start)}{text[found.end :]}"


def _plain_digits(text: str) -> str:
    """Digits of any script as 0 to 9, every sign in its place."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() and not sign.isascii() else sign
        for sign in text
    )


def _of_another_kind(text: str, word: re.Match[str]) -> bool:
    return bool(OTHER_CODES.search(text[max(0, word.start() - 14) : word.start()]))


def _blotted(text: str) -> str:
    for pattern in (LINKS, ENDINGS, TELEPHONES, AMOUNTS, DATES):
        text = pattern.sub(lambda match: " " * len(match[0]), text)
    return text


def _distance(code: tuple[int, int], words: list[tuple[int, int]]) -> int:
    """Signs between a code and the nearest word; behind the word is nearer than before it."""
    if not words:
        return 0
    return min(
        code[0] - end if end <= code[0] else (start - code[1]) * 2 if start >= code[1] else 0
        for start, end in words
    )


def _doubt(written: str) -> int:
    """Six digits are what most codes are; four could be a year."""
    digits = re.sub(r"[- ]", "", written)
    if len(digits) == SIX_DIGITS and digits.isdigit():
        return 0
    year = len(digits) == FOUR_DIGITS and digits[:2] in ("19", "20")
    return 40 if year else 6 if digits.isdigit() else 12
