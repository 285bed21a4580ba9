"""What a mail service tells of mails that came back, by signed HTTP (docs/messages.md)."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime

from keepline.gateways.signed import Signer
from keepline.gateways.told import NotReadable, optional_in, text_in, told_in

from .bounces import Bounce, bounce_of, read_bounce
from .return_path import token_in

LONGEST_MAIL, LONGEST_ADDRESS, LONGEST_STATUS, LONGEST_SAID = 250_000, 320, 12, 1_000


def read_bounced(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> Bounce | None:
    """None for what tells of no failure of ours. Raises NotBelieved, NotReadable."""
    kind, data = told_in(Signer(secrets).believed(headers, body, now).text)
    match kind:
        case "mail.returned":
            try:
                mail = b64decode(text_in(data, "mail", LONGEST_MAIL), validate=True)
            except ValueError:
                raise NotReadable("mail") from None
            return read_bounce(mail, optional_in(data, "to", LONGEST_ADDRESS))
        case "mail.bounced":
            token = token_in(text_in(data, "return_path", LONGEST_ADDRESS))
            status = text_in(data, "status", LONGEST_STATUS)
            said = optional_in(data, "said", LONGEST_SAID)
            return bounce_of(token, status, said) if token else None
        case _:
            return None
