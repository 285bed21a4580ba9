"""The provider and the network that outlive us, and workers that work here and now."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keepline.gateways import switchboard
from tests.books import books_are_right
from tests.gateways.es2plus_process import Es2PlusProcess, es2plus_process
from tests.gateways.inbox import Inbox
from tests.gateways.porting_process import PortingProcess, porting_process
from tests.gateways.shared import shared_inbox
from tests.gateways.tills import Till, tills
from tests.one_by_one import OneByOne

__all__ = ["books_are_right", "shared_inbox", "tills"]


@pytest.fixture(scope="module")
def smdp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Es2PlusProcess]:
    with es2plus_process(tmp_path_factory.mktemp("smdp")) as process:
        yield process


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortingProcess]:
    with porting_process(tmp_path_factory.mktemp("house")) as process:
        yield process


@pytest.fixture
def outside(
    tills: Callable[[str], Till],
    shared_inbox: Inbox,
    smdp: Es2PlusProcess,
    house: PortingProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """What is outside when one pays at the provider of that name."""
    # Imported late: a conftest named on the command line is read before Django is set up.
    from keepline.workers import hands
    from tests.crash.world import Outside

    def there(name: str) -> Outside:
        found = Outside(tills(name), tmp_path, smdp, house)
        found.till.good_day()
        found.connect()
        return found

    shared_inbox.webhooks.clear()
    monkeypatch.setattr(hands, "pool", OneByOne)
    before = dict(switchboard._factories), switchboard.public_url()
    yield there
    switchboard._factories.clear()
    for port, factory in before[0].items():
        switchboard.connect(port, factory)
    switchboard.announce(before[1])
