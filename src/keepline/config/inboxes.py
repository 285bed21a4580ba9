"""The variables of received messages, of pages that hear of them, and of how much one may have."""

from dataclasses import dataclass, field

from keepline.config.identity import Identity
from keepline.config.values import address, count, long_secrets, port_number, variable


@dataclass(frozen=True, slots=True)
class Inboxes(Identity):
    """See docs/inbox.md."""

    message_keys: tuple[str, ...] = field(
        repr=False,
        metadata=variable(
            long_secrets,
            "",
            "Keys under which received messages are stored, parted by commas, 32 random characters "
            "or more each: the first encrypts, all of them decrypt. docs/inbox.md says how to "
            "change them.",
            "derived from `KEEPLINE_SECRET_KEY`",
        ),
    )
    code_senders_a_day: int = field(
        metadata=variable(
            count,
            "10",
            "A number that receives one-time codes from so many senders within a day is shown to "
            "staff, and logged; 0 for never.",
        )
    )
    lines_per_account: int = field(
        metadata=variable(
            count,
            "10",
            "How many lines an account may have before it can buy no more; `keepline line-cap` "
            "raises it for one account. 0 for no end.",
        )
    )
    live_port: int = field(
        metadata=variable(
            port_number,
            "",
            "Port of `keepline live`, which tells open pages of news.",
            "`KEEPLINE_PORT` + 4",
        )
    )
    live_url: str = field(
        metadata=variable(
            address("http", "https"),
            "",
            "Address under which browsers reach `keepline live`.",
            "production: `/live/` of `KEEPLINE_PUBLIC_URL`, which your proxy sends to "
            "`KEEPLINE_LIVE_PORT`; elsewhere `http://localhost:KEEPLINE_LIVE_PORT`",
        )
    )
