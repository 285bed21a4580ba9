"""reveal_profile: no code without an event in the trail, none that a phone cannot use."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from keepline.audit.models import AuditEvent
from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_profile import follow_profile
from keepline.flows.reveal_profile import Viewer, reveal_activation, reveal_confirmation
from keepline.inventory import queries as stock
from keepline.inventory.models import Profile
from tests.cast import NOW
from tests.doubles import ScriptedSmdp
from tests.flows.buying import request, stocked
from tests.flows.test_follow_profile import INSTALLED, told

pytestmark = pytest.mark.django_db


def test_the_code_is_shown_from_ready_to_installed(smdp: ScriptedSmdp) -> None:
    cast, *_ = stocked()
    started = buy_line.start(request(cast), NOW)
    line_id, viewer = started.order.served_line, Viewer(cast.account.id, "user:1")
    with pytest.raises(FlowRefused, match="esim_not_ready"):
        reveal_activation(line_id, viewer, NOW)
    assert not AuditEvent.objects.filter(action="profile.code_shown").exists()
    advance(started.order_id, "en", NOW)
    with capture_logs() as logged:
        code = reveal_activation(line_id, viewer, NOW)
        reveal_activation(line_id, Viewer(cast.account.id, "user:2"), NOW + timedelta(days=1))
    profile = Profile.objects.get(line_id=line_id)
    assert code == stock.activation_code_of(profile)
    assert profile.code_shown_at == NOW
    (event,) = AuditEvent.objects.filter(action="profile.code_shown")
    assert (event.actor, event.subject_id, event.occurred_at) == ("user:1", line_id, NOW)
    assert code.matching_id not in f"{event.facts} {logged}"
    with pytest.raises(FlowRefused, match="not_found"):
        reveal_confirmation(line_id, viewer, NOW)
    with pytest.raises(FlowRefused, match="not_found"):
        reveal_activation(line_id, Viewer(cast.other_account.id, "user:3"), NOW)
    follow_profile(told(profile.iccid, INSTALLED), NOW)
    for reveal in (reveal_activation, reveal_confirmation):
        with pytest.raises(FlowRefused, match="esim_not_ready"):
            reveal(line_id, viewer, NOW)  # type: ignore[operator]
