"""docs/api/openapi.json."""

from keepline.cli.pages.settled import settle_django


def page() -> str:
    """The document that GET /v1/openapi.json serves."""
    settle_django()
    from keepline.api.openapi import document_text

    return document_text()
