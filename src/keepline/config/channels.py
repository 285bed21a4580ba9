"""The KEEPLINE_SMS_* variables. `config/environment.py` adds the rest."""

from dataclasses import dataclass, field

from keepline.config.returns import Returns
from keepline.config.values import (
    count,
    country_codes,
    sms_address,
    sms_sender,
    variable,
    webhook_secrets,
)


@dataclass(frozen=True, slots=True)
class Channels(Returns):
    """How this installation speaks to phones."""

    sms_url: str = field(
        repr=False,
        metadata=variable(
            sms_address,
            "",
            "Where SMS go: an SMSC, `smpp://system_id:password@host:2775?rate=50` (`smpps://` over "
            "TLS; docs/gateways/smpp.md), or a gateway, `https://host/path` "
            "(docs/gateways/sms-http.md).",
            "no SMS in production, files in the data folder elsewhere",
        ),
    )
    sms_from: str = field(
        metadata=variable(
            sms_sender,
            "",
            "Sender of SMS: a number with +, a short code, or a word of up to 11 letters.",
            "the network's choice",
        )
    )
    sms_secrets: tuple[str, ...] = field(
        repr=False,
        metadata=variable(
            webhook_secrets,
            "",
            "Secrets shared with the SMS gateway, `whsec_...`, parted by commas: the first signs, "
            "all are believed; with them, `/webhooks/sms/` is open.",
            "the gateway may not call",
        ),
    )
    sms_countries: tuple[str, ...] = field(
        metadata=variable(
            country_codes,
            "",
            "Countries to which SMS are sent, such as `CN,DE,GB`; name yours, against pumping.",
            "all",
        )
    )
    sms_per_country_an_hour: int = field(
        metadata=variable(count, "200", "How many codes go to one country in an hour.")
    )
    sms_per_day: int = field(
        metadata=variable(count, "5000", "How many codes go out in 24 hours, to all countries.")
    )
