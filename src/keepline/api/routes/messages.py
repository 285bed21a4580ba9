"""/v1/messages: what the account's numbers received, for members who may read it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from keepline.accounts.queries import TokenHolder
from keepline.api.answers import answer, page
from keepline.api.bearer import actor_of, holder_of, now_of, own
from keepline.api.cursors import Cursor, OfLine, seal, unseal_id
from keepline.api.shapes.messages import Message, MessagesPage, OpenMessage
from keepline.flows.show_inbox import Reader, show_inbox
from keepline.flows.show_message import show_message

router = Router(tags=["messages"])


def _reader(holder: TokenHolder) -> Reader:
    return Reader(holder.account_id, holder.role, actor_of(holder))


@router.get(
    "/messages",
    response=MessagesPage,
    operation_id="list_messages",
    summary="Received messages",
    openapi_extra={"x-problems": ["messages_closed", "cursor_refused", "not_found"]},
)
def get_messages(
    request: HttpRequest, line_id: OfLine = None, cursor: Cursor = None
) -> HttpResponse:
    """Of all numbers or of one line's, newest first, 30 a page, with one-time codes hidden."""
    holder = holder_of(request)
    wanted = own(line_id, holder) if line_id else None
    listed = f"messages:{wanted}"
    before = unseal_id(cursor, listed, holder.account_id)
    view = show_inbox(_reader(holder), wanted, now_of(request), before)
    following = seal(view.before, listed, holder.account_id)
    return page(request, MessagesPage, [Message.of(each) for each in view.messages], following)


@router.get(
    "/messages/{uuid:message_id}",
    response=OpenMessage,
    operation_id="get_message",
    summary="One message, with its code",
    openapi_extra={"x-problems": ["messages_closed", "not_found"]},
)
def get_message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """As it came. Only who asks for it sees the code."""
    holder = holder_of(request)
    return answer(
        OpenMessage.of_view(show_message(own(message_id, holder), _reader(holder), now_of(request)))
    )
