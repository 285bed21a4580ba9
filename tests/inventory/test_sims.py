"""Cards and profiles: on one line at a time, their codes sealed, each identity once."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from keepline.core.ids import slot_of_text
from keepline.core.lifecycle.card import CardEvent
from keepline.core.lifecycle.machine import IllegalTransition
from keepline.core.lifecycle.profile import ProfileEvent
from keepline.inventory import holding, naming, queries, sealing, services, sims
from keepline.inventory.models import Card, CardHolding, Profile, SimIdentity
from keepline.inventory.sealing import SealBroken, Sealer
from keepline.inventory.services import CardTaken
from keepline.slots.ids import new_id
from keepline.slots.resealing import SealedColumn
from keepline.slots.sql import execute, fetch_all
from tests.cast import NOW
from tests.inventory import shelves

UNTIL = NOW + holding.HOLD_FOR
CODES = {"pin": "1234", "puk": "12345678"}


def held_card() -> tuple[str, Any]:
    account = new_id(1)
    (iccid,) = shelves.cards(shelves.pool("cards", "card"), 1)
    holding.hold(Card, iccid, account, UNTIL, NOW)
    return iccid, account


def held_profile() -> tuple[str, Any]:
    account = new_id(1)
    (iccid,) = shelves.profiles(shelves.pool("esims", "profile"), 1)
    holding.hold(Profile, iccid, account, UNTIL, NOW)
    return iccid, account


@pytest.mark.django_db
def test_a_card_is_given_to_its_holders_line_blocked_and_retired() -> None:
    iccid, account = held_card()
    line = new_id(1)
    with pytest.raises(CardTaken):
        sims.assign_card(iccid, new_id(2), new_id(2), NOW)
    card = sims.assign_card(iccid, account, line, NOW)
    assert (card.state, card.line_id, card.taken_at) == ("assigned", line, NOW)
    assert queries.line_with_card(iccid) == line
    with pytest.raises(CardTaken):
        sims.change_card(iccid, new_id(2), CardEvent.BLOCK, NOW)
    for event, state in (("block", "blocked"), ("unblock", "assigned"), ("retire", "retired")):
        assert sims.change_card(iccid, line, CardEvent(event), NOW).state == state
    with pytest.raises(IllegalTransition):
        sims.change_card(iccid, line, CardEvent.UNBLOCK, NOW)
    assert Card.objects.get(line_id=line).iccid == iccid


@pytest.mark.django_db
def test_a_card_that_a_line_has_is_no_other_lines() -> None:
    """Though the card's own row says that it is free: the directory has the last word."""
    iccid, account = held_card()
    services.enter_card(iccid, new_id(7))
    with pytest.raises(CardTaken), transaction.atomic():
        sims.assign_card(iccid, account, new_id(1), NOW)
    assert Card.objects.get().state == "held"


@pytest.mark.django_db
def test_a_living_lines_card_leaves_the_shelf() -> None:
    (iccid,) = shelves.cards(shelves.pool("cards", "card"), 1)
    (esim,) = shelves.profiles(shelves.pool("esims", "profile"), 1)
    line, account = new_id(3), new_id(3)
    for name in (iccid, esim, shelves.iccid(77)):  # the last is in no stock of ours
        sims.take_over_card(name, account, line, NOW)
        sims.take_over_card(name, account, line, NOW)
        assert queries.line_with_card(name) == line
        with pytest.raises(CardTaken):
            sims.take_over_card(name, account, new_id(4), NOW)
    assert (Card.objects.get().state, Card.objects.get().line_id) == ("assigned", line)
    assert (Profile.objects.get().state, Profile.objects.get().line_id) == ("installed", line)
    successor = new_id(3)
    assert services.pass_card_on(iccid, line, successor)
    assert Card.objects.get().line_id == successor
    assert not services.pass_card_on(iccid, line, new_id(3))


@pytest.mark.django_db
def test_a_card_that_is_being_sold_is_not_taken_over() -> None:
    iccid, _account = held_card()
    with pytest.raises(CardTaken), transaction.atomic():
        sims.take_over_card(iccid, new_id(5), new_id(5), NOW)
    assert CardHolding.objects.count() == 0


@pytest.mark.django_db
def test_a_profile_is_ordered_confirmed_downloaded_and_its_downloads_are_counted() -> None:
    iccid, account = held_profile()
    line, eid = new_id(1), "89049032123451234512345678901235"
    profile = sims.assign_profile(iccid, account, line, ProfileEvent.LINK, NOW, eid)
    assert queries.activation_code_of(profile) is None
    sims.note_activation(profile, "smdp.example.com", "AB-12", "4711")
    for event in ("confirm", "release", "download", "install"):
        sims.change_profile(profile, ProfileEvent(event), NOW)
    kept = Profile.objects.get()
    assert (kept.state, kept.downloads, kept.eid, kept.line_id) == ("installed", 1, eid, line)
    assert str(queries.activation_code_of(kept)) == "LPA:1$smdp.example.com$AB-12$$1"
    assert queries.confirmation_code_of(kept) == "4711"
    assert "4711" not in kept.sealed_confirmation_code
    assert "4711" not in repr(kept)


@pytest.mark.django_db
def test_a_cancelled_profile_is_back_without_what_its_buyer_knows() -> None:
    iccid, account = held_profile()
    profile = sims.assign_profile(iccid, account, new_id(1), ProfileEvent.ALLOCATE, NOW)
    sims.note_activation(profile, "smdp.example.com", "AB-12", "4711")
    sims.change_profile(profile, ProfileEvent.CONFIRM, NOW)
    sims.change_profile(profile, ProfileEvent.CANCEL, NOW)
    kept = Profile.objects.get()
    assert (kept.state, kept.line_id, kept.account_id) == ("available", None, None)
    assert (kept.matching_id, kept.sealed_confirmation_code, kept.taken_at) == ("", "", None)
    assert SimIdentity.objects.get().activation is None
    assert queries.line_with_card(iccid) is None
    other = new_id(2)
    holding.hold(Profile, iccid, other, UNTIL, NOW)
    again = sims.assign_profile(iccid, other, new_id(2), ProfileEvent.ALLOCATE, NOW)
    sims.note_activation(again, "smdp.example.com", "AB-13")


@pytest.mark.django_db
def test_one_activation_code_is_one_profiles() -> None:
    first, second = shelves.profiles(shelves.pool("esims", "profile"), 2)
    sims.note_activation(sims.lock_sim(Profile, first), "smdp.example.com", "AB-12")
    taken = sims.lock_sim(Profile, second)
    with pytest.raises(sims.ActivationTaken):
        sims.note_activation(taken, "SMDP.example.com", "AB-12")  # host names have no case
    sims.note_activation(taken, "smdp.example.com", "AB-13")
    assert {p.matching_id for p in Profile.objects.all()} == {"AB-12", "AB-13"}


@given(
    st.from_regex(r"89[0-9]{16,18}", fullmatch=True),
    st.from_regex(r"89[0-9]{16,18}", fullmatch=True),
)
def test_ids_of_sims_tell_their_iccid_and_their_slot(one: str, other: str) -> None:
    assert (naming.sim_id(one) == naming.sim_id(other)) == (one == other)
    assert naming.sim_id(one).int >> 64 & 0xFFF == slot_of_text(one)


# -- whatever is written past the services --------------------------------------------------------

ICCIDS = [shelves.iccid(n) for n in range(3)]
WRITES = st.one_of(
    st.tuples(
        st.just(
            "INSERT INTO inventory_cardholding (iccid, line_id) VALUES (%s, gen_random_uuid())"
        ),
        st.tuples(st.sampled_from(ICCIDS)),
    ),
    st.tuples(
        st.just("UPDATE inventory_cardholding SET iccid = %s WHERE iccid = %s"),
        st.tuples(st.sampled_from(ICCIDS), st.sampled_from(ICCIDS)),
    ),
    st.tuples(
        st.just(
            "INSERT INTO inventory_card (slot, id, iccid, pool_id, since_at, added_at, state,"
            " sealed_codes, line_id) VALUES (%s, gen_random_uuid(), %s, 1, now(), now(),"
            " 'assigned', '', gen_random_uuid())"
        ),
        st.tuples(
            st.sampled_from([slot_of_text(iccid) for iccid in ICCIDS]), st.sampled_from(ICCIDS)
        ),
    ),
    st.tuples(
        st.just("UPDATE inventory_card SET slot = %s WHERE iccid = %s"),
        st.tuples(st.integers(0, 255), st.sampled_from(ICCIDS)),
    ),
    st.tuples(
        st.just("INSERT INTO inventory_simidentity (iccid, kind, imsi) VALUES (%s, 'card', %s)"),
        st.tuples(st.sampled_from(ICCIDS), st.sampled_from([shelves.imsi(1), shelves.imsi(2)])),
    ),
)


@pytest.mark.django_db(transaction=True)
@given(st.lists(WRITES, min_size=1, max_size=10))
@settings(max_examples=100, deadline=None)
def test_no_sequence_of_writes_puts_a_card_on_two_lines(writes: list[tuple[str, Any]]) -> None:
    """Raw statements of the runtime role: what the database took is unambiguous."""
    for table in ("inventory_cardholding", "inventory_card", "inventory_simidentity"):
        execute(f"DELETE FROM {table}")
    taken = 0
    for statement, values in writes:
        with suppress(IntegrityError), transaction.atomic():
            taken += execute(statement, values)
    for table, name in (
        ("inventory_cardholding", "iccid"),
        ("inventory_card", "iccid"),
        ("inventory_simidentity", "iccid"),
        ("inventory_simidentity", "imsi"),
    ):
        twice = fetch_all(f"SELECT {name} FROM {table} GROUP BY 1 HAVING count(*) > 1")
        assert twice == []
    first_is_an_insert = writes[0][0].startswith("INSERT INTO inventory_cardholding")
    assert taken or not first_is_an_insert  # it proves nothing where everything is refused


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["inventory_card", "inventory_profile"])
def test_a_card_lies_in_its_slot_and_nowhere_else(table: str) -> None:
    """In another slot its uniqueness would begin anew."""
    shelves.cards(shelves.pool("cards", "card"), 1)
    shelves.profiles(shelves.pool("esims", "profile"), 1)
    with pytest.raises(IntegrityError, match="in_its_slot"), transaction.atomic():
        execute(f"UPDATE {table} SET slot = (slot + 1) %% 256", [])


# -- codes at rest --------------------------------------------------------------------------------

OLD, NEW = Fernet.generate_key(), Fernet.generate_key()


@given(st.dictionaries(st.sampled_from(["pin", "puk"]), st.text(max_size=8), min_size=1))
def test_what_is_sealed_opens_with_its_key_and_for_its_card_only(codes: dict[str, str]) -> None:
    sealer, iccid = Sealer([OLD]), shelves.iccid(1)
    token = sealer.seal(iccid, codes)
    assert sealer.open(iccid, token) == codes
    with pytest.raises(SealBroken):
        sealer.open(shelves.iccid(2), token)
    with pytest.raises(SealBroken):
        Sealer([NEW]).open(iccid, token)
    with pytest.raises(SealBroken):
        sealer.open(iccid, token[:-4] + "AAAA")


def test_keys_change_without_a_day_on_which_nothing_opens() -> None:
    iccid = shelves.iccid(1)
    token = Sealer([OLD]).seal(iccid, CODES)
    both = Sealer([NEW, OLD])
    assert both.open(iccid, token) == CODES
    anew = both.reseal(token)
    assert Sealer([NEW]).open(iccid, anew) == CODES
    with pytest.raises(SealBroken):
        Sealer([OLD]).open(iccid, anew)
    with pytest.raises(SealBroken):
        Sealer([OLD]).reseal(anew)


def test_no_key_and_no_code_is_in_a_repr() -> None:
    token = Sealer([OLD]).seal(shelves.iccid(1), CODES)
    assert OLD.decode() not in repr(Sealer([OLD]))
    assert "1234" not in token


@pytest.mark.django_db
def test_all_codes_are_written_anew_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "sealing_keys", lambda: [OLD])
    stock = shelves.cards(shelves.pool("cards", "card"), 5)
    for iccid in stock[:4]:
        token = sealing.sealer().seal(iccid, CODES)
        Card.objects.filter(iccid=iccid).update(sealed_codes=token)
    monkeypatch.setattr(sealing, "sealing_keys", lambda: [NEW, OLD])
    codes = SealedColumn(Card, "sealed_codes", sealing.sealer)
    first = codes.reseal(None, 3)
    assert (first.done, first.broken) == (3, 0)
    assert codes.reseal(first.last, 3).done == 1
    again = codes.reseal(None, 10)
    assert (again.done, codes.reseal(again.last, 10)) == (0, (0, 0, None))
    monkeypatch.setattr(sealing, "sealing_keys", lambda: [NEW])
    opened = [queries.codes_of(card) for card in Card.objects.order_by("iccid")]
    assert opened == [CODES] * 4 + [{}]


@pytest.mark.django_db
def test_a_copy_of_the_database_has_no_code_in_it() -> None:
    iccid, _account = held_card()
    token = sealing.sealer().seal(iccid, CODES)
    Card.objects.update(sealed_codes=token)
    with connection.cursor() as cursor:
        cursor.execute("SELECT inventory_card::text FROM inventory_card")
        text = str(cursor.fetchall())
    assert iccid in text
    assert not [code for code in CODES.values() if code in text.replace(iccid, "")]


@pytest.mark.django_db
def test_holds_end_before_they_are_given() -> None:
    """Whoever pays after the quarter of an hour still gets it, unless somebody else was quicker."""
    iccid, account = held_card()
    late = UNTIL + timedelta(minutes=1)
    other = new_id(9)
    holding.hold(Card, iccid, other, late + holding.HOLD_FOR, late)
    with pytest.raises(CardTaken):
        sims.assign_card(iccid, account, new_id(1), late)
    assert sims.assign_card(iccid, other, new_id(9), late).state == "assigned"
