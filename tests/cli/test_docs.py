"""Pages made from the code stand as the code would make them."""

from pathlib import Path

import pytest

from keepline.cli.docs import PAGES, text_of

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_up_to_date(name: str) -> None:
    stands = (ROOT / PAGES[name][0]).read_text(encoding="utf-8")
    assert stands == text_of(name), "run `keepline docs`"
