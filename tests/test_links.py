"""Every relative link of the project's pages leads somewhere, and every file they name is there."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {"node_modules", "build", "dist"}  # and hidden folders
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")
ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:", re.IGNORECASE)  # https:, mailto:
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAMED_FILE = re.compile(r"`((?:src|tests|docs|tools|bench)/[a-z0-9_./-]+)`")


def pages() -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in NOT_OURS)
        yield from (Path(folder) / name for name in sorted(files) if name.endswith(".md"))


PAGES = list(pages())
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as GitHub makes them."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+\s+(.+?)\s*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path, text: str) -> Iterator[str]:
    """The links of `text`, which stands on `page`, that lead nowhere."""
    for found in LINK.findall(FENCED.sub("", text)):
        target = found[0] or found[1]
        if ELSEWHERE.match(target):
            continue
        path, _, anchor = target.partition("#")
        goal = page.parent / path if path else page
        if not goal.exists() or (anchor and goal.suffix == ".md" and anchor not in anchors(goal)):
            yield target


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken(page, page.read_text(encoding="utf-8"))) == []


@each_page
def test_named_files_are_there(page: Path) -> None:
    named = NAMED_FILE.findall(page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_broken_link_would_be_seen() -> None:
    page = ROOT / "README.md"
    text = (
        '[a](docs/no.md) [b](README.md#no) <img src="no.png"> [c](docs/time.md#words)'
        " [d](https://example.com/no) [e](#next-steps)"
    )
    assert list(broken(page, text)) == ["docs/no.md", "README.md#no", "no.png"]
