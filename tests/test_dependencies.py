"""Every dependency has its line in docs/decisions/dependencies.md, every line its dependency."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([^`]+)` \|(.+)\|(.+)\|(.+)\|$", re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements: list[str]) -> set[str]:
    """The packages' names, without extras and versions."""
    return {re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0] for each in requirements}


def rows(heading: str) -> dict[str, tuple[str, ...]]:
    """Package to its three cells, of the table under one heading."""
    part = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return {name: tuple(cell.strip() for cell in cells) for name, *cells in ROW.findall(part)}


@pytest.mark.parametrize(
    ("heading", "requirements"),
    [
        ("At run time", PROJECT["project"]["dependencies"]),
        (
            "With a payment provider",
            [
                each
                for extra in PROJECT["project"]["optional-dependencies"].values()
                for each in extra
            ],
        ),
        ("For development", PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_each_dependency_has_its_line(heading: str, requirements: list[str]) -> None:
    told = rows(heading)
    assert set(told) == names(requirements)
    assert all(all(cells) for cells in told.values()), "a cell is empty"
