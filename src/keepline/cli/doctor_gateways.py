"""What `keepline doctor` says of what this installation speaks to."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from keepline.cli.finding import Finding
from keepline.config.environment import Environment
from keepline.config.outside import (
    clearing_house_of,
    identity_of,
    network_of,
    own_networks_of,
    own_smdps_of,
    providers_of,
    smdp_plus_of,
    sms_of,
)
from keepline.gateways.esim.port import SmdpPlus
from keepline.gateways.network.port import NetworkGateway
from keepline.gateways.payments.port import ProviderRefused, ProviderUnknown

LOOKED_AT = timedelta(minutes=5)


def gateways(env: Environment) -> Iterator[Finding]:
    """Whether each answers that the settings name, and what is wrong if not."""
    yield from _network(env)
    yield from _smdp_plus(env)
    yield from _own_elements(env)
    yield from _clearing_house(env)
    yield from _identity(env)
    yield from _providers(env)
    yield from _sms(env)


def _sms(env: Environment) -> Iterator[Finding]:
    """The address has the password in it and is not repeated."""
    if not env.sms_url:
        if env.mode == "production":
            yield Finding(
                "warn",
                "No way for SMS is connected (KEEPLINE_SMS_URL): nobody can sign in by phone.",
            )
        return
    what = "The SMS gateway" if env.sms_url.startswith("http") else "The SMSC"
    complaints = sms_of(env).complaints()
    yield from _told(f"{what} (KEEPLINE_SMS_URL)", complaints, f"{what} takes messages from us.")
    if env.mode == "production" and not env.sms_countries:
        yield Finding(
            "warn",
            "Codes are sent to phones of every country; name yours in KEEPLINE_SMS_COUNTRIES.",
        )


def _smdp_plus(env: Environment) -> Iterator[Finding]:
    if not env.smdp_url:
        return
    try:
        complaints = smdp_plus_of(env).complaints()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        complaints = [f"the key or a certificate of KEEPLINE_SMDP_* is unusable: {error}"]
    place = f"The SM-DP+ at {env.smdp_url}"
    yield from _told(place, complaints, f"The SM-DP+ answers ({env.smdp_url}).")


def _own_elements(env: Environment) -> Iterator[Finding]:
    """Those of single carriers, each by itself."""
    networks, smdps = own_networks_of(env), own_smdps_of(env)
    made: dict[str, Callable[[], NetworkGateway | SmdpPlus]] = {
        **{f"The network of {code}": make for code, make in networks.items()},
        **{f"The SM-DP+ of {code}": make for code, make in smdps.items()},
    }
    for place, make in made.items():
        try:
            complaints = make().complaints()
        except (OSError, ValueError) as error:
            complaints = [f"its key or a certificate is unusable: {error}"]
        yield from _told(place, complaints)


def _clearing_house(env: Environment) -> Iterator[Finding]:
    if env.porting_url:
        place = f"The clearing house behind {env.porting_url}"
        yield from _told(place, clearing_house_of(env).complaints())


def _identity(env: Environment) -> Iterator[Finding]:
    if env.identity_url:
        place = f"The identity provider behind {env.identity_url}"
        yield from _told(place, identity_of(env).complaints())


def _providers(env: Environment) -> Iterator[Finding]:
    """Each is asked for the payments of the last minutes: that needs the right keys, too."""
    until = datetime.now(UTC)
    for name, made in providers_of(env).items():
        try:
            made().list_payments(until - LOOKED_AT, until)
        except (ProviderUnknown, ProviderRefused, OSError, ValueError) as error:
            yield Finding(
                "fail", f"The payment provider {name} does not answer as it should: {error}"
            )
        else:
            yield Finding("ok", f"The payment provider {name} answers.")


def _network(env: Environment) -> Iterator[Finding]:
    network = network_of(env)
    if network is not None:
        complaints = network.complaints()
        yield from (Finding("fail", complaint) for complaint in complaints)
        if not complaints:
            yield Finding("ok", f"The network answers ({network.name} at {env.hlr_host}).")
    elif env.mode == "production":
        yield Finding(
            "warn",
            "No network is connected (KEEPLINE_HLR_HOST): renewals that need one are refused.",
        )


def _told(place: str, complaints: Sequence[str], good: str = "") -> Iterator[Finding]:
    """What `place` complains of; `good`, or that it answers, where it does of nothing."""
    yield from (Finding("fail", f"{place}: {each}") for each in complaints)
    if not complaints:
        yield Finding("ok", good or f"{place} answers.")
