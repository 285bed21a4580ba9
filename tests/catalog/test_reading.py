"""A catalogue's policy: read whole, or refused with file and field named."""

from typing import Any

import pytest

from keepline.catalog.reading import (
    CatalogRefused,
    PlanFacts,
    preset_names,
    preset_text,
    read_catalog,
    read_policy,
)

FILE = """
[policy]
code = "test"
grace_days = 30
suspended_days = 60
reclaim_days = 120
quarantine_days = 180
grace_rule = "from_payment"
source = "https://law.example/numbers"
{more}

[[plans]]
code = "t-1m"
name = {{ en = "Month", zh-hans = "月" }}
term = "P1M"
prices = {{ USD = "3", JPY = "450" }}
"""


def policy(more: str = "", **changes: str) -> dict[str, Any]:
    """The policy of FILE with `more` in it and fields written otherwise."""
    text = FILE.format(more=more)
    for field, value in changes.items():
        line = next(line for line in text.splitlines() if line.startswith(f"{field} = "))
        text = text.replace(line, f"{field} = {value}" if value else "", 1)
    return read_catalog("test", text).policy


def test_what_is_left_out_is_as_usual() -> None:
    assert policy() == {
        "code": "test",
        "grace_days": 30,
        "suspended_days": 60,
        "reclaim_days": 120,
        "quarantine_days": 180,
        "grace_rule": "from_payment",
        "source": "https://law.example/numbers",
        "grace_service": "inbound",
        "notice_required": True,
        "retry_days": [-3, -2, -1, 0, 1, 3, 5, 7],
        "remind_before_expiry_days": [1, 3, 7, 14],
        "remind_after_expiry_days": [7],
        "remind_before_withdrawal_days": [1, 3, 7, 14],
        "reclaim_fee_minor": {},
        "number_change_fee_minor": {},
        "number_change_days": 30,
        "message_days": 30,
        "message_days_most": 90,
        "sim_swap_fee_minor": {},
        "carrier_switch_fee_minor": {},
        "carrier_switch_days": 7,
        "port_out_after_days": 7,
        "port_out_wait_hours": 24,
        "port_out_code_days": 30,
        "port_out_notice_hours": 24,
        "quiet_days": 30,
        "quiet_days_most": 180,
        "identity_check": "none",
    }


def test_what_is_said_is_taken() -> None:
    read = policy(
        'reclaim_fee = { USD = "2.50", JPY = "375" }\nretry_days = [1, -1, 0, 1]\n'
        'grace_service = "none"\nnotice_required = false\npromise_seconds = 120\n'
        "remind_after_expiry_days = []"
    )
    assert read["reclaim_fee_minor"] == {"USD": 250, "JPY": 375}
    assert read["retry_days"] == [-1, 0, 1]
    assert (read["grace_service"], read["notice_required"]) == ("none", False)
    assert (read["promise_seconds"], read["remind_after_expiry_days"]) == (120, [])


WRONG: list[tuple[str, str]] = [
    ("quarantine_dayz = 90", "unknown quarantine_dayz"),
    ("reclaim_fee = 3", "reclaim_fee is a table"),
    ('reclaim_fee = "3"', "reclaim_fee is a table"),
    ('reclaim_fee = { USD = "3" }', "reclaim_fee lacks JPY"),
    ('reclaim_fee = { JPY = "300" }', "reclaim_fee lacks USD"),
    ('reclaim_fee = { USD = "-3", JPY = "1" }', "reclaim_fee: price USD"),
    ('reclaim_fee = { USD = 3, JPY = "1" }', "reclaim_fee: price USD 3; write it as"),
    ('reclaim_fee = { USD = 2.5, JPY = "1" }', "reclaim_fee: price USD 2.5; write it as"),
    ('reclaim_fee = { USD = true, JPY = "1" }', "reclaim_fee: price USD True"),
    ('reclaim_fee = { USD = "3", JPY = "1.5" }', "price JPY '1.5' has too many decimals"),
    ('reclaim_fee = { USD = "NaN", JPY = "1" }', "reclaim_fee: price USD"),
    ('reclaim_fee = { USD = "1e3", JPY = "1" }', "reclaim_fee: price USD"),
    ('reclaim_fee = { USD = "Infinity", JPY = "1" }', "reclaim_fee: price USD"),
    ('reclaim_fee = { DOLLAR = "3", USD = "3", JPY = "1" }', "reclaim_fee: price DOLLAR"),
    ('identity_check = "always"', "identity_check is before_sale or none"),
    ("identity_check = true", "identity_check is before_sale or none"),
    ("quiet_days = -1", "quiet_days must be whole days"),
    ("quiet_days = true", "quiet_days must be whole days"),
    ("quiet_days_most = 30.5", "quiet_days_most must be whole days"),
    ("quiet_days = 31\nquiet_days_most = 30", "quiet_days is longer than quiet_days_most"),
    ("retry_days = 3", "retry_days are whole days"),
    ('retry_days = ["-3"]', "retry_days are whole days"),
    ("retry_days = [-3.5]", "retry_days are whole days"),
    ("retry_days = [true]", "retry_days are whole days"),
    ("retry_days = [-3661]", "retry_days are whole days"),
    ("remind_before_expiry_days = [0]", "remind_before_expiry_days are whole days, 1 or more"),
    ("remind_before_expiry_days = [-7]", "remind_before_expiry_days are whole days, 1 or more"),
    ("remind_after_expiry_days = [3661]", "remind_after_expiry_days are whole days"),
    ("remind_before_withdrawal_days = {}", "remind_before_withdrawal_days are whole days"),
    ('grace_service = "some"', "grace_service is full, inbound or none"),
    ("grace_service = []", "grace_service is full, inbound or none"),
    ('notice_required = "yes"', "notice_required is true or false"),
    ("notice_required = 1", "notice_required is true or false"),
    ("carrier_switch_days = -1", "carrier_switch_days must be whole days"),
    ('carrier_switch_fee = { USD = "1" }', "carrier_switch_fee lacks JPY"),
    ("promise_seconds = 0", "promise_seconds are whole seconds"),
    ("promise_seconds = -600", "promise_seconds are whole seconds"),
    ('promise_seconds = "600"', "promise_seconds are whole seconds"),
    ("promise_seconds = 6.5", "promise_seconds are whole seconds"),
]


@pytest.mark.parametrize(("more", "says"), WRONG, ids=[more for more, _ in WRONG])
def test_a_wrong_field_is_named(more: str, says: str) -> None:
    with pytest.raises(CatalogRefused, match="test, policy") as refused:
        policy(more)
    assert says in str(refused.value)


@pytest.mark.parametrize("field", ["grace_days", "suspended_days", "reclaim_days"])
@pytest.mark.parametrize("value", ["", "-1", "3.5", '"30"', "true", "3661", "[30]"])
def test_days_are_whole_days(field: str, value: str) -> None:
    with pytest.raises(CatalogRefused, match=f"test, policy: {field} must be whole days"):
        policy(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", ""),
        ("code", "7"),
        ("code", '"With Blanks"'),
        ("source", ""),
        ("source", "7"),
        ("source", '"a law"'),
        ("grace_rule", ""),
        ("grace_rule", '"whenever"'),
        ("grace_rule", "[]"),
    ],
)
def test_what_names_a_policy(field: str, value: str) -> None:
    with pytest.raises(CatalogRefused, match=f"test, policy: .*{field}"):
        policy(**{field: value})


def test_a_file_without_a_policy() -> None:
    for text in ("", 'policy = "test"', "policy = []"):
        with pytest.raises(CatalogRefused, match="policy"):
            read_catalog("test", text)


def test_a_window_longer_than_the_rest() -> None:
    with pytest.raises(CatalogRefused, match="reclaim_days is longer than quarantine_days"):
        policy(reclaim_days="181")


def test_below_what_the_law_asks_for() -> None:
    text = FILE.format(more="")
    assert read_policy("test", text, 180)["quarantine_days"] == 180
    with pytest.raises(CatalogRefused, match=r"is 180, below the legal 181 \(KEEPLINE_SHORT"):
        read_policy("test", text, 181)
    shorter = text.replace("reclaim_days = 120", "reclaim_days = 30")
    shorter = shorter.replace("quarantine_days = 180", "quarantine_days = 44")
    for asked in (0, 45):  # no setting goes below 47 CFR 52.15(f)
        with pytest.raises(CatalogRefused, match="is 44, below the legal 45"):
            read_policy("test", shorter, asked)


@pytest.mark.parametrize("name", preset_names())
def test_what_ships_says_everything_itself(name: str) -> None:
    """Nothing is left to defaults, and a number can be had back in every currency sold in."""
    file, text = read_catalog(name, preset_text(name)), preset_text(name)
    for field in (
        "retry_days",
        "remind_before_expiry_days",
        "remind_after_expiry_days",
        "remind_before_withdrawal_days",
        "grace_service",
        "reclaim_fee",
    ):
        assert f"\n{field} = " in text
    fee = file.policy["reclaim_fee_minor"]
    assert set(fee) == {currency for plan in file.plans for currency in plan.prices}
    assert all(minor > 0 for minor in fee.values())
    assert file.policy["reclaim_days"] > 0


CARRIERS = """
[[carriers]]
code = "one"
name = "One"
country = "TH"

[[carriers]]
code = "two"
name = "Two"
country = "TH"
"""


def plan_with(*said: str, name: str = "country_esim") -> PlanFacts:
    """The plan of FILE with these lines in it, and two carriers to choose from."""
    text = FILE.format(more="").replace('term = "P1M"', "\n".join(('term = "P1M"', *said)))
    (plan,) = read_catalog(name, text + CARRIERS).plans
    return plan


def test_one_carrier_several_or_none() -> None:
    assert plan_with().carriers == ()
    assert plan_with('carrier = "two"').carriers == ("two",)
    several = plan_with('carriers = ["two", "one"]', "keeps_profiles = true")
    assert (several.carriers, several.keeps_profiles) == (("two", "one"), True)
    assert not plan_with('carriers = ["two", "one"]').keeps_profiles


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ('carrier = "three"', "carrier three is not in the file"),
        ('carriers = ["one", "three"]', "carrier three is not in the file"),
        ('carriers = ["one"]', "carriers are two or more codes, each once"),
        ('carriers = ["one", "one"]', "carriers are two or more codes, each once"),
        ("carriers = []", "carriers are two or more codes, each once"),
        ('carriers = "one"', "carriers are two or more codes, each once"),
        ("carriers = [1, 2]", "carriers are two or more codes, each once"),
        ('carriers = ["one", "two"]\ncarrier = "one"', "it has carrier or carriers, not both"),
        ("keeps_profiles = 1", "keeps_profiles is true or false"),
        ("keeps_profiles = true", "keeps_profiles is for eSIMs with several carriers"),
        ('carrier = "one"\nkeeps_profiles = true', "is for eSIMs with several carriers"),
        ('region = "nowhere"', "region nowhere is not in the file"),
    ],
)
def test_carriers_that_cannot_be(said: str, says: str) -> None:
    with pytest.raises(CatalogRefused, match="country_esim, plan t-1m") as refused:
        plan_with(said)
    assert says in str(refused.value)


def test_a_bare_number_has_no_profiles_to_keep() -> None:
    with pytest.raises(CatalogRefused, match="keeps_profiles is for eSIMs"):
        plan_with('carriers = ["one", "two"]', "keeps_profiles = true", name="virtual_number")


def test_the_presets_that_say_so_have_several_carriers() -> None:
    """product.md: several behind a country eSIM, a keep-alive line that can switch."""
    for name in ("country_esim", "keep_alive", "local_data_sim"):
        plans = read_catalog(name, preset_text(name)).plans
        assert any(len(plan.carriers) > 1 and plan.keeps_profiles for plan in plans), name
