"""The network of this installation, for whoever starts it and for `keepline doctor`."""

from keepline.config.environment import Environment
from keepline.gateways.network.port import NetworkGateway

NETWORK_TIMEOUT_S = 10.0


def network_of(env: Environment) -> NetworkGateway | None:
    """The one that the settings name, if any; nothing is connected yet."""
    if not env.hlr_host:
        return None
    from keepline.gateways.network.osmo_hlr.adapter import OsmoHlr

    return OsmoHlr(
        host=env.hlr_host,
        ctrl_port=env.hlr_ctrl_port,
        vty_port=env.hlr_vty_port,
        timeout_s=NETWORK_TIMEOUT_S,
        delete_closed=env.hlr_when_closed == "delete",
    )
