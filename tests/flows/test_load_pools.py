"""load_pools: the whole file or nothing of it; again changes nothing."""

from pathlib import Path

import pytest

from keepline.audit.models import AuditEvent
from keepline.catalog.models import Carrier
from keepline.flows.load_pools import LoadedPools, load_pools
from keepline.inventory.models import Pool
from keepline.inventory.pool_file import PoolsRefused
from tests.cast import NOW

pytestmark = pytest.mark.django_db
FILE = """
[[pool]]
code = "uk"
kind = "number"
carrier = "demo"
ranges = ["447700900000-447700900999"]

[[pool]]
code = "plastic"
kind = "card"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Carrier.objects.create(code="demo", name="Demo", country="GB")
    made = tmp_path / "pools.toml"
    made.write_text(FILE)
    return made


def test_pools_are_made_and_changed_and_never_removed(path: Path) -> None:
    assert load_pools(path, "staff:1", NOW) == LoadedPools(2, ("uk", "plastic"))
    uk = Pool.objects.get(code="uk")
    assert uk.carrier is not None
    assert (uk.carrier.code, uk.ranges) == ("demo", [[447700900000, 447700900999]])
    assert load_pools(path, "staff:1", NOW) == LoadedPools(2, ())
    path.write_text(
        FILE.replace('carrier = "demo"', "low_count = 7").split('[[pool]]\ncode = "pl')[0]
    )
    assert load_pools(path, "staff:1", NOW) == LoadedPools(1, ("uk",))
    uk.refresh_from_db()
    assert (uk.carrier_id, uk.low_count, uk.low_days) == (None, 7, None)
    assert Pool.objects.count() == 2
    told = AuditEvent.objects.filter(action="pools.loaded").order_by("id")
    assert [event.facts["changed"] for event in told] == [["uk", "plastic"], ["uk"]]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('carrier = "demo"', 'carrier = "nobody"', "no carrier nobody"),
        ('kind = "card"', 'kind = "profile"', "stays so"),
    ],
)
def test_nothing_of_a_wrong_file(path: Path, before: str, after: str, says: str) -> None:
    load_pools(path, "staff:1", NOW)
    known = list(Pool.objects.order_by("id").values())
    path.write_text(FILE.replace("900999", "900555").replace(before, after))
    with pytest.raises(PoolsRefused, match=says):
        load_pools(path, "staff:1", NOW)
    assert list(Pool.objects.order_by("id").values()) == known
