"""What every clearing house behind the port must keep. Subclassed by each adapter's test.

The subclass gives `ours` and `theirs`, adapters of two operators at one clearing house, and
`backstage`, who knows whose each number is and makes calls fail.
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from keepline.gateways.porting.port import ClearingHouse, Porting, PortingUnknown, PortRequest

NUMBERS = count(447700910000)
NOW = datetime.now(UTC)
CODE, HOLDER = "ABC123456", "Ada Lovelace"


class Backstage(Protocol):
    """The clearing house from behind."""

    def give(self, e164: int, to: str) -> None:
        """The number is `ours` or `theirs` from now on."""
        ...

    def owner(self, e164: int) -> str:
        """Whose it is: ours, theirs, or another word."""
        ...

    def swallow_answer(self) -> None:
        """The next call is carried out, its answer lost."""
        ...

    def swallow_call(self) -> None:
        """The next call is lost, and so is its answer."""
        ...


def theirs_asked(
    ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
) -> tuple[UUID, int]:
    """They want a number of ours."""
    e164, port_id = next(NUMBERS), uuid4()
    backstage.give(e164, "ours")
    found = theirs.request(PortRequest(port_id, e164, CODE, HOLDER))
    assert (found.state, found.e164, found.reason) == ("requested", e164, "")
    return port_id, e164


def waiting(house: ClearingHouse) -> set[UUID]:
    return {asked.porting.port_id for asked in house.requests()}


class PortingContract:
    """The contract."""

    def test_asked_accepted_cut_over(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        (asked,) = [each for each in ours.requests() if each.porting.port_id == port_id]
        assert (asked.code, asked.holder, asked.porting.e164) == (CODE, HOLDER, e164)
        assert CODE not in repr(asked)
        found = ours.accept(port_id, NOW)
        assert (found.state, found.cut_over_at) == ("scheduled", NOW)
        assert port_id not in waiting(ours)
        assert backstage.owner(e164) == "ours"
        assert theirs.cut_over(port_id).state == "ported"
        assert backstage.owner(e164) == "theirs"
        assert ours.ask(port_id).state == theirs.ask(port_id).state == "ported"

    def test_each_call_may_be_repeated(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        assert theirs.request(PortRequest(port_id, e164, CODE, HOLDER)).state == "requested"
        assert len([each for each in ours.requests() if each.porting.port_id == port_id]) == 1
        first = ours.accept(port_id, NOW)
        assert ours.accept(port_id, NOW + timedelta(days=9)) == first
        assert ours.reject(port_id, "code_refused") == first
        assert theirs.request(PortRequest(port_id, e164, CODE, HOLDER)) == first
        ported = theirs.cut_over(port_id)
        assert theirs.cut_over(port_id) == ported == ours.cancel(port_id) == theirs.cancel(port_id)
        assert backstage.owner(e164) == "theirs"

    def test_an_id_is_one_porting(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        with pytest.raises(PortingUnknown):
            theirs.request(PortRequest(port_id, e164, "another code", HOLDER))
        assert theirs.ask(port_id).state == "requested"

    def test_rejected_with_a_reason(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        found = ours.reject(port_id, "code_refused")
        assert (found.state, found.reason) == ("rejected", "code_refused")
        assert theirs.ask(port_id) == found == theirs.cut_over(port_id)
        assert port_id not in waiting(ours)
        assert backstage.owner(e164) == "ours"

    @pytest.mark.parametrize("who", ["ours", "theirs"])
    @pytest.mark.parametrize("accepted", [True, False])
    def test_taken_back_by_either(
        self,
        who: str,
        accepted: bool,
        ours: ClearingHouse,
        theirs: ClearingHouse,
        backstage: Backstage,
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        if accepted:
            ours.accept(port_id, NOW)
        assert {"ours": ours, "theirs": theirs}[who].cancel(port_id).state == "cancelled"
        assert theirs.cut_over(port_id).state == ours.accept(port_id, NOW).state == "cancelled"
        assert port_id not in waiting(ours)
        assert backstage.owner(e164) == "ours"

    def test_not_before_its_date(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        ours.accept(port_id, NOW + timedelta(days=1))
        assert theirs.cut_over(port_id).state == "scheduled"
        assert backstage.owner(e164) == "ours"

    def test_returned_by_the_recipient_after_the_cut_over(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        ours.accept(port_id, NOW)
        assert theirs.return_number(port_id).state == "scheduled", "there is nothing to give back"
        theirs.cut_over(port_id)
        assert ours.return_number(port_id).state == "not_found", "only the recipient can"
        assert backstage.owner(e164) == "theirs"
        backstage.swallow_call()
        with pytest.raises(PortingUnknown):
            theirs.return_number(port_id)
        assert theirs.ask(port_id).state == "ported"
        backstage.swallow_answer()
        with pytest.raises(PortingUnknown):
            theirs.return_number(port_id)
        found = theirs.return_number(port_id)
        assert (found.state, found.reason, backstage.owner(e164)) == ("returned", "", "ours")
        calls = (theirs.cut_over, theirs.cancel, theirs.ask, ours.ask)
        assert {call(port_id) for call in calls} == {found}
        assert backstage.owner(e164) == "ours"
        again = theirs.request(PortRequest(uuid4(), e164, CODE, HOLDER))
        assert again.state == "requested", "it may come another time"

    def test_one_porting_of_a_number_at_a_time(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        _, e164 = theirs_asked(ours, theirs, backstage)
        second = theirs.request(PortRequest(uuid4(), e164, CODE, HOLDER))
        assert (second.state, second.reason) == ("rejected", "already_leaving")

    def test_a_number_that_nobody_has_and_ones_own(
        self, ours: ClearingHouse, backstage: Backstage
    ) -> None:
        own = next(NUMBERS)
        backstage.give(own, "ours")
        for e164 in (next(NUMBERS), own):
            found = ours.request(PortRequest(uuid4(), e164, CODE))
            assert (found.state, found.reason) == ("rejected", "number_unknown")

    def test_only_the_donor_answers_and_only_the_recipient_cuts_over(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        assert theirs.accept(port_id, NOW).state == "not_found"
        ours.accept(port_id, NOW)
        assert ours.cut_over(port_id).state == "not_found"
        assert backstage.owner(e164) == "ours"

    def test_what_was_never_seen(self, ours: ClearingHouse) -> None:
        unseen = uuid4()
        calls = (
            *(ours.ask, ours.cancel, ours.cut_over, ours.return_number),
            lambda one: ours.accept(one, NOW),
        )
        assert {call(unseen) for call in calls} == {Porting(unseen, 0, "not_found")}

    def test_a_lost_answer_and_a_lost_call(
        self, ours: ClearingHouse, theirs: ClearingHouse, backstage: Backstage
    ) -> None:
        port_id, e164 = theirs_asked(ours, theirs, backstage)
        backstage.swallow_call()
        with pytest.raises(PortingUnknown):
            ours.accept(port_id, NOW)
        assert ours.ask(port_id).state == "requested"
        backstage.swallow_answer()
        with pytest.raises(PortingUnknown):
            ours.accept(port_id, NOW)
        assert ours.ask(port_id).state == "scheduled"
        backstage.swallow_answer()
        with pytest.raises(PortingUnknown):
            theirs.cut_over(port_id)
        assert theirs.cut_over(port_id).state == "ported"
        assert backstage.owner(e164) == "theirs"

    def test_it_has_nothing_to_complain_of(self, ours: ClearingHouse) -> None:
        assert ours.complaints() == []
