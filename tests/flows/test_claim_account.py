"""claim_account: an imported account goes to whoever has shown its contact to be theirs."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from keepline.accounts import claims
from keepline.accounts.models import Account, Membership, Role, User
from keepline.accounts.queries import membership_of
from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.line import LineState
from keepline.core.telling import TO_CONTACTS
from keepline.flows import renew_line
from keepline.flows.change_phone import change_phone
from keepline.flows.claim_account import accounts_on_file, claim
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import demand_settled_contacts
from keepline.gateways import switchboard
from keepline.lines.models import Validity
from keepline.messages import services as outbox
from keepline.messages.inbox_models import ReceivedMessage
from keepline.messages.models import Delivery, Outbox
from tests.cast import NOW, Cast, account, person
from tests.doubles import Mailbox
from tests.flows.acts import request
from tests.flows.at_once import at_once
from tests.flows.claiming import unclaimed
from tests.flows.inboxes import E164, arrives, numbered, take
from tests.telling import tell_all

pytestmark = pytest.mark.django_db
MAIL, PHONE = "erika@example.com", f"+{E164}"


@pytest.fixture
def mailbox() -> Mailbox:
    box = Mailbox()
    switchboard.connect("email", lambda: box)
    return box


def on_file(user: User) -> list[UUID]:
    return [each.id for each in accounts_on_file(User.objects.get(pk=user.pk), NOW)]


def refused(user: User, account_id: UUID) -> None:
    before = list(Membership.objects.values_list("user", "account_id", "role"))
    with pytest.raises(FlowRefused, match="not_found"):
        claim(user.pk, account_id, NOW)
    assert list(Membership.objects.values_list("user", "account_id", "role")) == before
    assert not AuditEvent.objects.filter(action="account.claimed").exists()


def test_a_verified_e_mail_opens_it() -> None:
    cast, erika = unclaimed(MAIL), person("erika")
    account(erika)
    assert on_file(erika) == [cast.account.id]
    claim(erika.pk, cast.account.id, NOW)
    member = membership_of(erika.pk)
    assert member is not None
    assert (member.account_id, member.role) == (cast.account.id, Role.OWNER)
    event = AuditEvent.objects.get(action="account.claimed")
    assert (event.actor, event.account_id) == (f"user:{erika.pk}", cast.account.id)
    assert on_file(erika) == []


def test_pressed_twice_it_is_done_once() -> None:
    cast, erika = unclaimed(MAIL), person("erika")
    claim(erika.pk, cast.account.id, NOW)
    claim(erika.pk, cast.account.id, NOW)
    assert AuditEvent.objects.filter(action="account.claimed").count() == 1
    assert Outbox.objects.count() == 1


def test_numbers_and_sims_wait_then() -> None:
    cast, erika = unclaimed(MAIL), person("erika")
    claim(erika.pk, cast.account.id, NOW)
    with pytest.raises(FlowRefused, match="contacts_changed"):
        demand_settled_contacts(cast.account.id, NOW)


def test_the_new_owner_is_told_and_renews(mailbox: Mailbox) -> None:
    cast, erika = unclaimed(MAIL), person("erika")
    claim(erika.pk, cast.account.id, NOW)
    tell_all(NOW)
    (letter,) = mailbox.sent
    assert letter.to == MAIL
    assert "is yours now" in letter.subject
    assert "change your password" in letter.text
    assert "/account/notices/" in letter.text
    renew_line.start(request(cast), NOW)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda _: EmailAddress.objects.update(verified=False), id="not-verified"),
        pytest.param(
            lambda cast: Account.objects.filter(id=cast.account.id).update(contact_email="x@x.org"),
            id="another-address",
        ),
        pytest.param(
            lambda cast: Account.objects.filter(id=cast.account.id).update(closed_at=NOW),
            id="closed",
        ),
        pytest.param(
            lambda cast: Account.objects.filter(id=cast.account.id).update(external_ref=None),
            id="not-imported",
        ),
        pytest.param(
            lambda cast: Membership.objects.create(
                user=cast.bob, account_id=cast.account.id, role=Role.SEE
            ),
            id="somebody-is-there",
        ),
    ],
)
def test_anything_else_opens_nothing(spoil) -> None:  # type: ignore[no-untyped-def]
    cast, erika = unclaimed(MAIL), person("erika")
    spoil(cast)
    assert on_file(erika) == []
    refused(erika, cast.account.id)


def by_phone() -> tuple[Cast, User]:
    return numbered(unclaimed(phone=PHONE)), shown("erika")


def shown(name: str, at: datetime = NOW) -> User:
    """A code reached them at the number then."""
    return person(name, phone=PHONE, phone_shown_at=at)


def test_a_phone_that_is_a_line_of_the_account_opens_it() -> None:
    cast, erika = by_phone()
    claim(erika.pk, cast.account.id, NOW)
    assert Membership.objects.get(account_id=cast.account.id).user == erika


def test_a_phone_that_was_shown_before_the_account_came_opens_nothing() -> None:
    """It may have been somebody else's since."""
    cast = numbered(unclaimed(phone=PHONE))
    hans = shown("hans", at=cast.account.opened_at - timedelta(days=1))
    assert on_file(hans) == []
    refused(hans, cast.account.id)
    change_phone(hans.pk, PHONE, NOW)
    assert on_file(hans) == [cast.account.id]


def test_what_came_before_is_erased() -> None:
    cast, erika = numbered(unclaimed(MAIL)), person("erika")
    arrives()
    claim(erika.pk, cast.account.id, NOW)
    assert not ReceivedMessage.objects.exists()
    arrives()
    assert ReceivedMessage.objects.get().account_id == cast.account.id


def test_a_phone_that_left_the_account_opens_nothing() -> None:
    """Whoever has the number now may be anybody."""
    cast, erika = by_phone()
    take(E164, NOW)
    assert on_file(erika) == []
    refused(erika, cast.account.id)


def test_a_phone_on_file_that_is_no_line_of_it_opens_nothing() -> None:
    cast, erika = unclaimed(phone=PHONE), shown("erika")
    assert on_file(erika) == []
    refused(erika, cast.account.id)


def test_somebody_elses_line_opens_nothing() -> None:
    """A fleet's phones are in many hands: the number must be the contact on file as well."""
    cast, erika = numbered(unclaimed(MAIL)), shown("driver")
    assert on_file(erika) == []
    refused(erika, cast.account.id)


def test_both_ways_show_it_once() -> None:
    cast = numbered(unclaimed(MAIL, PHONE))
    assert on_file(shown("erika")) == [cast.account.id]


def test_reading_is_a_few_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for n in range(4):
        unclaimed(MAIL, suffix=str(n))
    erika = shown("erika")
    with django_assert_max_num_queries(4):
        assert len(accounts_on_file(erika, NOW)) == 4


def test_of_many_the_next_few_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "AT_ONCE", 2)
    kept = [unclaimed(MAIL, suffix=str(n)).account.id for n in range(3)]
    erika = person("erika")
    first = on_file(erika)
    assert first == sorted(kept)[:2]
    claim(erika.pk, first[0], NOW)
    assert on_file(erika) == sorted(kept)[1:]


def test_it_is_found_by_the_index_of_what_is_on_file() -> None:
    erika = person("erika")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(connection) as seen:
        accounts_on_file(erika, NOW)
    (query,) = (each["sql"] for each in seen if "contact_email" in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        assert "account_on_file" in "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_one_is_the_owner() -> None:
    cast = numbered(unclaimed(MAIL, PHONE))
    by_mail, by_number = person("erika"), shown("hans")
    calls = [
        lambda user=user: claim(user.pk, cast.account.id, NOW) for user in (by_mail, by_number)
    ]
    answers = at_once(calls * 3)
    assert sum(each is None for each in answers) == 3  # one of them, three times
    assert all(isinstance(each, FlowRefused) for each in answers if each is not None)
    assert Membership.objects.filter(account_id=cast.account.id).count() == 1


def say(cast: Cast, kind: str) -> None:
    outbox.put_all([(kind, cast.account.id, cast.line.id)], NOW)


def test_letters_go_to_the_address_on_file_until_then(mailbox: Mailbox) -> None:
    cast = unclaimed(MAIL)
    say(cast, "line.expiry_near")
    tell_all(NOW)
    (letter,) = mailbox.sent
    assert letter.to == MAIL
    assert "is valid until" in letter.text
    assert "/account/accounts/" in letter.text
    assert f"/lines/{cast.line.id}/" not in letter.text
    assert "/account/notices/" not in letter.text + letter.html
    assert letter.unsubscribe is None
    assert Delivery.objects.get().recipient == f"contact:{cast.account.id}"
    say(cast, "line.expired")
    claim(person("erika").pk, cast.account.id, NOW)
    tell_all(NOW)
    assert {each.to for each in mailbox.sent} == {MAIL}
    assert {row.recipient.partition(":")[0] for row in Delivery.objects.all()[1:]} == {"user"}


def test_many_lines_are_one_letter(mailbox: Mailbox) -> None:
    cast = unclaimed(MAIL)
    for _ in range(3):
        say(cast, "line.expiry_near")
    tell_all(NOW)
    (letter,) = mailbox.sent
    assert letter.text.count("/account/accounts/") == 1
    assert "/lines/" not in letter.text + letter.html


def test_no_amounts_and_no_confirmations_go_there(mailbox: Mailbox) -> None:
    cast = unclaimed(MAIL)
    renew_line.start(request(cast), NOW)
    tell_all(NOW)
    assert mailbox.sent == []
    assert set(Outbox.objects.values_list("outcome", flat=True)) == {"not_wanted"}
    assert TO_CONTACTS.isdisjoint({"line.renewed", "line.bought", "order.refunded"})


def test_what_was_sent_there_is_a_warning(mailbox: Mailbox) -> None:
    late = {"state": LineState.SUSPENDED, "valid_until": NOW - timedelta(days=40)}
    cast = unclaimed(MAIL, line_fields=late)
    say(cast, "line.suspended")
    tell_all(NOW)
    assert len(mailbox.sent) == 1
    assert Validity.objects.by_id(cast.line.id).warned_at is not None


def test_a_language_that_is_not_spoken_is_english(mailbox: Mailbox) -> None:
    cast = unclaimed(MAIL)
    Account.objects.filter(id=cast.account.id).update(language="fr")
    say(cast, "line.blocked")
    tell_all(NOW)
    assert mailbox.sent[0].subject == "Your line is blocked"


def test_an_account_without_an_address_reaches_nobody(mailbox: Mailbox) -> None:
    cast = unclaimed(phone=PHONE)
    say(cast, "line.blocked")
    tell_all(NOW)
    assert mailbox.sent == []
    assert Outbox.objects.get().outcome == "no_address"
