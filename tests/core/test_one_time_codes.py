"""One-time codes in the texts of services, in many languages; and what is none."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.one_time_codes import FoundCode, find_code, hide_code

SAID = [
    ("Your verification code is 582914", "582914"),
    ("G-123456 is your Google verification code.", "123456"),
    ("Your WhatsApp code: 123-456\n\nOr tap: v.whatsapp.com/654321", "123456"),
    ("<#> Your ExampleApp code is 123ABC78\nFA+9qCX9VSu", "123ABC78"),
    ("https://login.example.com/ is waiting\n\n@example.com #747723", "747723"),
    ("Steam Guard code: R4X7K", "R4X7K"),
    ("[TikTok] 391023 is your verification code, valid for 5 minutes.", "391023"),
    ("123456 is your OTP for card ending 9876. Valid till 10:45", "123456"),
    ("Don't share this code with anyone. 3391 is your Uber code", "3391"),
    ("Your code 2024 9912 expires on 12.05.2026", "20249912"),
    ("You pay EUR 1250.00 at Shop. TAN 550112", "550112"),
    ("Balance 1234 UAH. PIN 5566", "5566"),
    ("Call +44 20 7946 0958 for help. Your code: 77120", "77120"),
    ("【微信】验证码123456,请勿泄露给他人。", "123456"),
    ("【支付宝】您尾号8888的卡消费50.00元,验证码 6621", "6621"),
    ("您的动态密码是:883920,5分钟内有效。客服电话95588", "883920"),
    ("您正在登录,校验码:9921。", "9921"),
    ("【淘宝网】2026年3月10日,您的驗證碼為 4471,請勿告訴他人", "4471"),
    ("認証コード:482913(有効期限10分)", "482913"),
    ("[네이버] 인증번호 [482913]를 입력해 주세요.", "482913"),
    ("Ваш код підтвердження: 4821", "4821"),
    ("Никому не говорите код: 90210. Сумма 1500 руб", "90210"),
    ("Ihr Sicherheitscode lautet 0815", "0815"),
    ("Votre code de validation : 456789", "456789"),
    ("Tu código de verificación es 1234", "1234"),
    ("O seu código é 889900. Não partilhe.", "889900"),
    ("Il tuo codice e 99281", "99281"),
    ("Twój kod to 665544", "665544"),
    ("Doğrulama kodunuz: 903214", "903214"),
    ("Mã xác thực của bạn là 778899", "778899"),
    ("รหัส OTP ของคุณคือ 445566 (Ref: ABCD)", "445566"),
    ("आपका ओटीपी १२३४५६ है", "123456"),
    ("رمز التحقق الخاص بك هو ٥٨٢٩١٤", "582914"),
    ("קוד האימות שלך: 339911", "339911"),
    ("Ο κωδικός σας είναι 112233", "112233"),
]
SILENT = [
    "",
    "Happy birthday! See you at 1800",
    "Your order 123456 has shipped",
    "You paid $1234 at shop on 2026-03-10",
    "Use promo code 20262026 at the till",
    "Call +44 20 7946 0958 for your code",
    "Your zip code 90210 was changed",
    "Balance: 120000 UAH, code of conduct applies",
    "Your code expires at 10:45 on 12.05.2026",
    "尾号8888的卡消费1234元",
    "您的包裹已到,取件请拨打13800138000",
    "Password changed. Card ending in 4242 was used",
]


@pytest.mark.parametrize(("text", "code"), SAID, ids=[text[:24] for text, _ in SAID])
def test_the_code_is_found_and_hidden(text: str, code: str) -> None:
    found = find_code(text)
    assert found is not None
    assert found.code == code
    hidden = hide_code(text, found)
    assert len(hidden) == len(text)
    assert text[found.start : found.end] not in hidden
    assert code not in repr(found)


@pytest.mark.parametrize("text", SILENT)
def test_nothing_else_is_taken_for_one(text: str) -> None:
    assert find_code(text) is None
    assert hide_code(text, None) == text


TEMPLATES = [
    "Your code is {}.",
    "{} is your verification code",
    "【某某】验证码{},请勿泄露",
    "Код підтвердження {}",
    "認証コード:{}",
    "Your one-time password: {} (valid 10 min)",
]


@given(st.sampled_from(TEMPLATES), st.text(alphabet=string.digits, min_size=6, max_size=6))
def test_any_six_digits(template: str, digits: str) -> None:
    found = find_code(template.format(digits))
    assert found is not None
    assert found.code == digits


@given(st.text(max_size=400))
def test_any_text_at_all(text: str) -> None:
    """It never fails, and what it finds stands in the text."""
    found = find_code(text)
    if found is not None:
        assert 0 <= found.start < found.end <= len(text)
        assert len(found.code) >= 4
        assert hide_code(text, found).count("•") >= found.end - found.start


@given(st.text(alphabet=string.ascii_letters + " 验证码код", max_size=200))
def test_no_digits_no_code(text: str) -> None:
    assert find_code(text) is None


@pytest.mark.parametrize("sign", ["1", "1 ", "code ", "A1-", "+1 ", "$1,", "* ", "(1"])
def test_a_long_text_takes_no_time(sign: str) -> None:
    """Nobody can keep a gateway busy with a message: far below a second for each."""
    import time

    began_s = time.perf_counter()
    find_code("code " + sign * 10_000)
    assert time.perf_counter() - began_s < 0.25


def test_halves_are_typed_as_one() -> None:
    assert find_code("code 123-456") == FoundCode("123456", 5, 12)
