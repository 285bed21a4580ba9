"""An account is read with the user who looks at it."""

import pytest

from keepline.flows.show_account import show_account
from tests.cast import assemble

pytestmark = pytest.mark.django_db


def test_a_member_sees_the_account_and_themselves() -> None:
    cast = assemble()
    view = show_account(cast.account.id, cast.bob.pk)
    assert (view.account, view.user) == (cast.account, cast.bob)
