"""The file of pools is read strictly, and every refusal says what to mend."""

import re
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.inventory.pool_file import LOW_DAYS, PoolRow, PoolsRefused, read_pools

GOOD = """
[[pool]]
code = "uk-mobile"
kind = "number"
carrier = "demo"
country = "GB"
ranges = ["447700900500-447700900999", "447700900000-447700900499"]
low_count = 50

[[pool]]
code = "esims"
kind = "profile"
iccid_prefixes = ["8944", "8949"]
imsi_prefixes = ["23433"]
"""


TWO_RANGES = """
code = "p"
kind = "number"
ranges = ["447700900000-447700900009", "447700900009-447700900020"]
"""


def read(tmp_path: Path, text: str) -> list[PoolRow]:
    path = tmp_path / "pools.toml"
    path.write_text(text, encoding="utf-8")
    return read_pools(path)


def test_a_good_file(tmp_path: Path) -> None:
    numbers, esims = read(tmp_path, GOOD)
    ranges = ((447700900000, 447700900499), (447700900500, 447700900999))
    assert numbers == PoolRow("uk-mobile", "number", "demo", "GB", ranges, (), (), 50, None)
    assert (esims.iccid_prefixes, esims.imsi_prefixes) == (("8944", "8949"), ("23433",))
    assert (esims.low_count, esims.low_days) == (None, LOW_DAYS)


def test_the_example_of_the_page_is_read(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "inventory.md"
    (example,) = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert [pool.code for pool in read(tmp_path, example)] == ["uk-mobile", "uk-esim"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('code = "Not a code"', "up to 40"),
        ('code = "p"\nkind = "sim"', "number, card or profile"),
        ('code = "p"\nkind = "number"\ncolour = "red"', "colour"),
        ('code = "p"\nkind = "number"\ncountry = "XX"', "ISO 3166"),
        ('code = "p"\nkind = "number"\ncarrier = 7', "carrier is a text"),
        ('code = "p"\nkind = "number"\nranges = ["1-2"]', "no range"),
        ('code = "p"\nkind = "number"\nranges = ["447700900009-447700900001"]', "no range"),
        ('code = "p"\nkind = "number"\nranges = ["44770090-447700900001"]', "no range"),
        ('code = "p"\nkind = "number"\nranges = "447700900000-447700900009"', "list of texts"),
        (
            TWO_RANGES,
            "two ranges have 447700900009",
        ),
        ('code = "p"\nkind = "number"\niccid_prefixes = ["89"]', "has no iccid_prefixes"),
        ('code = "p"\nkind = "card"\nranges = []', "has no ranges"),
        ('code = "p"\nkind = "card"\nimsi_prefixes = ["x"]', "digits"),
        ('code = "p"\nkind = "card"\nlow_count = -1', "whole number"),
        ('code = "p"\nkind = "card"\nlow_days = true', "whole number"),
        ('code = "p"\nkind = "card"\n[[pool]]\ncode = "p"\nkind = "card"', "twice"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(PoolsRefused, match=re.escape(says)):
        read(tmp_path, f"[[pool]]\n{line}\n")


@pytest.mark.parametrize("text", ["", "x = 1", "pool = 3", "pool = []", "[[pool]]\n[x]", "= ="])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PoolsRefused):
        read(tmp_path, text)
    with pytest.raises(PoolsRefused, match="cannot be read"):
        read_pools(tmp_path / "missing.toml")


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pools.toml"
        path.write_bytes(f"[[pool]]\n{text}".encode("utf-8", "surrogatepass"))
        with suppress(PoolsRefused):
            assert all(pool.kind for pool in read_pools(path))
