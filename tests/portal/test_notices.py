"""The page of choices, the list of what was sent, and the one click in a letter."""

import pytest
from django.test import Client

from keepline.core.telling import QuietHours, Topic
from keepline.flows.telling.passes import unsubscribe_pass
from keepline.messages import services as outbox
from keepline.messages.models import Preferences
from keepline.messages.preferences import wishes_of
from tests.cast import NOW, Cast
from tests.telling import tell

pytestmark = pytest.mark.django_db(transaction=True)


def test_boxes_are_saved(stage: Cast, alice: Client) -> None:
    page = alice.get("/account/notices/").content.decode()
    assert page.count('type="checkbox"') == len(Topic) * (page.count('<th scope="col">') - 1)
    assert page.count('name="email:') == len(Topic)
    before = page.count(" checked")
    ticked = {f"email:{topic}": "on" for topic in Topic if topic is not Topic.REMINDERS}
    form = ticked | {"quiet_from": "1320", "quiet_until": "420"}
    assert alice.post("/account/notices/", form).status_code == 302
    wishes = wishes_of(stage.alice.pk)
    assert wishes.choices.said["email", Topic.REMINDERS] is False
    assert wishes.choices.quiet == QuietHours(1320, 420)
    page = alice.get("/account/notices/").content.decode()
    assert page.count(" checked") == len(Topic) - 1 < before
    assert '<option value="1320" selected>' in page


@pytest.mark.parametrize("bad", [{"quiet_from": "7"}, {"quiet_until": "1440"}, {"quiet_from": ""}])
def test_a_time_that_is_not_offered_changes_nothing(
    stage: Cast, alice: Client, bad: dict[str, str]
) -> None:
    form = {"quiet_from": "0", "quiet_until": "0"} | bad
    assert alice.post("/account/notices/", form).status_code == 422
    assert Preferences.objects.count() == 0


def test_what_was_sent_is_listed_without_its_words(stage: Cast, alice: Client) -> None:
    assert "Nothing was sent yet" in alice.get("/account/notices/sent/").content.decode()
    outbox.put_all([("line.blocked", stage.account.id, stage.line.id)], NOW)
    tell(NOW)
    page = alice.get("/account/notices/sent/").content.decode()
    assert "Your line is blocked" in page
    assert "sent" in page
    for odd in ("?line=x", "?before=x", f"?line={stage.account.id}"):
        assert alice.get(f"/account/notices/sent/{odd}").status_code == 200


def test_a_link_is_safe_to_open_and_a_post_ends_it(stage: Cast) -> None:
    """Without signing in and without a CSRF token, as mail programs do it."""
    link = f"/unsubscribe/{unsubscribe_pass(f'user:{stage.alice.pk}', Topic.REMINDERS)}/"
    visitor = Client(enforce_csrf_checks=True)
    assert "Reminders" in visitor.get(link).content.decode()
    assert Preferences.objects.count() == 0, "scanners open links"
    answer = visitor.post(link, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert wishes_of(stage.alice.pk).choices.said == {("email", Topic.REMINDERS): False}
    assert visitor.post("/unsubscribe/1-reminders.forged/").status_code == 404


def test_nothing_works_again_by_a_channel_that_there_is_not(alice: Client) -> None:
    assert alice.post("/account/notices/pigeon/works/").status_code == 404
    assert alice.post("/account/notices/email/works/").status_code == 302
