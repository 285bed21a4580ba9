"""What of an address may be shown, so that its owner knows it and nobody else learns it."""


def masked(email: str) -> str:
    """a***@example.com; nothing of a text that is no address."""
    local, at, domain = email.partition("@")
    return f"{local[0]}***@{domain}" if at and local else ""
