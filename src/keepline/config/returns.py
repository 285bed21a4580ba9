"""The KEEPLINE_BOUNCE_* variables: how this installation hears of mails that came back."""

from dataclasses import dataclass, field

from keepline.config.values import bounce_address, variable, webhook_secrets


@dataclass(frozen=True, slots=True)
class Returns:
    """See docs/messages.md."""

    bounce_address: str = field(
        metadata=variable(
            bounce_address,
            "",
            "Where mails come back that cannot be delivered, `bounces@mail.example.com`: each "
            "leaves with one of its own, `bounces+TOKEN@mail.example.com`. docs/messages.md says "
            "how they are taken in.",
            "they come back to `KEEPLINE_EMAIL_FROM`, unheeded",
        )
    )
    bounce_secrets: tuple[str, ...] = field(
        repr=False,
        metadata=variable(
            webhook_secrets,
            "",
            "Secrets shared with a mail service that tells of such mails, `whsec_...`, parted by "
            "commas; with them, `/webhooks/mail/` is open.",
            "no service may call",
        ),
    )
