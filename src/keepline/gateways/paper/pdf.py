"""Draws a sheet as PDF, A4; page.py has its letters.

Slow to import: whoever draws imports this then.
"""

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4

from keepline.core.lifeline import WHOLE, Piece, pieces, position

from .page import Page
from .sheet import Picture, Row, Sheet

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


def pdf_of(sheet: Sheet) -> bytes:
    """The same bytes for the same sheet."""
    out = BytesIO()
    page = Page(out, sheet.language)
    page.setTitle(f"Keepline {sheet.title}")
    page.setAuthor("Keepline")
    y = _head(page, sheet.title, sheet.dated)
    y = _rows(page, y - 30, sheet.facts)
    if sheet.picture:
        y = _lifeline(page, y - 34, sheet.picture)
    _rows(page, y - 34, sheet.amounts)
    _foot(page, sheet)
    page.showPage()
    page.save()
    return out.getvalue()


def _text(page: Page, x: float, y: float, text: str, size: float = 10, right: bool = False) -> None:
    page.setFont(page.face(text), size)
    (page.drawRightString if right else page.drawString)(x, y, text)


def _head(page: Page, title: str, date: str) -> float:
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


def _rows(page: Page, y: float, rows: Sequence[Row]) -> float:
    page.setLineWidth(0.6)
    page.setStrokeColor(EDGE)
    for name, value, strong in rows:
        page.setFillColor(INK if strong else SOFT)
        _text(page, LEFT, y, name, 11 if strong else 10)
        page.setFillColor(INK)
        page.setFont(page.face(value, bold=strong), 11 if strong else 10)
        page.drawRightString(RIGHT, y, value)
        page.line(LEFT, y - 7, RIGHT, y - 7)
        y -= LINE
    return y


def _lifeline(page: Page, y: float, picture: Picture) -> float:
    bar, scale = pieces(picture.lifeline), (RIGHT - LEFT) / WHOLE
    for piece in bar:
        _piece(page, y, piece, scale)
    page.setStrokeColor(INK)
    page.setLineWidth(1.4)
    now_x = LEFT + position(bar, picture.lifeline.now) * scale
    page.line(now_x, y - 4, now_x, y + 16)
    page.setFillColor(SOFT)
    last = len(picture.marks) - 1
    for place, text in enumerate(picture.marks):
        room = RIGHT - LEFT - page.stringWidth(text, page.face(text), 8)
        _text(page, LEFT + room * place / last, y - 16, text, 8)
    return y - 16


def _piece(page: Page, y: float, piece: Piece, scale: float) -> None:
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


def _foot(page: Page, sheet: Sheet) -> None:
    page.setFillColor(SOFT)
    y = 72.0
    for part in _wrapped(page, sheet.rule, 8.5, RIGHT - LEFT) if sheet.rule else ():
        _text(page, LEFT, y, part, 8.5)
        y -= 12
    _text(page, LEFT, y - 4, sheet.foot, 8)


def _wrapped(page: Page, text: str, size: float, width: float) -> Sequence[str]:
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
