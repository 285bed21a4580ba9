"""show_accounts: those of a user, and those on file for them, which tell little before."""

import pytest

from keepline.accounts.models import Role
from keepline.flows.show_accounts import OnFile, OwnAccount, show_accounts
from tests.cast import NOW, assemble, person
from tests.flows.claiming import unclaimed

pytestmark = pytest.mark.django_db


def test_each_says_how_many_lines_live() -> None:
    cast = assemble()
    own = OwnAccount(cast.account.id, cast.account.name, Role.OWNER, lines=1)
    assert show_accounts(cast.alice, NOW).own == [own]
    assert show_accounts(cast.charlie, NOW).own == [
        OwnAccount(cast.other_account.id, cast.other_account.name, Role.OWNER, lines=0)
    ]


def test_what_is_on_file_has_no_name_yet() -> None:
    kept = unclaimed("erika@example.com")
    view = show_accounts(person("erika"), NOW)
    assert (view.own, view.on_file) == ([], [OnFile(kept.account.id, lines=1)])
