"""The shipped limits, and an operator's own over them."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from keepline.config import wiring
from keepline.config.environment import Environment
from keepline.config.errors import SettingsError
from keepline.core.money import exponent
from keepline.core.velocity import Rate, Sums
from keepline.gateways.payments.stripe.amounts import ZERO_DECIMAL
from keepline.payments import limits

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def own(folder: Path, text: str) -> Path:
    path = folder / "limits.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped() -> None:
    shipped = limits.shipped()
    assert shipped.address == (Rate(3, MINUTE), Rate(15, HOUR), Rate(60, DAY))
    assert (shipped.declines, shipped.hold) == (Rate(5, HOUR), DAY)
    assert limits.in_force() == shipped


@pytest.mark.parametrize("currency", ["HUF", "INR", "KRW", "THB", "TWD", "VND"])
def test_a_month_of_any_plan_can_be_paid_where_a_unit_is_little_money(currency: str) -> None:
    """Thirty euros' worth and more, without an entry of its own; and no fortune either."""
    euros = limits.shipped().worth[currency]
    smallest_sum = min(most for _span, most in limits.shipped().sums_minor(currency))
    assert smallest_sum == 500 * euros * 10 ** exponent(currency)


@pytest.mark.parametrize("currency", [*ZERO_DECIMAL.split(), "ISK", "UGX"])
def test_no_currency_without_a_smaller_unit_counts_its_own_as_a_euro(currency: str) -> None:
    assert exponent(currency) == 0
    assert limits.shipped().worth.get(currency, 1) > 100


def test_what_a_file_leaves_out_stays_as_shipped(tmp_path: Path) -> None:
    text = """
        attempts.address = "5/m, 3/10m"
        declines.hold_hours = 48
        [sums]
        EUR = { day = 100, week = 200, month = 300 }
        [review]
        first_payment = { default = 0, CNY = 700 }
    """
    tuned, shipped = limits.read(own(tmp_path, text)), limits.shipped()
    assert tuned.address == (Rate(5, MINUTE), Rate(3, 10 * MINUTE))
    assert (tuned.account, tuned.declines) == (shipped.account, shipped.declines)
    assert tuned.hold == 2 * DAY
    assert tuned.sums == {**shipped.sums, "EUR": Sums(100, 200, 300)}
    assert tuned.review == {**shipped.review, "default": 0, "CNY": 700}
    assert tuned.known_after == shipped.known_after == 7 * DAY
    assert limits.read(own(tmp_path, "review.known_after_days = 30")).known_after == 30 * DAY
    assert limits.read(own(tmp_path, "")) == shipped


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("attempt.address = '3/m'", "attempt is not one of attempts, declines, sums"),
        ("attempts = 3", "attempts is not one of"),
        ("attempts.addres = '3/m'", "attempts.addres is not known, only address, device"),
        ("attempts.address = 3", "attempts.address: counts in spans are written as"),
        ("attempts.address = ''", "attempts.address: counts in spans"),
        ("attempts.address = '3/m,'", "attempts.address: counts in spans"),
        ("attempts.address = '3/y'", "attempts.address: counts in spans"),
        ("attempts.address = '٣/m'", "attempts.address: counts in spans"),
        ("attempts.device = '0/m'", "attempts.device: a count is from 1"),
        ("attempts.method = '3/31d'", "attempts.method: a span is from"),
        ("declines.account = '5/h, 6/d'", "declines.account is one count"),
        ("declines.hold_hours = 1.5", "declines.hold_hours is not a whole number"),
        ("declines.hold_hours = true", "declines.hold_hours is not a whole number"),
        ("declines.hold_hours = -1", "a hold is from 0"),
        ("declines.hold_hours = 99999999999999999999", "a hold is from 0"),
        ("sums.EUROS = { day = 1, week = 1, month = 1 }", "sums.EUROS is no currency"),
        ("sums.EUR = { day = 1, week = 1 }", "sums.EUR needs day, week and month"),
        ("sums.EUR = 80", "sums.EUR needs day"),
        ("sums.EUR = { day = 1.5, week = 2, month = 2 }", "sums.EUR is not in whole units"),
        ("sums.EUR = { day = 9, week = 2, month = 2 }", "sums.EUR: a day is at least 1, a week"),
        ("review.first_payment = 200", "review.first_payment is not one of"),
        ("review.first_payment.EUROS = 2", "review.first_payment.EUROS is no currency"),
        ("review.first_payment.EUR = 2.5", "review.first_payment.EUR is not in whole units"),
        ("review.first_payment.EUR = -1", "review.first_payment is from 0"),
        ("review.known_after_days = true", "review.known_after_days is not a whole number"),
        ("review.known_after_days = 366", "review.known_after_days is from 0 to 365"),
        ("review.after_days = 7", "review.after_days is not known, only known_after_days"),
        ("worth.EUROS = 2", "worth.EUROS is no currency"),
        ("worth.HUF = 0", "worth is from 1 to 100000"),
        ("worth.HUF = '400'", "worth.HUF is not in whole units"),
        ("attempts.address =", "is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(text: str, says: str, tmp_path: Path) -> None:
    given = {"KEEPLINE_DATA": str(tmp_path), "KEEPLINE_PAYMENT_LIMITS": str(own(tmp_path, text))}
    with pytest.raises(SettingsError) as caught:
        Environment.read(given)
    sentence = str(caught.value)
    assert sentence.startswith("KEEPLINE_PAYMENT_LIMITS names limits that cannot be used: ")
    assert says in sentence
    assert sentence.endswith(".")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    given = {"KEEPLINE_DATA": str(tmp_path), "KEEPLINE_PAYMENT_LIMITS": str(tmp_path / "none")}
    with pytest.raises(SettingsError, match=r"KEEPLINE_PAYMENT_LIMITS .* cannot be read"):
        Environment.read(given)
    (tmp_path / "latin").write_bytes(b"# \xe9")
    with pytest.raises(SettingsError, match="is not TOML"):
        Environment.read({**given, "KEEPLINE_PAYMENT_LIMITS": str(tmp_path / "latin")})


def test_the_operators_file_is_put_in_force_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own(tmp_path, "attempts.address = '7/m'")
    given = {"KEEPLINE_DATA": str(tmp_path), "KEEPLINE_PAYMENT_LIMITS": str(path)}
    with monkeypatch.context() as patch:
        patch.setattr(settings, "ENV", Environment.read(given))
        wiring.connect()
        assert limits.in_force().address == (Rate(7, MINUTE),)
    wiring.connect()
    assert limits.in_force() == limits.shipped()
