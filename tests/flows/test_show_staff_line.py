"""show_staff_line: a line as its holder sees it, with who did what to it."""

from uuid import uuid4

import pytest

from keepline.flows.block_line import block
from keepline.flows.errors import FlowRefused
from keepline.flows.show_staff_line import show_staff_line
from tests.cast import NOW
from tests.flows.changing import numbered

pytestmark = pytest.mark.django_db


def test_the_line_and_what_was_done_to_it() -> None:
    cast, *_ = numbered()
    before = show_staff_line(cast.line.id, NOW)
    assert (before.acts, before.holder, before.view.blockable) == ([], cast.account.name, True)
    block(cast.account.id, cast.line.id, "staff:9", NOW, "stolen: knew the PUK")
    shown = show_staff_line(cast.line.id, NOW)
    assert (shown.view.lost, shown.account_id) == (True, cast.account.id)
    (act,) = shown.acts
    assert (act.action, act.actor) == ("line.blocked", "staff:9")
    assert act.reason == "stolen: knew the PUK"


def test_there_is_no_such_line() -> None:
    with pytest.raises(FlowRefused, match="not_found"):
        show_staff_line(uuid4(), NOW)
