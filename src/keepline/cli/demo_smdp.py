"""The demo's SM-DP+: the fake one, on loopback, with the profiles that the demo sells."""

import secrets
from collections.abc import MutableMapping
from pathlib import Path

from keepline.cli import demo_shelves as shelves
from keepline.config.environment import Environment
from keepline.gateways.esim.es2plus.fake.certificates import keep_certificates
from keepline.gateways.esim.es2plus.fake.notifications import DELETED, DISABLED, ENABLED, SUBJECT
from keepline.gateways.esim.es2plus.fake.store import open_store, put_profiles, put_released

REQUESTER = "keepline"
FOLDER = "fake-smdp"


def connect(env: Environment, environ: MutableMapping[str, str]) -> bool:
    """Settings by which processes that start from now on speak with the fake, which is filled.

    False: the operator named an SM-DP+ of their own, so there is no fake.
    """
    if env.smdp_url:
        return False
    tls = env.data / FOLDER / "tls"
    keep_certificates(tls)
    environ.update(
        KEEPLINE_SMDP_URL=f"https://localhost:{env.smdp_port}",
        KEEPLINE_SMDP_CERT=str(tls / "client.pem"),
        KEEPLINE_SMDP_KEY=str(tls / "client.key"),
        KEEPLINE_SMDP_CA=str(tls / "ca.pem"),
        KEEPLINE_SMDP_REQUESTER=REQUESTER,
        KEEPLINE_SMDP_POINTS=f"{ENABLED}:enable,{DISABLED}:disable,{DELETED}:delete",
        KEEPLINE_SMDP_CALLBACK_SECRET=secrets.token_hex(32),
        KEEPLINE_SMDP_CALLBACK_SUBJECT=SUBJECT,
    )
    _fill(env.data / FOLDER)
    return True


def _fill(folder: Path) -> None:
    """The profiles of the demo's stock; those that it has stay as they are."""
    store = open_store(folder)
    try:
        put_profiles(store, [(row["iccid"], row["pool"]) for row in shelves.ordered_profiles()])
        for row in shelves.coded_profiles():
            matching_id = row["activation_code"].split("$")[2]
            code = row["confirmation_code"] or None
            put_released(store, row["iccid"], row["pool"], matching_id, code)
    finally:
        store.close()
