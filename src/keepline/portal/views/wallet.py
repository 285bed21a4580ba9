"""The wallet: balance, statement, top-up."""

import re
from datetime import datetime
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from keepline.core.money import DecimalMark, MoneyError, exponent, parse_decimal
from keepline.flows import top_up_wallet
from keepline.flows.errors import FlowRefused
from keepline.flows.show_wallet import Cursor, WalletView, show_wallet
from keepline.flows.top_up_wallet import TopUpRequest
from keepline.portal.caller import caller_of, mark_device
from keepline.portal.holder import Holder
from keepline.portal.views.gate import actor_of, for_holder, for_spender

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
SUGGESTED_UNITS = (10, 20, 50, 100)


@require_safe
@for_holder
def wallet(request: HttpRequest, holder: Holder) -> HttpResponse:
    """?currency=EUR is another wallet, ?before=INSTANT~ID an older page of the statement."""
    view = show_wallet(holder.account_id, holder.now, _currency(request), _cursor(request))
    return _page(request, view, str(uuid4()))


@require_POST
@for_spender
def top_up(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Starts a top-up and leads on to its checkout."""
    key = request.POST.get("key", "")
    view = show_wallet(holder.account_id, holder.now, _currency(request))
    if not KEY.fullmatch(key):
        return _page(request, view, str(uuid4()), FlowRefused("key_missing"))
    try:
        started = top_up_wallet.start(
            TopUpRequest(
                account_id=holder.account_id,
                amount_minor=_amount(request, view.balance.currency),
                currency=view.balance.currency,
                provider=request.POST.get("provider", ""),
                key=key,
                actor=actor_of(holder),
                channel="portal",
                caller=caller_of(request),
            ),
            holder.now,
        )
    except FlowRefused as refused:
        return _page(request, view, key, refused)
    return redirect("checkout" if started.needs_payment else "order", started.order_id)


def _amount(request: HttpRequest, currency: str) -> int:
    typed = request.POST.get("other", "").strip() or request.POST.get("amount", "")
    try:
        # Either mark may be the decimal one; 1,234 could be two amounts and is refused.
        mark: DecimalMark = "," if "," in typed and "." not in typed else "."
        return parse_decimal(typed, currency, mark).amount_minor
    except MoneyError as error:
        raise FlowRefused("amount_refused") from error


def _suggested(currency: str) -> list[tuple[int, int]]:
    """Amounts to choose from, in whole units and in minor units."""
    digits = exponent(currency)
    scale = 1 if digits else 100  # where one unit is little money
    return [(units * scale, units * scale * 10**digits) for units in SUGGESTED_UNITS]


def _page(
    request: HttpRequest, view: WalletView, key: str, refused: FlowRefused | None = None
) -> HttpResponse:
    context = {
        "view": view,
        "key": key,
        "refused": refused,
        "suggested": _suggested(view.balance.currency),
        "typed": request.POST.get("other", ""),
        "chosen": request.POST.get("amount", ""),
        "older": _written(view.next_cursor),
        "first_page": "before" not in request.GET,
        "section": "wallet",
    }
    status = refused.refusal.status if refused else 200
    return mark_device(request, render(request, "portal/wallet.html", context, status=status))


def _currency(request: HttpRequest) -> str | None:
    return request.GET.get("currency") or request.POST.get("currency") or None


def _written(cursor: Cursor | None) -> str:
    return f"{cursor[0].isoformat()}~{cursor[1]}" if cursor else ""


def _cursor(request: HttpRequest) -> Cursor | None:
    instant, _, row_id = request.GET.get("before", "").partition("~")
    try:
        at: datetime | None = parse_datetime(instant.replace(" ", "+"))
        return (at, UUID(row_id)) if at and at.tzinfo else None
    except ValueError:
        return None
