"""What numbers received."""

from uuid import UUID

from pydantic import Field

from keepline.api.shapes.pages import Page
from keepline.api.shapes.parts import Instant, Shape
from keepline.flows.show_inbox import InboxMessage
from keepline.flows.show_message import MessageView


class Message(Shape):
    """A message that a number received; a one-time code in it is hidden."""

    id: UUID
    line_id: UUID
    number: str = Field(description="E.164.", examples=["+447700900123"])
    sender: str = Field(repr=False, description="As the network said it.")
    text: str = Field(repr=False)
    has_code: bool
    order_id: UUID | None = Field(description="The order that brought the number to its line.")
    received_at: Instant
    sent_at: Instant | None
    erase_at: Instant = Field(description="Then it is erased for good.")

    @classmethod
    def of(cls, row: InboxMessage) -> "Message":
        return cls.model_validate(_fields(row))


class OpenMessage(Message):
    """A message as it came, with its code."""

    code: str | None = Field(repr=False, description="As it is to be typed.", examples=["448291"])

    @classmethod
    def of_view(cls, view: MessageView) -> "OpenMessage":
        fields = _fields(view.message) | {"text": view.text, "code": view.code or None}
        return cls.model_validate(fields)


def _fields(row: InboxMessage) -> dict[str, object]:
    return {
        "id": row.id,
        "line_id": row.line_id,
        "number": f"+{row.e164}",
        "sender": row.sender,
        "text": row.text,
        "has_code": row.has_code,
        "order_id": row.order_id,
        "received_at": row.received_at,
        "sent_at": row.sent_at,
        "erase_at": row.erase_at,
    }


class MessagesPage(Page[Message]):
    """One page of received messages."""
