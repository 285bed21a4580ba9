"""Draws a receipt as PDF, A4, with the lifeline. See receipt_sheet for its letters."""

from collections.abc import Sequence
from io import BytesIO

from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4

from keepline.core import formats
from keepline.core.lifeline import WHOLE, Lifeline, Piece, pieces, position
from keepline.flows.show_order import OrderView
from keepline.portal.receipt_sheet import Sheet
from keepline.portal.templatetags import words
from keepline.portal.templatetags.formats import in_language, phone

LINE = 22.0
LEFT, RIGHT, TOP = 56.0, A4[0] - 56, A4[1] - 72
INK, SOFT, EDGE = HexColor("#15201f"), HexColor("#54615f"), HexColor("#dbe2e0")
ACCENT = HexColor("#0b6158")
PIECES = {
    "past": HexColor("#a3c7c1"),
    "active": HexColor("#0b7568"),
    "added": HexColor("#5fb3a8"),
    "grace": HexColor("#b87503"),
    "suspended": HexColor("#b0502c"),
    "quarantine": HexColor("#75809a"),
}
# Strokes through a piece, so that the pieces differ on a grey printer too: distance in points.
HATCHING = {"added": 9, "grace": 6, "suspended": 4, "quarantine": 2.5}

Row = tuple[str, str]


def receipt_pdf(view: OrderView, language: str, zone: str) -> bytes:
    """The receipt of a completed order in `language`, its instants in the holder's `zone`."""
    out = BytesIO()
    page = Sheet(out, language)
    number = view.order.receipt_number
    title = _("Receipt %(number)s") % {"number": number}
    page.setTitle(f"Keepline {title}")
    page.setAuthor("Keepline")
    ended_at = view.order.completed_at or view.order.accepted_at
    y = _head(page, title, formats.instant(ended_at, zone, language))
    y = _rows(page, y - 30, _facts(view, language))
    if view.lifeline:
        y = _lifeline(page, y - 34, view.lifeline, zone, language)
    y = _rows(page, y - 34, _amounts(view, language))
    _foot(page, view)
    page.showPage()
    page.save()
    return out.getvalue()


def _facts(view: OrderView, language: str) -> Sequence[Row]:
    order, line = view.order, view.line
    rows = [
        (_("Seller"), words.seller(order.seller)),
        (_("Holder"), view.account.name),
        (_("For"), _what(view)),
    ]
    if line:
        rows.insert(2, (_("Line"), phone(line.e164) or line.iccid or words.line_kind(line.kind)))
    if line and order.valid_until_after:
        zone = line.time_zone
        if order.valid_until_before:
            before = formats.instant(order.valid_until_before, zone, language)
            rows.append((_("Valid until, before"), before))
        after = formats.instant(order.valid_until_after, zone, language)
        bought = order.kind == "purchase"
        rows.append((_("Valid until") if bought else _("Valid until, after"), after))
        rows.append((_("Time zone") if bought else _("Time zone of these two"), zone))
    return rows


def _what(view: OrderView) -> str:
    kind = words.order_kind(view.order.kind)
    return f"{kind}: {in_language(view.plan.name)}" if view.plan else kind


def _amounts(view: OrderView, language: str) -> Sequence[Row]:
    order = view.order

    def said(amount_minor: int) -> str:
        return formats.money(amount_minor, order.currency, language)

    rows = [(_what(view), said(order.subtotal_minor))]
    if order.discount_minor:
        rows.append((_("Discount"), f"-{said(order.discount_minor)}"))
    if order.tax_minor or order.tax_country:
        rows.append((_("Net"), said(order.net_minor)))
        rows.append((words.tax_name(order), said(order.tax_minor)))
    rows.append((_("Total"), said(order.total_minor)))
    if order.wallet_minor:
        rows.append((_("From the wallet"), said(order.wallet_minor)))
    if order.payment_minor:
        rows.append((_("At the checkout"), said(order.payment_minor)))
    if view.exchange:
        paid = view.exchange.paid
        amount = formats.money(paid.amount_minor, paid.currency, language)
        rows.append((_("Paid in another currency"), amount))
        rows.append((_("Rate of exchange"), words.rate_of(view.exchange, order.currency)))
    return rows


def _text(
    page: Sheet, x: float, y: float, text: str, size: float = 10, right: bool = False
) -> None:
    page.setFont(page.face(text), size)
    (page.drawRightString if right else page.drawString)(x, y, text)


def _head(page: Sheet, title: str, date: str) -> float:
    page.setFillColor(ACCENT)
    page.roundRect(LEFT, TOP - 4, 17, 17, 4.5, stroke=0, fill=1)
    page.setStrokeColor(HexColor("#ffffff"))
    page.setLineWidth(2.6)
    page.setLineCap(1)
    page.line(LEFT + 4, TOP + 4.5, LEFT + 8.5, TOP + 4.5)
    page.setLineWidth(1.8)
    page.line(LEFT + 12.2, TOP + 4.5, LEFT + 13, TOP + 4.5)
    page.setLineCap(0)
    page.setFillColor(INK)
    page.setFont(page.face("Keepline", bold=True), 13)
    page.drawString(LEFT + 24, TOP, "Keepline")
    _text(page, LEFT, TOP - 48, title, 20)
    page.setFillColor(SOFT)
    _text(page, LEFT, TOP - 66, date, 10)
    return float(TOP - 66)


def _rows(page: Sheet, y: float, rows: Sequence[Row]) -> float:
    page.setLineWidth(0.6)
    page.setStrokeColor(EDGE)
    total = _("Total")
    for name, value in rows:
        strong = name == total
        page.setFillColor(INK if strong else SOFT)
        _text(page, LEFT, y, name, 11 if strong else 10)
        page.setFillColor(INK)
        page.setFont(page.face(value, bold=strong), 11 if strong else 10)
        page.drawRightString(RIGHT, y, value)
        page.line(LEFT, y - 7, RIGHT, y - 7)
        y -= LINE
    return y


def _lifeline(page: Sheet, y: float, line: Lifeline, zone: str, language: str) -> float:
    bar, scale = pieces(line), (RIGHT - LEFT) / WHOLE
    for piece in bar:
        _piece(page, y, piece, scale)
    page.setStrokeColor(INK)
    page.setLineWidth(1.4)
    now_x = LEFT + position(bar, line.now) * scale
    page.line(now_x, y - 4, now_x, y + 16)
    page.setFillColor(SOFT)
    valid_until = line.preview_until or line.valid_until
    marks = (
        (_("Active until"), valid_until),
        (_("Number withdrawn"), line.withdrawn_at),
        (_("Number lost"), line.lost_at),
    )
    step = (RIGHT - LEFT) / 2
    for place, (name, at) in enumerate(marks):
        text = f"{name} {formats.day(at, zone, language)}"
        width = page.stringWidth(text, page.face(text), 8)
        x = LEFT + step * place - width * place / 2
        _text(page, x, y - 16, text, 8)
    return y - 16


def _piece(page: Sheet, y: float, piece: Piece, scale: float) -> None:
    x, width = LEFT + piece.x * scale, piece.width * scale
    page.setFillColor(PIECES[piece.kind])
    page.rect(x, y, width - 1, 12, stroke=0, fill=1)
    distance = HATCHING.get(piece.kind)
    if distance:
        page.setStrokeColor(HexColor("#ffffff"))
        page.setLineWidth(0.7)
        at = x + distance
        while at < x + width - 2:
            page.line(at, y, at, y + 12)
            at += distance


def _foot(page: Sheet, view: OrderView) -> None:
    page.setFillColor(SOFT)
    y = 72.0
    if view.line and view.plan:
        rule = words.grace_rule(view.line.grace_rule)
        for part in _wrapped(page, rule, 8.5, RIGHT - LEFT):
            _text(page, LEFT, y, part, 8.5)
            y -= 12
    _text(page, LEFT, y - 4, f"{_('Order')} {view.order.id}", 8)


def _wrapped(page: Sheet, text: str, size: float, width: float) -> Sequence[str]:
    """Breaks at spaces, or anywhere in a script that has none."""
    face, parts, current = page.face(text), [], ""
    units = text.split(" ") if " " in text.strip() else list(text)
    glue = " " if " " in text.strip() else ""
    for unit in units:
        longer = f"{current}{glue}{unit}" if current else unit
        if page.stringWidth(longer, face, size) > width and current:
            parts.append(current)
            current = unit
        else:
            current = longer
    return [*parts, current]
