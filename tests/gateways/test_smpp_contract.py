"""The SMPP adapter keeps the contract, against an SMSC that is not ours."""

from collections.abc import Iterator

import pytest

from keepline.gateways.messaging.smpp.adapter import SmppSms
from tests.gateways.contract_sms import Arrived, SmsContract
from tests.gateways.smsc_process import SmscProcess, smsc_process

pytestmark = pytest.mark.smsc


@pytest.fixture(scope="module")
def shared_smsc() -> Iterator[SmscProcess]:
    with smsc_process() as process:
        yield process


class TestSmpp(SmsContract):
    @pytest.fixture
    def channel(self, shared_smsc: SmscProcess) -> Iterator[SmppSms]:
        shared_smsc.do("forget")
        adapter = shared_smsc.adapter()
        yield adapter
        adapter.close()

    @pytest.fixture
    def arrived(self, shared_smsc: SmscProcess) -> Arrived:
        def read() -> list[tuple[str, str]]:
            taken = [row for row in shared_smsc.submits() if row["status"] == 0]
            messages: dict[object, tuple[str, str]] = {}
            for row in taken:
                # [0, 3, reference, total, number]: parts of one message come one after the other
                of = row["id"] if row["udh"] is None else f"part of {row['udh'][0]['data'][2]}"
                to, text = messages.get(of, ("+" + row["to"], ""))
                messages[of] = (to, text + row["text"])
            return list(messages.values())

        return read
