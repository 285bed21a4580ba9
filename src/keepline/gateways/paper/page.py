"""The page that a sheet is drawn on: it knows in which face a text is set.

Helvetica shows Latin-1 only. Inter, in fonts/ and embedded into the PDF with the letters it needs,
shows Cyrillic as well. The rest (Chinese) is set in STSong-Light, one of the Adobe CID fonts that
every PDF reader brings along.
"""

from importlib.resources import as_file, files
from io import BytesIO
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

CJK: Final = "STSong-Light"
HELVETICA: Final = ("Helvetica", "Helvetica-Bold")
INTER: Final = ("Inter-Regular", "Inter-Bold")
CYRILLIC: Final = frozenset({"ru", "uk"})

pdfmetrics.registerFont(UnicodeCIDFont(CJK))
with as_file(files("keepline.gateways.paper") / "fonts") as folder:
    for name in INTER:
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))
LETTERS: Final = frozenset(map(chr, pdfmetrics.getFont(INTER[0]).face.charToGlyph))


class Page(Canvas):  # type: ignore[misc]  # it has no types
    """A page of A4. One in a Cyrillic language has Inter throughout, so that it is of one
    cut; others have it for the texts that need it, a name say."""

    def __init__(self, out: BytesIO, language: str) -> None:
        super().__init__(out, pagesize=A4, invariant=True)
        self._usual = INTER if language in CYRILLIC else HELVETICA

    def face(self, text: str, bold: bool = False) -> str:
        """The name of the face that has every letter of the text."""
        if self._usual is HELVETICA and _is_latin1(text):
            return HELVETICA[bold]
        return INTER[bold] if LETTERS.issuperset(text) else CJK


def _is_latin1(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
