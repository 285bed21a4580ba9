"""Adapters to whom the settings name outside, made from the settings alone: no database is needed.

So `keepline doctor` can ask them before anything runs.
"""

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from functools import partial
from typing import Any

from keepline.config import carrier_elements
from keepline.config.demands import PROVIDERS
from keepline.config.environment import Environment
from keepline.config.secret_key import kept
from keepline.core.lifecycle.profile import ProfileEvent
from keepline.gateways.esim.port import SmdpPlus
from keepline.gateways.identity.port import IdentityChecker
from keepline.gateways.messaging.push import PushChannel
from keepline.gateways.messaging.sms import SmsChannel
from keepline.gateways.messaging.webhooks import StandardWebhooks, WebhookChannel
from keepline.gateways.network.port import NetworkGateway
from keepline.gateways.outside.calling import OutsideCaller
from keepline.gateways.outside.places import Reach
from keepline.gateways.payments.port import PaymentProvider
from keepline.gateways.porting.port import ClearingHouse

TIMEOUT_S = 10.0
PUSH_KEY_FILE = "push-key"


def providers_of(env: Environment) -> dict[str, Callable[[], PaymentProvider]]:
    """By name, what makes the adapter of each payment provider that the settings name."""
    makers = {"stripe": _stripe, "paypal": _paypal, "alipay": _alipay}
    named = {name: maker for name, maker in makers.items() if getattr(env, PROVIDERS[name][0])}
    return {name: partial(maker, env) for name, maker in named.items()}


def network_of(env: Environment) -> NetworkGateway | None:
    """The one that the settings name, if any; nothing is connected yet."""
    if not env.hlr_host:
        return None
    from keepline.gateways.network.osmo_hlr.adapter import OsmoHlr

    return OsmoHlr(
        host=env.hlr_host,
        ctrl_port=env.hlr_ctrl_port,
        vty_port=env.hlr_vty_port,
        timeout_s=TIMEOUT_S,
        delete_closed=env.hlr_when_closed == "delete",
    )


def smdp_plus_of(env: Environment) -> SmdpPlus:
    """The adapter of the SM-DP+ that the settings name. Raises OSError for unreadable keys."""
    from keepline.gateways.esim.es2plus.adapter import Es2PlusSmdp
    from keepline.gateways.esim.es2plus.tls import mutual_tls

    return Es2PlusSmdp(
        url=env.smdp_url,
        requester=env.smdp_requester,
        tls=mutual_tls(env.smdp_cert, env.smdp_key, env.smdp_ca),
        timeout_s=TIMEOUT_S,
        own_points={point: ProfileEvent(event) for point, event in env.smdp_points},
    )


def own_networks_of(env: Environment) -> dict[str, Callable[[], NetworkGateway]]:
    """By carrier, what makes the adapter of its own network element."""
    own = carrier_elements.read(env.carrier_elements) if env.carrier_elements else {}
    return {code: partial(_own_hlr, each.hlr) for code, each in own.items() if each.hlr}


def own_smdps_of(env: Environment) -> dict[str, Callable[[], SmdpPlus]]:
    """By carrier, what makes the adapter of its own SM-DP+, which raises OSError for unreadable
    keys."""
    own = carrier_elements.read(env.carrier_elements) if env.carrier_elements else {}
    return {code: partial(_own_smdp, each.smdp) for code, each in own.items() if each.smdp}


def _own_hlr(told: Mapping[str, Any]) -> NetworkGateway:
    from keepline.gateways.network.osmo_hlr.adapter import OsmoHlr

    return OsmoHlr(
        host=told["host"],
        ctrl_port=told["ctrl_port"],
        vty_port=told["vty_port"],
        timeout_s=TIMEOUT_S,
        delete_closed=told["when_closed"] == "delete",
    )


def _own_smdp(told: Mapping[str, Any]) -> SmdpPlus:
    from keepline.gateways.esim.es2plus.adapter import Es2PlusSmdp
    from keepline.gateways.esim.es2plus.tls import mutual_tls

    return Es2PlusSmdp(
        url=told["url"],
        requester=told["requester"],
        tls=mutual_tls(told["cert"], told["key"], told["ca"]),
        timeout_s=TIMEOUT_S,
        own_points={point: ProfileEvent(event) for point, event in told["points"]},
    )


def clearing_house_of(env: Environment) -> ClearingHouse:
    """The adapter of the bridge that the settings name."""
    from keepline.gateways.porting.bridge.adapter import BridgedHouse

    return BridgedHouse(env.porting_url, env.porting_key, TIMEOUT_S)


def identity_of(env: Environment) -> IdentityChecker:
    """The adapter of the bridge that the settings name."""
    from keepline.gateways.identity.bridge.adapter import BridgedChecker

    return BridgedChecker(env.identity_url, env.identity_key, env.identity_secrets, TIMEOUT_S)


def sms_of(env: Environment) -> SmsChannel:
    """The way out for SMS that the settings name; nothing is connected yet."""
    if env.sms_url.startswith("http"):
        from keepline.gateways.messaging.http_sms.adapter import HttpSms

        return HttpSms(env.sms_url, env.sms_secrets, env.sms_from, TIMEOUT_S)
    from keepline.gateways.messaging.smpp.adapter import SmppSms

    return SmppSms(env.sms_url, env.sms_from)


def _stripe(env: Environment) -> PaymentProvider:
    from keepline.gateways.payments.stripe.adapter import StripePayments

    return StripePayments(env.stripe_secret_key, env.stripe_webhook_secret, TIMEOUT_S)


def _paypal(env: Environment) -> PaymentProvider:
    from keepline.gateways.payments.paypal.adapter import PayPalPayments

    return PayPalPayments(
        env.paypal_client_id,
        env.paypal_client_secret,
        env.paypal_webhook_id,
        TIMEOUT_S,
        env.paypal_environment,  # type: ignore[arg-type]  # parsed as one of its words
    )


def _alipay(env: Environment) -> PaymentProvider:
    from keepline.gateways.payments.alipay.adapter import AlipayPayments

    return AlipayPayments(
        app_id=env.alipay_app_id,
        app_private_key=env.alipay_private_key.read_text(encoding="ascii"),
        alipay_public_key=env.alipay_public_key.read_text(encoding="ascii"),
        notify_url=f"{env.public_url}/webhooks/payments/alipay/",
        timeout_s=TIMEOUT_S,
        gateway_url=env.alipay_gateway_url,
    )


def webhooks_of(env: Environment) -> WebhookChannel:
    """The way to programs that holders name."""
    return StandardWebhooks(OutsideCaller(_reach(env)))


def push_of(env: Environment) -> PushChannel:
    """The way to browsers. Outside production the key is made on first use."""
    from keepline.gateways.messaging.push_keys import new_private_key
    from keepline.gateways.messaging.web_push import WebPush

    key = env.push_key or kept(env.data / PUSH_KEY_FILE, new_private_key)
    contact = f"mailto:{parseaddr(env.email_from)[1]}"
    if env.public_url.startswith("https://"):
        contact = env.public_url
    return WebPush(key, contact, _reach(env), OutsideCaller(_reach(env)))


def _reach(env: Environment) -> Reach:
    return Reach(loopback=env.calls_to_loopback == "yes")
