"""POST /webhooks/sms/: what the SMS gateway tells: received messages and receipts.

docs/gateways/sms-http.md is the contract. 404 where no secret is set.
"""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from keepline.flows import receive_message, take_sms
from keepline.gateways.messaging.http_sms.callbacks import read_callback
from keepline.gateways.messaging.inbound import InboundSms, SmsReceipt
from keepline.webhooks.signed import entrance


def _hear(headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    told = read_callback(headers, body, settings.ENV.sms_secrets, now)
    if isinstance(told, InboundSms):
        receive_message.receive(told, now)
    elif isinstance(told, SmsReceipt):
        take_sms.note([told], now)


receive = entrance("sms", lambda: settings.ENV.sms_secrets, _hear)
