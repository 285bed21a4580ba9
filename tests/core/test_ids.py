"""Ids tell their slot and their time, and a step's id follows from its parent's."""

from datetime import timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.ids import (
    SLOTS,
    derived_bytes,
    derived_id,
    derived_three,
    id_before,
    make_id,
    slot_of,
    slot_of_text,
)

slots = st.integers(0, SLOTS - 1)
times_ms = st.integers(0, 2**48 - 1)
bits = st.integers(0, 2**80)
ids = st.builds(make_id, slots, times_ms, bits)


@given(slots, times_ms, bits)
def test_an_id_is_a_uuidv7_that_carries_its_slot(slot: int, unix_ms: int, random: int) -> None:
    made = make_id(slot, unix_ms, random)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert slot_of(made) == slot
    assert made.int >> 80 == unix_ms
    assert made.int % 2**62 == random % 2**62
    assert UUID(str(made)) == made


@given(slots, times_ms, times_ms, bits, bits)
def test_ids_sort_by_time(slot: int, one_ms: int, other_ms: int, one: int, other: int) -> None:
    first, second = make_id(slot, one_ms, one), make_id(slot, other_ms, other)
    if one_ms != other_ms:
        assert (first < second) == (one_ms < other_ms)
        assert (str(first) < str(second)) == (one_ms < other_ms)


@given(slots, times_ms, times_ms, bits, bits)
def test_ids_within_a_span(slot: int, one_ms: int, span_ms: int, one: int, other: int) -> None:
    newest = make_id(slot, one_ms, one)
    oldest = id_before(newest, timedelta(milliseconds=span_ms))
    assert oldest <= make_id(slot, max(one_ms - span_ms, 0), other)
    if one_ms > span_ms:
        assert make_id(slot, one_ms - span_ms - 1, other) < oldest


@pytest.mark.parametrize(("slot", "unix_ms"), [(-1, 0), (SLOTS, 0), (0, -1), (0, 2**48)])
def test_what_does_not_fit_is_refused(slot: int, unix_ms: int) -> None:
    with pytest.raises(ValueError, match=r"slot|48 bits"):
        make_id(slot, unix_ms, 0)


def test_an_id_without_a_slot_is_refused() -> None:
    with pytest.raises(ValueError, match="no slot"):
        slot_of(UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))


@given(ids, st.text(max_size=20), st.text(max_size=20))
def test_a_step_has_one_id(parent: UUID, purpose: str, other: str) -> None:
    step = derived_id(parent, purpose)
    assert step == derived_id(UUID(str(parent)), purpose)
    assert (step.version, step.variant, slot_of(step)) == (7, RFC_4122, slot_of(parent))
    assert step.int >> 80 == parent.int >> 80, "a step sorts beside its parent"
    assert (step == derived_id(parent, other)) == (purpose == other)


@given(ids, ids, st.text(max_size=20))
def test_steps_of_two_parents_differ(one: UUID, other: UUID, purpose: str) -> None:
    assert (derived_id(one, purpose) == derived_id(other, purpose)) == (one == other)


def test_ids_stay_what_they_were() -> None:
    """These are in people's databases: another way of making them would book money twice."""
    parent = make_id(7, 1_700_000_000_000, 42)
    assert str(parent) == "018bcfe5-6800-7007-8000-00000000002a"
    assert str(derived_id(parent, "capture")) == "018bcfe5-6800-7007-9d9e-52886e39f8ae"
    assert slot_of_text("491701234567") == 139


@given(st.text(max_size=30))
def test_a_name_has_one_slot(text: str) -> None:
    assert slot_of_text(text) == slot_of_text(text)
    assert 0 <= slot_of_text(text) < SLOTS


def test_names_spread_evenly() -> None:
    counts = [0] * SLOTS
    for number in range(SLOTS * 100):
        counts[slot_of_text(f"49170{number:07d}")] += 1
    assert 50 < min(counts) <= max(counts) < 160


@given(ids, st.text(max_size=20).filter(lambda text: text.isprintable()))
def test_the_fast_way_derives_the_same(parent: UUID, purpose: str) -> None:
    assert UUID(bytes=derived_bytes(parent.bytes, purpose.encode())) == derived_id(parent, purpose)


@given(ids, st.binary(max_size=20))
def test_three_ids_of_one_digest(parent: UUID, purpose: bytes) -> None:
    three = derived_three(parent.bytes, purpose)
    assert three[0] == derived_bytes(parent.bytes, purpose)
    assert len({*three, parent.bytes}) == 4
    for one in (UUID(bytes=raw) for raw in three):
        assert slot_of(one) == slot_of(parent)
        assert (one.version, one.variant) == (parent.version, parent.variant)
