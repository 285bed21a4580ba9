"""A deliver_sm (SMPP 3.4, 4.6.1) as what it is: a message, a part of one, or a receipt."""

import hashlib
from typing import Final

import smpp34

from keepline.gateways.messaging.inbound import Arrived, InboundPart, InboundSms

from .address import SmppAddress
from .receipts import read_receipt
from .texts import UDHI, Joint, decoded, user_data
from .wire import INTERNATIONAL

TYPE_BITS: Final = 0x3C  # 5.2.12
RECEIPT, INTERMEDIATE = 0x04, 0x20
ALPHANUMERIC: Final = 5
RECEIPTED_MESSAGE_ID, MESSAGE_STATE, MESSAGE_PAYLOAD = 0x001E, 0x0427, 0x0424
SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER = 0x020C, 0x020E, 0x020F


def arrived(message: smpp34.DeliverSm, address: SmppAddress) -> Arrived | None:
    """None for what tells nothing: a receipt without an id, a word about an attempt."""
    options = {option.tag: option.value for option in message.tlvs}
    octets = message.short_message or options.get(MESSAGE_PAYLOAD, b"")
    kind = message.esm_class & TYPE_BITS
    # Some SMSCs leave the bit out of receipts; nobody but them can set this parameter. The text
    # alone is never believed: anybody can write "id:1 stat:DELIVRD".
    if kind == RECEIPT or (not kind and RECEIPTED_MESSAGE_ID in options):
        state = options.get(MESSAGE_STATE, b"")
        return read_receipt(
            decoded(octets, message.data_coding, address.alphabet),
            options.get(RECEIPTED_MESSAGE_ID, b""),
            state[-1] if state else None,
            address.receipt_ids,
        )
    if kind == INTERMEDIATE:
        return None
    data = user_data(octets, bool(message.esm_class & UDHI))
    joint = data.joint or _from_options(options)
    sms = InboundSms(
        to="+" + message.destination_addr.removeprefix("+"),
        sender=_sender(message),
        text=decoded(data.octets, message.data_coding, address.alphabet),
        reference=_digest(message, octets),
    )
    if joint is None or joint.total == 1 or not 1 <= joint.number <= joint.total:
        return sms
    return InboundPart(sms, joint.of, joint.number, joint.total)


def _sender(message: smpp34.DeliverSm) -> str:
    source = message.source_addr
    if message.source_addr_ton == INTERNATIONAL and source.isdigit():
        return f"+{source}"
    return source


def _from_options(options: dict[int, bytes]) -> Joint | None:
    """5.3.2.22 to 24: the same as a user data header says."""
    if not all(options.get(tag) for tag in (SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER)):
        return None
    of = int.from_bytes(options[SAR_REFERENCE], "big") & 0xFFFF
    return Joint(of, options[SAR_NUMBER][-1], options[SAR_TOTAL][-1])


def _digest(message: smpp34.DeliverSm, octets: bytes) -> str:
    """Of everything but the sequence number: a deliver_sm has no id, and its repeat is equal."""
    heads = (message.source_addr, message.destination_addr, message.service_type)
    numbers = (message.esm_class, message.data_coding, message.protocol_id)
    options = sorted((option.tag, option.value) for option in message.tlvs)
    seen = repr((heads, numbers, octets, options)).encode()
    return hashlib.sha256(seen).hexdigest()
