"""The pass in a letter that ends such letters without signing in: for one person and topic."""

from typing import Final

from django.core import signing

from keepline.core.telling import ESSENTIAL, Topic
from keepline.messages.preferences import user_of

SIGNER: Final = signing.Signer(salt="keepline.unsubscribe", sep=".")


def unsubscribe_pass(recipient: str, topic: Topic) -> str:
    """For an address in a letter; "" for recipients that are no people."""
    user_id = user_of(recipient)
    return "" if user_id is None else SIGNER.sign(f"{user_id}-{topic}")


def read_pass(text: str) -> tuple[int, Topic] | None:
    """Whose, and of which topic; None when it was not made here, or is of an essential topic."""
    try:
        user, _, topic = SIGNER.unsign(text).partition("-")
    except signing.BadSignature:
        return None
    if topic not in set(Topic) - ESSENTIAL:
        return None
    return int(user), Topic(topic)
