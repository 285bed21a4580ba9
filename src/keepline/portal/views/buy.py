"""Buy a line: choose a family, a plan, a number; see the whole order, pay.

The client's key travels in the address from the first page on, as for a renewal: a reload keeps it,
a second click sends it again, and one key is one order.
"""

import re
from dataclasses import dataclass
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from keepline.core.identifiers import MsisdnError, parse_msisdn
from keepline.flows import buy_line
from keepline.flows.buy_line import PurchaseRequest
from keepline.flows.errors import FlowRefused
from keepline.flows.hold_number import hold_number_for
from keepline.flows.list_shop import KINDS, list_shop
from keepline.flows.show_purchase import Purchase, show_purchase
from keepline.portal.caller import mark_device
from keepline.portal.holder import Holder
from keepline.portal.views.gate import for_holder, for_spender
from keepline.portal.views.renew import KEY, MINOR, PAY, paid
from keepline.porting.ways_in import Brought

NUMBER = re.compile(r"[1-9][0-9]{5,14}")
COUNTRY = re.compile(r"[A-Z]{2}")
PAGE = re.compile(r"[0-9]{1,3}")
SIMS = ("profile", "card")
# What sends the buyer back to the numbers, because the one that was chosen is gone.
CHOOSE_AGAIN = ("number_taken", "none_free")


@require_safe
@for_holder
def shop(request: HttpRequest, holder: Holder) -> HttpResponse:
    """?kind=... and ?country=... show plans; without them the families."""
    kind, country = request.GET.get("kind", ""), request.GET.get("country", "")
    kind = kind if kind in KINDS else ""
    country = country if COUNTRY.fullmatch(country) else ""
    found = list_shop(holder.account_id, holder.now, kind, country)
    context = {"shop": found, "kind": kind, "country": country, "section": "lines"}
    return render(request, "portal/shop.html", context)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address, or the form, says of the purchase. Anything else is left aside."""

    plan_code: str
    key: str
    e164: int | None
    instead: int | None  # the number that the buyer puts down when another is chosen
    country: str
    page: int
    bring: bool = False  # the buyer has a number with another operator

    @property
    def put_down(self) -> int | None:
        """What is free again when another number is chosen."""
        return self.instead or self.e164

    @property
    def another(self) -> str:
        """Where another number is chosen."""
        return self.address(number=None, instead=self.put_down)

    @property
    def more(self) -> str:
        """The next few numbers."""
        return self.address(number=None, instead=self.put_down, page=self.page + 1)

    @property
    def bringing(self) -> str:
        """Where the buyer brings a number."""
        return self.address(number=None, bring="yes")

    @property
    def not_bringing(self) -> str:
        """Where one of ours is chosen after all."""
        return self.address(bring=None)

    def of_country(self, country: str) -> str:
        """Numbers of one country; "" for all."""
        return self.address(number=None, instead=self.put_down, country=country)

    def address(self, **changes: str | int | None) -> str:
        """The page with these and `changes`."""
        query = {"key": self.key, "number": self.e164, "country": self.country}
        query |= {"bring": "yes" if self.bring else None, **changes}
        said = urlencode({name: value for name, value in query.items() if value})
        return f"{reverse('buy', args=[self.plan_code])}?{said}"


def _asked(request: HttpRequest, plan_code: str) -> _Asked:
    given = request.POST if request.method == "POST" else request.GET
    key = given.get("key", "")
    country, page = given.get("country", ""), given.get("page", "")
    return _Asked(
        plan_code=plan_code,
        key=key if KEY.fullmatch(key) else "",
        e164=_number(given.get("number", "")),
        instead=_number(given.get("instead", "")),
        country=country if COUNTRY.fullmatch(country) else "",
        page=int(page) if PAGE.fullmatch(page) else 0,
        bring=given.get("bring") == "yes",
    )


def _number(text: str) -> int | None:
    return int(text) if NUMBER.fullmatch(text) else None


@require_http_methods(["GET", "HEAD", "POST"])
@for_spender
def buy(request: HttpRequest, holder: Holder, plan_code: str) -> HttpResponse:
    """?number=... is the one that is held for the buyer; without it there are some to choose."""
    asked = _asked(request, plan_code)
    if request.method == "POST":
        return _pay(request, holder, asked)
    if not asked.key:
        return redirect(asked.address(key=str(uuid4())))
    try:
        return _page(request, holder, asked)
    except FlowRefused as refused:
        if refused.code == "identity_needed" and holder.may_manage:
            return redirect(f"{reverse('identity')}?{urlencode({'plan': plan_code})}")
        raise


def _page(
    request: HttpRequest, holder: Holder, asked: _Asked, refused: FlowRefused | None = None
) -> HttpResponse:
    again = refused is not None and refused.code in CHOOSE_AGAIN
    e164 = None if again else asked.e164
    purchase = _purchase(holder, asked, e164)
    context = {
        "asked": asked,
        "places": [(code, asked.of_country(code)) for code in ("", *purchase.countries)],
        "purchase": purchase,
        "lost": bool(asked.e164 and purchase.kept is None and not refused),
        "refused": refused,
        "refused_link": _way_out(refused),
        "posted": request.POST,
        "sim": _sim(request, purchase),
        "carrier": _carrier(request, purchase),
        "promise_minutes": purchase.preview.offer.promise_seconds // 60,
        "section": "lines",
    }
    asked_for = purchase.preview.parts.number and not (asked.bring and purchase.bringable)
    choosing = asked_for and purchase.kept is None
    template = "portal/buy_number.html" if choosing or purchase.hindrance else "portal/buy.html"
    status = refused.refusal.status if refused else 200
    return mark_device(request, render(request, template, context, status=status))


def _purchase(holder: Holder, asked: _Asked, e164: int | None) -> Purchase:
    """Raises Http404 for a plan that is not on sale in the account's currency."""
    try:
        return show_purchase(
            holder.account_id,
            asked.plan_code,
            holder.now,
            e164,
            asked.country,
            asked.page,
            asked.bring,
        )
    except FlowRefused as no_plan:
        if no_plan.code != "plan_not_sold":
            raise
        raise Http404("no such plan on sale in this currency") from no_plan


def _brought(posted: QueryDict) -> Brought:
    """The number that comes along. Raises FlowRefused for what is none."""
    try:
        e164 = parse_msisdn(posted.get("brought", ""))
    except MsisdnError:
        raise FlowRefused("port_in_refused") from None
    return Brought(e164, posted.get("code", "").strip(), posted.get("holder", "").strip())


def _sim(request: HttpRequest, purchase: Purchase) -> str:
    """The kind of SIM that is ticked: as posted, else the first that is there."""
    stocked = [each.kind for each in purchase.sims if each.stocked]
    posted = request.POST.get("sim", "")
    return posted if posted in stocked else next(iter(stocked), "")


def _carrier(request: HttpRequest, purchase: Purchase) -> str:
    """The code of the carrier that is ticked, as posted; "" where any will do."""
    stocked = [each.carrier.code for each in purchase.carriers if each.stocked]
    posted = request.POST.get("carrier", "")
    return posted if posted in stocked else ""


def _way_out(refused: FlowRefused | None) -> tuple[str, str] | None:
    if refused is not None and refused.code in ("wallet_short", "payments_paused"):
        return reverse("wallet"), _("To the wallet")
    if refused is not None and refused.code == "key_reused":
        return reverse("shop"), _("Buy another line")
    return None


@require_POST
@for_spender
def choose_number(request: HttpRequest, holder: Holder, plan_code: str) -> HttpResponse:
    """Takes `chosen`, a number or "" for any; leads back to the order with it."""
    asked = _asked(request, plan_code)
    chosen = request.POST.get("chosen", "")
    if not asked.key or (chosen and not NUMBER.fullmatch(chosen)):
        return redirect(asked.address(key=asked.key or str(uuid4())))
    try:
        held = hold_number_for(
            holder.account_id,
            plan_code,
            int(chosen) if chosen else None,
            holder.now,
            instead_of=asked.put_down,
            country=asked.country,
        )
    except FlowRefused as refused:
        if refused.code == "plan_not_sold":
            raise Http404("no such plan on sale in this currency") from refused
        return _page(request, holder, asked, refused)
    return redirect(asked.address(number=held.e164))


def _pay(request: HttpRequest, holder: Holder, asked: _Asked) -> HttpResponse:
    posted = request.POST
    pay = PAY.fullmatch(posted.get("pay", ""))
    expected, sim = posted.get("expected_total_minor", ""), posted.get("sim", "")
    if not asked.key:
        return redirect(asked.address(key=str(uuid4())))
    if pay is None or not MINOR.fullmatch(expected):
        unreadable = FlowRefused("price_changed" if pay else "provider_unknown")
        return _page(request, holder, asked, unreadable)
    eid = posted.get("eid", "").strip() if sim == "profile" else ""
    currency = _purchase(holder, asked, asked.e164).preview.offer.currency
    try:
        wanted = PurchaseRequest(
            **paid(request, holder, pay, currency),
            plan_code=asked.plan_code,
            key=asked.key,
            e164=None if asked.bring else asked.e164,
            bring=_brought(posted) if asked.bring else None,
            sim=sim if sim in SIMS else None,  # type: ignore[arg-type]
            eid=eid or None,
            carrier=posted.get("carrier", "") or None,
            label=posted.get("label", ""),
        )
        started = buy_line.start(wanted, holder.now)
    except FlowRefused as refused:
        return _page(request, holder, asked, refused)
    return redirect("checkout" if started.needs_payment else "order", started.order_id)
