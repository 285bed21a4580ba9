"""The receipt as a file: a sheet in the reader's language and zone, drawn as PDF."""

from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from keepline.core import formats
from keepline.core.identifiers import format_msisdn
from keepline.core.lifeline import Lifeline
from keepline.flows.receipting import words
from keepline.flows.show_receipt import Receipt
from keepline.gateways.paper.sheet import Picture, Row, Sheet
from keepline.orders.models import OrderKind

CONTENT_TYPE = "application/pdf"


def filename_of(receipt: Receipt) -> str:
    """keepline-receipt-90210.pdf."""
    return f"keepline-receipt-{receipt.number}.pdf"


def pdf_of(receipt: Receipt, language: str, zone: str) -> bytes:
    """The receipt in `language`, its instants in the reader's `zone`; the same bytes each time."""
    from keepline.gateways.paper import pdf  # slow to import, and rarely wanted

    with translation.override(language):
        return pdf.pdf_of(sheet_of(receipt, language, zone))


def sheet_of(receipt: Receipt, language: str, zone: str) -> Sheet:
    """What stands on it; in the active language, which is `language`."""
    line = receipt.line
    return Sheet(
        language=language,
        title=_("Receipt %(number)s") % {"number": receipt.number},
        dated=formats.instant(receipt.ended_at, zone, language),
        facts=_facts(receipt, language),
        picture=_picture(line.lifeline, zone, language) if line and line.lifeline else None,
        amounts=_amounts(receipt, language),
        rule=words.grace_rule(line.policy.grace_rule) if line and receipt.plan_name else "",
        foot=f"{_('Order')} {receipt.order.id}",
    )


def _facts(receipt: Receipt, language: str) -> Sequence[Row]:
    order = receipt.order
    rows = [Row(_("Seller"), words.seller(order.seller)), Row(_("Holder"), receipt.holder)]
    if receipt.line:
        rows.append(Row(_("Line"), _name_of(receipt)))
    rows.append(Row(_("For"), _what(receipt)))
    if receipt.line and order.valid_until_after:
        zone = receipt.line.row.time_zone
        if order.valid_until_before:
            before = formats.instant(order.valid_until_before, zone, language)
            rows.append(Row(_("Valid until, before"), before))
        after = formats.instant(order.valid_until_after, zone, language)
        bought = order.kind == OrderKind.PURCHASE
        rows.append(Row(_("Valid until") if bought else _("Valid until, after"), after))
        rows.append(Row(_("Time zone") if bought else _("Time zone of these two"), zone))
    return rows


def _name_of(receipt: Receipt) -> str:
    assert receipt.line is not None
    row = receipt.line.row
    return format_msisdn(row.e164) if row.e164 else row.iccid or words.line_kind(row.kind)


def _what(receipt: Receipt) -> str:
    kind = words.order_kind(receipt.order.kind)
    return f"{kind}: {words.in_language(receipt.plan_name)}" if receipt.plan_name else kind


def _amounts(receipt: Receipt, language: str) -> Sequence[Row]:
    order = receipt.order

    def said(amount_minor: int) -> str:
        return formats.money(amount_minor, order.currency, language)

    rows = [Row(_what(receipt), said(order.subtotal_minor))]
    if order.discount_minor:
        rows.append(Row(_("Discount"), f"-{said(order.discount_minor)}"))
    if order.tax_minor or order.tax_country:
        rows.append(Row(_("Net"), said(order.net_minor)))
        rows.append(Row(words.tax_name(order), said(order.tax_minor)))
    rows.append(Row(_("Total"), said(order.total_minor), strong=True))
    if order.wallet_minor:
        rows.append(Row(_("From the wallet"), said(order.wallet_minor)))
    if order.payment_minor:
        rows.append(Row(_("At the checkout"), said(order.payment_minor)))
    if exchange := receipt.exchange:
        amount = formats.money(exchange.paid.amount_minor, exchange.paid.currency, language)
        rows.append(Row(_("Paid in another currency"), amount))
        rows.append(Row(_("Rate of exchange"), words.rate_of(exchange, order.currency)))
    return rows


def _picture(lifeline: Lifeline, zone: str, language: str) -> Picture:
    active = (_("Active until"), lifeline.preview_until or lifeline.valid_until)
    withdrawn = (_("Number withdrawn"), lifeline.withdrawn_at)
    lost = (_("Number lost"), lifeline.lost_at)
    closed = (_("Line closed"), lifeline.withdrawn_at)
    marks = (active, withdrawn, lost) if lifeline.has_number else (active, closed)
    return Picture(lifeline, [f"{name} {formats.day(at, zone, language)}" for name, at in marks])
