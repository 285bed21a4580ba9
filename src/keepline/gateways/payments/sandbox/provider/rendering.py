"""How the provider's pages are made: no script, no cookie, no session, four languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from .words import LANGUAGES, WORDS, language_of

TEMPLATES: Final = Environment(
    loader=PackageLoader(__package__, "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Words:
    """Looks words up and fills them in."""

    language: str
    filling: Mapping[str, str | int]

    def __call__(self, name: str) -> str:
        """The sentence `name`; KeyError if there is none."""
        return WORDS[self.language][name].format(**self.filling)


def rendered(
    request: Request,
    template: str,
    status: int = 200,
    *,
    language: str = "",
    filling: Mapping[str, str | int] | None = None,
    sellers: Sequence[str] = (),
    **facts: Any,
) -> Response:
    """A page. `sellers` are addresses that a form of it may lead back to."""
    wish = request.query_params.get("lang")
    spoken = language or language_of(wish)
    filled = {"seller": "", "amount": "", "minutes": 0, **(filling or {})}
    html = TEMPLATES.get_template(template).render(
        w=Words(spoken, filled),
        language=spoken,
        languages=LANGUAGES,
        path=request.url.path,
        lang_query=asked_language(request),
        filling=filled,
        **facts,
    )
    return HTMLResponse(html, status, headers={"content-security-policy": _policy(sellers)})


def _policy(sellers: Sequence[str]) -> str:
    """Own style sheet and pictures only; a form may lead here and back to the seller.

    Browsers hold the redirect that follows a form to form-action as well.
    """
    targets = {"'self'"}
    for address in sellers:
        parts = urlsplit(address)
        targets.add(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {' '.join(sorted(targets))}"
    )


def with_query(address: str, **added: str) -> str:
    """The seller's address with these added to its query: payment=<id>."""
    parts = urlsplit(address)
    query = "&".join(filter(None, (parts.query, urlencode(added))))
    return urlunsplit(parts._replace(query=query))


def asked_language(request: Request) -> str:
    """The query that keeps the language which the payer chose on a page."""
    wish = request.query_params.get("lang")
    return f"?lang={language_of(wish)}" if wish else ""
