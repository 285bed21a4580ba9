"""What every SM-DP+ behind the port must keep. Subclassed by each adapter's test.

The subclass gives two fixtures: `smdp`, the adapter, and `backstage`, who fills the SM-DP+'s stock,
looks behind its curtain and makes calls fail.
"""

from dataclasses import replace
from typing import Protocol
from uuid import uuid4

import pytest

from keepline.gateways.esim.port import (
    CancelRequest,
    Confirmed,
    ConfirmRequest,
    Done,
    DownloadRequest,
    EsimUnknown,
    Refused,
    ReleaseRequest,
    Reserved,
    SmdpPlus,
)
from tests.gateways.iccids import an_eid, an_iccid


class Backstage(Protocol):
    """The SM-DP+ from behind."""

    def stock(self, profile_type: str, how_many: int = 1) -> list[str]:
        """Puts fresh profiles in stock; their ICCIDs."""
        ...

    def state_of(self, iccid: str) -> str:
        """The profile's state in SGP.22's word."""
        ...

    def matching_id_of(self, iccid: str) -> str | None:
        """What the SM-DP+ has for the profile."""
        ...

    def swallow_answer(self) -> None:
        """The next call is carried out, its answer lost."""
        ...

    def swallow_call(self) -> None:
        """The next call is lost, and so is its answer."""
        ...

    def refuse(self, subject_code: str, reason_code: str) -> None:
        """The next call fails with these codes, over HTTP 200."""
        ...


def a_type() -> str:
    """A profile type that no other test has."""
    return f"type-{uuid4()}"


def a_matching_id() -> str:
    return uuid4().hex.upper()


def ordered(smdp: SmdpPlus, backstage: Backstage, eid: str | None = None) -> str:
    """The ICCID of a profile that is reserved."""
    (iccid,) = backstage.stock(a_type())
    assert smdp.order_download(DownloadRequest(uuid4(), iccid, eid=eid)) == Reserved(iccid)
    return iccid


def confirmation(iccid: str, release: bool = False, eid: str | None = None) -> ConfirmRequest:
    return ConfirmRequest(uuid4(), iccid, release, a_matching_id(), "1234", eid)


class EsimContract:
    """The contract."""

    def test_ordered_confirmed_released(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        iccid = ordered(smdp, backstage)
        assert backstage.state_of(iccid) == "Allocated"
        asked = confirmation(iccid)
        confirmed = smdp.confirm(asked)
        assert isinstance(confirmed, Confirmed)
        assert confirmed.matching_id == asked.matching_id == backstage.matching_id_of(iccid)
        assert backstage.state_of(iccid) == "Confirmed"
        assert smdp.release(ReleaseRequest(uuid4(), iccid)) == Done()
        assert backstage.state_of(iccid) == "Released"

    def test_released_at_once_for_a_device(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        eid = an_eid()
        iccid = ordered(smdp, backstage, eid)
        assert backstage.state_of(iccid) == "Linked"
        assert isinstance(smdp.confirm(confirmation(iccid, release=True, eid=eid)), Confirmed)
        assert backstage.state_of(iccid) == "Released"

    def test_any_profile_of_a_type(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        wanted = a_type()
        stocked = backstage.stock(wanted, 2)
        answers = [
            smdp.order_download(DownloadRequest(uuid4(), profile_type=wanted)) for _ in range(3)
        ]
        reserved = [answer.iccid for answer in answers if isinstance(answer, Reserved)]
        assert sorted(reserved) == sorted(stocked)
        assert isinstance(answers[2], Refused)
        assert (answers[2].kind, answers[2].code) == ("type_exhausted", "8.2.5/3.7")

    def test_a_matching_id_of_theirs(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        iccid = ordered(smdp, backstage)
        confirmed = smdp.confirm(ConfirmRequest(uuid4(), iccid, release=True))
        assert isinstance(confirmed, Confirmed)
        assert confirmed.matching_id
        assert confirmed.matching_id == backstage.matching_id_of(iccid)

    @pytest.mark.parametrize("places", [18, 19, 20])
    def test_every_length_of_iccid(self, smdp: SmdpPlus, backstage: Backstage, places: int) -> None:
        unknown = an_iccid(places)
        answer = smdp.order_download(DownloadRequest(uuid4(), unknown))
        assert isinstance(answer, Refused)
        assert (answer.kind, answer.code) == ("profile_unknown", "8.2.1/3.9")

    def test_same_call_twice_happens_once(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        wanted = a_type()
        first, second = backstage.stock(wanted, 2)
        request = DownloadRequest(uuid4(), profile_type=wanted)
        answer = smdp.order_download(request)
        assert smdp.order_download(request) == answer
        assert sorted(map(backstage.state_of, (first, second))) == ["Allocated", "Available"]

    def test_a_repeat_stays_true_after_the_profile_moved_on(
        self, smdp: SmdpPlus, backstage: Backstage
    ) -> None:
        iccid = ordered(smdp, backstage)
        asked = confirmation(iccid)
        first = smdp.confirm(asked)
        cancelled = CancelRequest(uuid4(), iccid, "Available", asked.matching_id)
        assert smdp.cancel(cancelled) == Done()
        assert smdp.confirm(asked) == first
        assert backstage.state_of(iccid) == "Available"  # the repeat did not confirm it again

    def test_one_call_id_is_one_call(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        iccid = ordered(smdp, backstage)
        asked = confirmation(iccid)
        smdp.confirm(asked)
        assert isinstance(smdp.confirm(replace(asked, matching_id=a_matching_id())), Refused)
        assert backstage.matching_id_of(iccid) == asked.matching_id

    def test_lost_answer_is_unknown_and_repeated(
        self, smdp: SmdpPlus, backstage: Backstage
    ) -> None:
        iccid = ordered(smdp, backstage)
        asked = confirmation(iccid)
        backstage.swallow_answer()
        with pytest.raises(EsimUnknown):
            smdp.confirm(asked)
        assert backstage.state_of(iccid) == "Confirmed"
        assert isinstance(smdp.confirm(asked), Confirmed)
        assert backstage.matching_id_of(iccid) == asked.matching_id

    def test_lost_call_is_unknown_and_repeated(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        iccid = ordered(smdp, backstage)
        asked = confirmation(iccid)
        backstage.swallow_call()
        with pytest.raises(EsimUnknown):
            smdp.confirm(asked)
        assert backstage.state_of(iccid) == "Allocated"
        assert isinstance(smdp.confirm(asked), Confirmed)

    @pytest.mark.parametrize("final", ["Available", "Unavailable"])
    def test_cancelled(self, smdp: SmdpPlus, backstage: Backstage, final: str) -> None:
        iccid = ordered(smdp, backstage)
        asked = confirmation(iccid, release=True)
        smdp.confirm(asked)
        request = CancelRequest(uuid4(), iccid, final, asked.matching_id)  # type: ignore[arg-type]
        assert smdp.cancel(request) == Done()
        assert backstage.state_of(iccid) == final
        assert backstage.matching_id_of(iccid) is None

    def test_refusals_change_nothing(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        eid = an_eid()
        iccid = ordered(smdp, backstage, eid)
        cases = [
            (smdp.order_download(DownloadRequest(uuid4(), iccid)), "in_use"),
            (smdp.confirm(confirmation(iccid, eid=an_eid())), "other_device"),
            (smdp.release(ReleaseRequest(uuid4(), iccid)), "wrong_state"),
            (
                smdp.cancel(CancelRequest(uuid4(), iccid, "Available", a_matching_id())),
                "other_matching_id",
            ),
        ]
        assert [getattr(answer, "kind", answer) for answer, _ in cases] == [k for _, k in cases]
        assert backstage.state_of(iccid) == "Linked"

    def test_a_matching_id_belongs_to_one(self, smdp: SmdpPlus, backstage: Backstage) -> None:
        first, second = ordered(smdp, backstage), ordered(smdp, backstage)
        asked = confirmation(first)
        smdp.confirm(asked)
        other = replace(confirmation(second), matching_id=asked.matching_id)
        answer = smdp.confirm(other)
        assert isinstance(answer, Refused)
        assert answer.kind == "matching_id_taken"

    @pytest.mark.parametrize(
        ("subject", "reason", "kind", "temporary"),
        [
            ("8.2.5", "3.7", "type_exhausted", False),
            ("8.1.1", "3.9", "device_unknown", False),
            ("8.2.5", "3.8", "type_mismatch", False),
            ("1.1", "3.9", "not_allowed", False),
            ("8.9", "4.2", "discovery_failed", False),
            ("8.8.5", "4.10", "trouble", True),  # from here on, codes that are in no table
            ("9.9", "5.1", "trouble", True),
            ("8.2.1", "1.1", "not_allowed", False),
            ("8.2.1", "2.1", "malformed", False),
            ("8.2.1", "3.99", "other", False),
            ("8.2.1", "7", "other", False),
        ],
    )
    def test_failed_is_no_success_whatever_its_codes(
        self,
        smdp: SmdpPlus,
        backstage: Backstage,
        subject: str,
        reason: str,
        kind: str,
        temporary: bool,
    ) -> None:
        (iccid,) = backstage.stock(a_type())
        backstage.refuse(subject, reason)
        answer = smdp.order_download(DownloadRequest(uuid4(), iccid))
        assert isinstance(answer, Refused)
        assert (answer.kind, answer.code) == (kind, f"{subject}/{reason}")
        assert answer.temporary is temporary
        assert backstage.state_of(iccid) == "Available"
