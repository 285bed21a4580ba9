"""Examples for the OpenAPI document, by shape (tests/api/test_openapi.py holds them to it)."""

from typing import Any

from keepline.core.activation import ANDROID_LINK, IOS_LINK

LINE_ID = "019cd7b2-1c00-7042-8a11-5b1d9a3fe0c4"
ORDER_ID = "019cd7b8-7d2e-7042-9c55-0e6b8f1d2a37"


def _eur(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "EUR"}


_PRICE = {
    "subtotal": _eur(399),
    "discount": _eur(0),
    "net": _eur(335),
    "tax": _eur(64),
    "tax_rate_ppm": 190_000,
    "tax_inclusive": True,
    "tax_country": "DE",
    "total": _eur(399),
    "from_wallet": _eur(399),
    "from_provider": _eur(0),
}
_NOTHING = {"data_bytes": 0, "voice_seconds": 0, "sms_count": 0}
_ORDER = {
    "id": ORDER_ID,
    "kind": "renewal",
    "state": "completed",
    "line_id": LINE_ID,
    "plan_code": "keep-1m",
    "price": _PRICE,
    "exchange": None,
    "valid_until_before": "2026-03-20T12:00:00Z",
    "valid_until_after": "2026-04-20T11:00:00Z",
    "buckets_before": _NOTHING,
    "buckets_after": _NOTHING,
    "accepted_at": "2026-03-10T12:00:00Z",
    "settled_at": "2026-03-10T12:00:00Z",
    "promise_until": None,
    "completed_at": "2026-03-10T12:00:00Z",
    "failure_code": None,
    "checkout_url": None,
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "SignIn": {
        "login": "alice@example.com",
        "password": "a calm and long passphrase",
        "code": "123456",
        "name": "night job",
        "valid_days": 90,
    },
    "Token": {
        "id": 7,
        "token": "kl_3q2-7wEXAMPLE",
        "token_type": "Bearer",
        "name": "night job",
        "account_id": "019c0f00-0000-7042-8000-5b1d9a3fe0c4",
        "expires_at": "2026-06-08T12:00:00Z",
    },
    "WhatToRenew": {"plan_code": "keep-1m", "use_wallet": "part"},
    "Renewal": {"plan_code": "keep-1m", "use_wallet": "only", "expected_total": _eur(399)},
    "WhatToBuy": {"plan_code": "keep-1m", "use_wallet": "only"},
    "NewLine": {
        "plan_code": "keep-1m",
        "use_wallet": "only",
        "msisdn": "+447700900601",
        "sim": "esim",
        "label": "Two-step codes",
        "expected_total": _eur(399),
    },
    "LinePreview": {
        "plan_code": "keep-1m",
        "term": "P1M",
        "needs_number": True,
        "sims": ["esim", "card"],
        "price": _PRICE,
        "wallet_free": _eur(1000),
        "period_start": "2026-03-10T12:00:00Z",
        "valid_until_after": "2026-04-10T11:00:00Z",
        "service": _NOTHING,
        "delivery": "network",
        "promise_seconds": 600,
        "providers": ["sandbox"],
        "exchanges": [],
    },
    "FreeNumbers": {
        "plan_code": "keep-1m",
        "items": [
            {"msisdn": "+447700900601", "country": "GB", "unused_since": "2025-11-02T09:30:00Z"}
        ],
    },
    "AutoRenewChange": {"enabled": True, "plan_code": "keep-1m", "lead_days": 3},
    "NumberReclaim": {"expected_fee": _eur(490)},
    "CarrierSwitch": {"carrier": "true-th", "sim": "esim", "expected_fee": _eur(180)},
    "TopUp": {"amount": _eur(2000), "provider": "sandbox"},
    "Esim": {
        "line_id": LINE_ID,
        "iccid": "8944920000000000017",
        "stage": "ready",
        "profile_state": "released",
        "eid": None,
        "reissues_left": 2,
        "steps": [
            {"kind": "ordered", "at": "2026-03-20T12:00:00Z"},
            {"kind": "released", "at": "2026-03-20T12:00:08Z"},
        ],
        "activation_code": {
            "text": "LPA:1$smdp.example.com$K7Q2-M4XA-EXAMPLE",
            "smdp_address": "smdp.example.com",
            "matching_id": "K7Q2-M4XA-EXAMPLE",
            "confirmation_code_required": False,
            "install_links": {
                "ios": f"{IOS_LINK}LPA:1$smdp.example.com$K7Q2-M4XA-EXAMPLE",
                "android": f"{ANDROID_LINK}LPA:1$smdp.example.com$K7Q2-M4XA-EXAMPLE",
            },
        },
    },
    "Preview": {
        "line_id": LINE_ID,
        "plan_code": "keep-1m",
        "term": "P1M",
        "time_zone": "Europe/Berlin",
        "price": _PRICE,
        "wallet_free": _eur(1000),
        "period_start": "2026-03-20T12:00:00Z",
        "valid_until_before": "2026-03-20T12:00:00Z",
        "valid_until_after": "2026-04-20T11:00:00Z",
        "buckets_before": _NOTHING,
        "buckets_after": _NOTHING,
        "delivery": "ledger",
        "promise_seconds": 600,
        "providers": ["sandbox"],
        "exchanges": [],
    },
    "Order": _ORDER,
    "OrderDetail": {
        **_ORDER,
        "stage": "done",
        "resting": True,
        "steps": [
            {"kind": "ordered", "state": "done", "at": "2026-03-10T12:00:00Z"},
            {"kind": "paid", "state": "done", "at": "2026-03-10T12:00:00Z"},
            {"kind": "extended", "state": "done", "at": "2026-03-10T12:00:00Z"},
        ],
        "taken": _eur(399),
        "receipt_number": 1042,
        "time_zone": "Europe/Berlin",
        "network_outcome": "unchanged",
        "number_comes_at": None,
        "cancellation": None,
        "number_goes_back": None,
    },
    "Wallet": {
        "currency": "EUR",
        "purpose": "cash",
        "balance": _eur(1000),
        "held": _eur(0),
        "free": _eur(1000),
    },
}
