"""docs/errors.md: every refusal, of flows and of the API."""

from collections.abc import Mapping

from keepline.cli.pages.settled import settle_django
from keepline.flows.errors import CATALOGUE, Refusal

HEAD = """# Errors

What Keepline says when it refuses. A flow that refuses has changed nothing. The API answers with a
problem (RFC 9457) that carries `code`, `title`, `hint` and `retryable` as they stand here, in the
caller's language; the portal shows the same sentences. Programs should look at `code` alone: the
sentences may get better. This page is made by `keepline docs errors`.
"""


def page() -> str:
    """Two tables: what flows refuse, and what the API itself refuses."""
    settle_django()
    from keepline.api.problems import OF_THE_API

    return (
        HEAD
        + _table("Of the flows, at every entrance", CATALOGUE)
        + _table("Of the API alone", OF_THE_API)
    )


def _table(title: str, refusals: Mapping[str, Refusal]) -> str:
    rows = "".join(
        f"| `{code}` | {one.status} | {one.title} | {one.hint} | {'yes' * one.retryable} |\n"
        for code, one in sorted(refusals.items())
    )
    head = "| code | status | what it means | what to do | again? |\n|---|---|---|---|---|\n"
    return f"\n## {title}\n\n{head}{rows}"
