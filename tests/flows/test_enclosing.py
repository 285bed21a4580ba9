"""The letter of a sale has its receipt with it, as PDF and in its reader's language."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from keepline.accounts.models import User
from keepline.core import formats
from keepline.flows import renew_line
from keepline.flows.receipting import paper
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.show_receipt import show_receipt
from keepline.gateways.messaging.port import EmailMessage
from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from keepline.workers.due import send_outbox
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, Mailbox
from tests.flows.acts import request, topped_up
from tests.portal.test_receipt_pdf import shown
from tests.telling import tell

pytestmark = pytest.mark.django_db


def renewed(cast: Cast) -> UUID:
    order_id: UUID = renew_line.start(request(cast), NOW).order_id
    return order_id


def numbered_and_told(mailbox: Mailbox) -> EmailMessage:
    number_receipts("house", NOW)
    tell(NOW)
    [letter] = mailbox.sent
    return letter


def test_a_renewals_letter_has_the_receipt_that_its_page_gives(mailbox: Mailbox) -> None:
    cast = assemble()
    order_id = renewed(cast)
    letter = numbered_and_told(mailbox)
    [file] = letter.attachments
    assert (file.filename, file.content_type) == ("keepline-receipt-1.pdf", "application/pdf")
    receipt = show_receipt(order_id, cast.account.id)
    assert file.content == paper.pdf_of(receipt, cast.alice.language, cast.alice.time_zone)
    assert b"Receipt 1" in shown(file.content)


def test_a_top_ups_letter_has_one(mailbox: Mailbox, provider: FakeProvider) -> None:
    topped_up(assemble(), provider)
    [file] = numbered_and_told(mailbox).attachments
    assert b"US$20.00" in shown(file.content)


def test_it_is_in_the_language_and_zone_of_its_reader(mailbox: Mailbox) -> None:
    cast = assemble()
    own = {"language": "zh-hans", "time_zone": "Asia/Shanghai"}
    User.objects.filter(pk=cast.alice.pk).update(**own)
    renewed(cast)
    [file] = numbered_and_told(mailbox).attachments
    texts = b" ".join(shown(file.content))
    assert "收据".encode("utf-16-be") in texts
    assert formats.instant(NOW, "Asia/Shanghai", "zh-hans").encode("utf-16-be") in texts


def test_news_of_no_sale_have_none(mailbox: Mailbox) -> None:
    cast = assemble()
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], NOW)
    assert numbered_and_told(mailbox).attachments == ()


def test_one_that_cannot_be_drawn_keeps_no_letter_back(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(paper, "pdf_of", broken)
    renewed(assemble())
    assert numbered_and_told(mailbox).attachments == ()
    assert Delivery.objects.get().outcome == "sent"


def test_without_a_number_there_is_no_receipt(mailbox: Mailbox) -> None:
    renewed(assemble())
    tell(NOW)
    [letter] = mailbox.sent
    assert letter.attachments == ()


@pytest.mark.django_db(transaction=True)
def test_who_works_off_what_is_due_numbers_it_first(mailbox: Mailbox) -> None:
    """Or the letter would be faster than its receipt."""
    renewed(assemble())
    send_outbox(lambda: NOW)
    [letter] = mailbox.sent
    assert [file.filename for file in letter.attachments] == ["keepline-receipt-1.pdf"]


def test_threads_draw_side_by_side() -> None:
    cast = assemble()
    order_id = renewed(cast)
    number_receipts("house", NOW)
    receipt = show_receipt(order_id, cast.account.id)
    languages = ["en", "zh-hans", "uk"] * 20
    one_by_one = {each: paper.pdf_of(receipt, each, "Europe/Berlin") for each in languages}
    with ThreadPoolExecutor(8) as hands:
        drawn = hands.map(lambda each: paper.pdf_of(receipt, each, "Europe/Berlin"), languages)
    assert list(drawn) == [one_by_one[each] for each in languages]
