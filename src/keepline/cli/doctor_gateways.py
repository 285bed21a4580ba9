"""What `keepline doctor` says of what this installation speaks to."""

from collections.abc import Iterator

from keepline.cli.finding import Finding
from keepline.config.environment import Environment
from keepline.config.networks import network_of


def gateways(env: Environment) -> Iterator[Finding]:
    """Whether each answers that the settings name, and what is wrong if not."""
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
