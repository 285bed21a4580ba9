"""The variables of identity checks."""

from dataclasses import dataclass, field

from keepline.config.channels import Channels
from keepline.config.values import (
    bridge_address,
    count,
    long_secret,
    port_number,
    return_addresses,
    variable,
    webhook_secrets,
)


@dataclass(frozen=True, slots=True)
class Identity(Channels):
    """See docs/identity.md."""

    identity_url: str = field(
        metadata=variable(
            bridge_address,
            "",
            "Address of the bridge to your identity provider; with it, holders can show who they "
            "are. docs/gateways/identity.md says how.",
            "no identity check",
        )
    )
    identity_key: str = field(
        repr=False,
        metadata=variable(
            long_secret,
            "",
            "Your key at that bridge; 32 or more random characters.",
            "no identity check",
        ),
    )
    identity_secrets: tuple[str, ...] = field(
        repr=False,
        metadata=variable(
            webhook_secrets,
            "",
            "Secrets by which the bridge signs what it tells by itself, parted by commas, "
            "`whsec_...` each; all are believed.",
            "no identity check",
        ),
    )
    identity_port: int = field(
        metadata=variable(
            port_number, "", "Port of the fake identity provider (demo).", "`KEEPLINE_PORT` + 5"
        )
    )
    identity_return_urls: tuple[str, ...] = field(
        metadata=variable(
            return_addresses,
            "",
            "Addresses of partners' apps to which a check that the API begins may lead the holder "
            "back, parted by commas. Each must be named whole.",
            "back to the portal's own page",
        )
    )
    identity_tries_a_day: int = field(
        metadata=variable(
            count,
            "3",
            "How often within a day an account may begin an identity check; 0 for no end.",
        )
    )
    identity_days: int = field(
        metadata=variable(
            count,
            "90",
            "How many days it is kept that an identity check was refused or not finished. That an "
            "account was verified is kept as long as the account is open.",
        )
    )
