"""The KEEPLINE_* variables of what carries lines: the network, the SM-DP+, the clearing house.

Read with all others (config/environment.py).
"""

from dataclasses import dataclass, field
from pathlib import Path

from keepline.config.inboxes import Inboxes
from keepline.config.values import (
    address,
    bridge_address,
    file_for,
    file_to_read,
    host,
    long_secret,
    notification_points,
    one_of,
    port_number,
    variable,
    webhook_secrets,
)


@dataclass(frozen=True, slots=True)
class Elements(Inboxes):
    """What an installation was told of them."""

    hlr_host: str = field(
        metadata=variable(
            host,
            "",
            "Machine on which osmo-hlr runs; with it, lines are switched there. "
            "docs/gateways/osmo-hlr.md says how.",
            "no network in production, the fake one elsewhere",
        )
    )
    hlr_ctrl_port: int = field(
        metadata=variable(port_number, "4259", "Port of osmo-hlr's control interface.")
    )
    hlr_vty_port: int = field(
        metadata=variable(port_number, "4258", "Port of osmo-hlr's telnet interface.")
    )
    hlr_when_closed: str = field(
        metadata=variable(
            one_of("keep", "delete"),
            "keep",
            "What becomes of a closed line's card in osmo-hlr: keep it, with its keys, or delete.",
        )
    )
    smdp_url: str = field(
        metadata=variable(
            address("https"),
            "",
            "Address of the SM-DP+'s ES2+ interface, `https://host:port`; with it, eSIM profiles "
            "are ordered there. docs/gateways/es2plus.md says how.",
            "no SM-DP+",
        )
    )
    smdp_cert: Path = field(
        metadata=variable(
            file_to_read, "", "File with your client certificate and its chain (PEM).", "no SM-DP+"
        )
    )
    smdp_key: Path = field(
        metadata=variable(
            file_to_read, "", "File with the client certificate's private key (PEM).", "no SM-DP+"
        )
    )
    smdp_ca: Path = field(
        metadata=variable(
            file_to_read,
            "",
            "File with the authorities that sign the SM-DP+'s certificate (PEM); no others are "
            "believed.",
            "no SM-DP+",
        )
    )
    smdp_requester: str = field(
        metadata=variable(
            str,
            "",
            "Your functionRequesterIdentifier, as agreed with the SM-DP+; usually an OID.",
            "no SM-DP+",
        )
    )
    smdp_points: tuple[tuple[int, str], ...] = field(
        metadata=variable(
            notification_points,
            "",
            "What the SM-DP+'s own notification points mean, such as "
            "`5:delete,6:enable,7:disable`.",
            "3 is download and 4 is install, as in SGP.22; others change nothing",
        )
    )
    smdp_callback_secret: str = field(
        repr=False,
        metadata=variable(
            long_secret,
            "",
            "What your proxy adds to calls of the SM-DP+ whose client certificate it has checked; "
            "32 or more random characters.",
            "the SM-DP+ may not call",
        ),
    )
    smdp_callback_subject: str = field(
        metadata=variable(
            str,
            "",
            "Subject of the SM-DP+'s client certificate, as your proxy writes it.",
            "the SM-DP+ may not call",
        )
    )
    carrier_elements: Path = field(
        metadata=variable(
            file_for("elements", "keepline.config.carrier_elements"),
            "",
            "TOML file with network elements of single carriers; docs/carriers.md says what it may "
            "hold.",
            "the network and the SM-DP+ above for all carriers",
        )
    )
    porting_url: str = field(
        metadata=variable(
            bridge_address,
            "",
            "Address of the bridge to your country's clearing house; with it, numbers are ported. "
            "docs/gateways/porting.md says how.",
            "no number is ported",
        )
    )
    porting_key: str = field(
        repr=False,
        metadata=variable(
            long_secret,
            "",
            "Your key at the bridge; 32 or more random characters.",
            "no number is ported",
        ),
    )
    porting_secrets: tuple[str, ...] = field(
        repr=False,
        metadata=variable(
            webhook_secrets,
            "",
            "Secrets shared with the bridge, `whsec_...`, parted by commas; with them, "
            "`/webhooks/porting/` is open, and changes are heard of at once.",
            "the bridge may not call, and is asked now and then",
        ),
    )
