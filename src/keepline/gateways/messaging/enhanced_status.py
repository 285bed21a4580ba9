"""What a mail server's no is about, by its enhanced status code (RFC 3463; IANA's registry).

`5.1.1`: the first number says that it is final, the second what it is about, the third what
exactly.
"""

import re
from typing import Final

# Said of the mail, of who sent it or of how: the same address may take the next one.
#   5.1.7, 5.1.8   the sender's address
#   5.2.3          the mail is longer than this mailbox takes
#   5.3.3, 5.3.4   the mail wants more than this server can, or is too big for it
#   5.5.1 ...      what was said in the protocol; 5.5.0 is not among them: a large service says it
#                  of mailboxes that it does not have
#   5.6.x          what the mail contains
#   5.7.x          policy, a verdict on spam, SPF, DKIM, DMARC, our server's name
# But 5.7.17 and 5.7.18 (RFC 7293): mailbox or domain have another owner now.
OF_THE_MAIL: Final = re.compile(
    r"5\.(?:1\.[78]|2\.3|3\.[34]|5\.(?!0$)\d+|6\.\d+|7\.(?!1[78]$)\d+)", re.ASCII
)
AT_THE_START: Final = re.compile(r"\s*(5\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)


def blames_address(status: str) -> bool:
    """Whether a final no with this code would be said to any other mail for the same address.

    "": the server gave no such code.
    """
    return OF_THE_MAIL.fullmatch(status) is None


def status_of(said: str) -> str:
    """The code with which a server's words begin (RFC 2034); "" where they do not."""
    found = AT_THE_START.match(said)
    return found[1] if found else ""
