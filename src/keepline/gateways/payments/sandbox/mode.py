"""The sandbox is for development, demonstration and tests: it must not exist in production."""

from collections.abc import Mapping


class SandboxForbidden(RuntimeError):
    """Raised at start, so that a production system never comes up with play money."""


def refuse_in_production(environ: Mapping[str, str]) -> None:
    """Raises SandboxForbidden when KEEPLINE_MODE says production."""
    if environ.get("KEEPLINE_MODE", "").strip().lower() == "production":
        raise SandboxForbidden(
            "The sandbox payment provider moves no real money and is refused in production. "
            "Remove it from the payment providers, or set KEEPLINE_MODE to demo or test."
        )
