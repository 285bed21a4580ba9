"""The page on which a holder shows who they are, and the purchase that asks for it."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from keepline.accounts.models import IdentityCheck, Membership
from tests.cast import Cast
from tests.flows.checking import demanded
from tests.identity import ScriptedChecker, checker
from tests.sessions import signed_in

__all__ = ["checker"]
pytestmark = pytest.mark.django_db
PAGE = "/account/identity/"


def body(client: Client, url: str = PAGE) -> str:
    answer = client.get(url, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def back(check_id: UUID | None = None) -> str:
    """Where the provider leads back to, of the check that was begun last."""
    return f"{PAGE}back/{check_id or IdentityCheck.objects.latest('id').id}/"


def test_whoever_goes_on_here_comes_back_here(
    alice: Client, stage: Cast, checker: ScriptedChecker
) -> None:
    alice.post(PAGE)
    IdentityCheck.objects.update(return_url="https://partner.example/checked")
    alice.post(PAGE)
    assert IdentityCheck.objects.get().return_url == ""


def decided(checker: ScriptedChecker, result: str, **facts: object) -> None:
    checker.decide(IdentityCheck.objects.get(state="pending").id, result, **facts)


def test_a_purchase_asks_for_it_and_goes_on(
    alice: Client, stage: Cast, checker: ScriptedChecker
) -> None:
    demanded()
    page = body(alice, f"/buy/{stage.plan.code}/")
    assert "How it goes" in page
    assert "Begin the check" in page
    asked = alice.post(PAGE)
    assert asked.status_code == 200
    on = asked.content.decode()
    assert "Go to id.example" in on
    assert f'href="https://id.example/checks/{IdentityCheck.objects.get().id}"' in on
    assert 'rel="noreferrer"' in on
    waits = body(alice)
    assert "The result is not here yet" in waits
    assert 'hx-trigger="every 5s"' in waits
    decided(checker, "verified")
    done = body(alice, back())
    assert "You showed who you are" in done
    assert f'href="/buy/{stage.plan.code}/"' in done
    assert "hx-trigger" not in done
    bought = alice.get(f"/buy/{stage.plan.code}/", follow=True)
    assert bought.redirect_chain[-1][0].startswith(f"/buy/{stage.plan.code}/?key=")


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("unreadable", "Try again in good light"),
        ("too_young", "of the age that the law wants"),
        ("other", "The check did not go through."),
    ],
)
def test_a_refusal_says_why_and_what_to_do(
    reason: str, says: str, alice: Client, stage: Cast, checker: ScriptedChecker
) -> None:
    alice.post(PAGE)
    decided(checker, "refused", reason=reason)
    page = body(alice, back())
    assert says in page
    assert "Try again" in page
    for _ in range(2):
        alice.post(PAGE)
        decided(checker, "refused", reason=reason)
        alice.get(back())
    page = body(alice)
    assert "You can try again from" in page
    assert '<form method="post" class="btn-row"' not in page
    assert alice.post(PAGE).status_code == 429
    assert stage.account.id == IdentityCheck.objects.first().account_id  # type: ignore[union-attr]


def test_a_silent_provider_is_said(alice: Client, stage: Cast, checker: ScriptedChecker) -> None:
    checker.deaf = True
    answer = alice.post(PAGE)
    assert answer.status_code == 503
    assert "cannot be reached right now" in answer.content.decode()
    assert "Go on with the check" in body(alice)


def test_without_a_provider_it_is_said(alice: Client, stage: Cast) -> None:
    assert "No check can be made right now" in body(alice)
    assert alice.post(PAGE).status_code == 503
    assert PAGE not in body(alice, "/account/")


def test_only_who_manages_the_account(alice: Client, stage: Cast, checker: ScriptedChecker) -> None:
    assert f'href="{PAGE}"' in body(alice, "/account/")
    bob = signed_in("bob@example.com")
    Membership.objects.filter(user=stage.bob).update(role="spend")
    assert PAGE not in body(bob, "/account/")
    for answer in (bob.get(PAGE), bob.post(PAGE), bob.get(back(uuid4()), follow=True)):
        assert answer.status_code == 403
    demanded()
    refused = bob.get(f"/buy/{stage.plan.code}/?key=0123456789abcdef")
    assert refused.status_code == 403
    assert "show who they are" in refused.content.decode()
    assert not IdentityCheck.objects.exists()


def test_a_plan_that_is_none_is_not_kept(
    alice: Client, stage: Cast, checker: ScriptedChecker
) -> None:
    body(alice, f"{PAGE}?plan=%3Cscript%3E")
    assert "identity_for" not in alice.session
