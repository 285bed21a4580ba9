"""reveal_port_code: after the cooling-off, with a trace, and to nobody else."""

import re
from datetime import timedelta

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.authorise_port import authorise
from keepline.flows.errors import FlowRefused
from keepline.flows.keep_number import keep
from keepline.flows.reveal_port_code import reveal
from keepline.porting import codes
from tests.cast import Cast
from tests.flows.leaving import ASKED, DAY, READY, settled, way_out, with_code
from tests.porting import ScriptedHouse

pytestmark = pytest.mark.django_db


def refused(cast: Cast, now: object) -> str:
    with pytest.raises(FlowRefused) as refusal:
        reveal(cast.account.id, cast.line.id, "user:1", now)  # type: ignore[arg-type]
    return refusal.value.code


def test_shown_after_the_cooling_off_and_written_down(house: ScriptedHouse) -> None:
    cast = settled(house)
    assert refused(cast, ASKED) == "change_refused"
    authorise(cast.account.id, cast.line.id, "user:1", ASKED)
    assert refused(cast, READY - timedelta(seconds=1)) == "port_code_not_ready"
    code = reveal(cast.account.id, cast.line.id, "user:7", READY)
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{4}(-[2-9A-HJKMNP-Z]{4}){2}", code)
    assert reveal(cast.account.id, cast.line.id, "user:7", READY + DAY) == code
    seen = AuditEvent.objects.filter(action="port.code_shown")
    assert [(event.actor, event.subject_id) for event in seen] == [("user:7", cast.line.id)] * 2
    assert not AuditEvent.objects.filter(facts__icontains=code).exists()
    assert way_out(cast).shown_at == READY
    assert refused(cast, READY + 30 * DAY) == "change_refused"


def test_taken_back_it_is_not_shown(house: ScriptedHouse) -> None:
    cast = settled(house)
    with_code(cast)
    keep(cast.account.id, cast.line.id, "user:1", READY)
    assert refused(cast, READY) == "change_refused"


def test_a_stranger(house: ScriptedHouse) -> None:
    cast = settled(house)
    with_code(cast)
    with pytest.raises(FlowRefused, match="not_found"):
        reveal(cast.other_account.id, cast.line.id, "user:1", READY)


def test_codes_are_compared_as_people_write_them() -> None:
    code = codes.made()
    assert codes.same(code, code.lower().replace("-", " "))
    assert not codes.same(code, code[:-1])
    assert not codes.same(code, "")
    assert not codes.same("", code)
