"""`keepline payouts`: what a file must be, said in a sentence."""

from pathlib import Path

import pytest

from keepline.cli.payouts import COLUMNS, _read

HEAD = ",".join(COLUMNS) + "\n"


def read(folder: Path, text: str) -> list[tuple[str, int, int, bool]]:
    path = folder / "payouts.csv"
    path.write_text(text, encoding="utf-8")
    found = _read("sandbox", path)
    return [(p.reference, p.amount_minor, p.fee_minor, p.paid_on is None) for p in found]


def test_amounts_in_each_currencys_own_decimals(tmp_path: Path) -> None:
    rows = (
        "a,EUR,970.25,29.75,2026-03-09,2026-03-11\n"
        "b,JPY,1000,30,2026-03-09,\n"
        "c,KWD,-1.005,0.010,2026-03-09,\n"
    )
    assert read(tmp_path, "\ufeff" + HEAD + rows) == [
        ("a", 97025, 2975, False),
        ("b", 1000, 30, True),
        ("c", -1005, 10, True),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The first line must be"),
        ("reference,amount\n", "The first line must be"),
        (HEAD + "a,EUR,9,0,2026-03-09\n", "Line 2"),
        (HEAD + "a,EUR,9.9951,0,2026-03-09,\n", "Line 2 cannot be read: too_precise"),
        (HEAD + "a,XXQ,9,0,2026-03-09,\n", "unknown_currency"),
        (HEAD + "a,EUR,9,0,09.03.2026,\n", "Line 2"),
        (HEAD + ",EUR,9,0,2026-03-09,\n", "no reference"),
        (HEAD + "a,EUR,9,0,2026-03-09,\na,EUR,9,0,2026-03-09,\n", "twice"),
    ],
)
def test_what_cannot_be_read(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=says):
        read(tmp_path, text)
