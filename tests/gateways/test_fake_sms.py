"""The fake that writes files keeps the contract."""

from pathlib import Path

import pytest

from keepline.gateways.messaging.fake_sms import FakeSms
from keepline.gateways.messaging.port import ChannelDown
from tests.gateways.contract_sms import Arrived, SmsContract, an_sms


class TestFakeSms(SmsContract):
    @pytest.fixture
    def channel(self, tmp_path: Path) -> FakeSms:
        return FakeSms(tmp_path / "sms")

    @pytest.fixture
    def arrived(self, channel: FakeSms) -> Arrived:
        def read() -> list[tuple[str, str]]:
            files = sorted(channel.folder.glob("*.txt"), key=lambda file: file.stat().st_mtime_ns)
            parts = [file.read_text(encoding="utf-8").partition("\n\n") for file in files]
            return [(to, text.removesuffix("\n")) for to, _, text in parts]

        return read


def test_its_files_are_their_owners_alone(tmp_path: Path) -> None:
    fake = FakeSms(tmp_path / "sms")
    fake.send(an_sms())
    (file,) = fake.folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert fake.folder.stat().st_mode & 0o077 == 0


def test_a_full_disk_is_a_channel_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "sms").write_text("a file where its folder should be")
    (outcome,) = FakeSms(tmp_path / "sms").send_all([an_sms()])
    assert isinstance(outcome, ChannelDown)
