"""Acts around endpoints of webhooks: one that nobody answers at is tried on request."""

from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.try_endpoint import try_endpoint
from keepline.messages import endpoints
from tests.crash.world import World
from tests.flows.endpoints import connect, owner_of


def have(world: World) -> None:
    connect()
    owner = owner_of(world.cast)
    if not endpoints.of_account(owner.account_id):
        add_endpoint(owner, "http://127.0.0.1:1/", "", [], world.now())


def is_tried(world: World) -> None:
    owner = owner_of(world.cast)
    (endpoint,) = endpoints.of_account(owner.account_id)
    assert try_endpoint(owner, endpoint.id, world.now()).answer == "connect"
