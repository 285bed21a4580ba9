"""reseal_stock: after it the new key alone opens every code."""

from collections.abc import Callable

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.reseal_stock import reseal_stock
from keepline.inventory import queries, sealing, sims
from keepline.inventory.models import Card, Profile
from keepline.inventory.sealing import SealBroken, sealer
from tests.cast import NOW
from tests.inventory import shelves

Become = Callable[..., None]
pytestmark = pytest.mark.django_db
OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Become:
    """The keys of the installation, one behind the other."""

    def become(*stock_keys: str) -> None:
        derived = [sealing._derived(key) for key in stock_keys]
        monkeypatch.setattr(sealing, "sealing_keys", lambda: derived)

    return become


def test_the_old_key_can_go(keys: Become) -> None:
    keys(OLD)
    for iccid in shelves.cards(shelves.pool("plastic", "card"), 5):
        token = sealer().seal(iccid, {"pin": iccid[-4:]})
        Card.objects.filter(iccid=iccid).update(sealed_codes=token)
    (esim, _other) = shelves.profiles(shelves.pool("esims", "profile"), 2)
    sims.note_activation(sims.lock_sim(Profile, esim), "smdp.example.com", "AB", "4711")
    keys(NEW, OLD)
    assert reseal_stock("cli", NOW, batch=2) == 6
    keys(NEW)
    for card in Card.objects.all():
        assert queries.codes_of(card) == {"pin": card.iccid[-4:]}
    assert queries.confirmation_code_of(Profile.objects.get(iccid=esim)) == "4711"
    assert AuditEvent.objects.get(action="stock.resealed").facts == {"rows": 6}
    keys(OLD)
    with pytest.raises(SealBroken):
        reseal_stock("cli", NOW)
