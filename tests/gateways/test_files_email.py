"""E-mail into a folder keeps the contract."""

from email import message_from_bytes, policy
from email.message import EmailMessage as MimeMessage
from pathlib import Path

import pytest

from keepline.gateways.messaging.files import FileEmail
from keepline.gateways.messaging.port import ChannelUnavailable, EmailChannel
from tests.gateways.contract_messaging import SENDER, Arrived, MessagingContract, a_message


def read_mail(content: bytes) -> MimeMessage:
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, MimeMessage)
    return mail


class TestFilesContract(MessagingContract):
    @pytest.fixture
    def channel(self, tmp_path: Path) -> EmailChannel:
        return FileEmail(tmp_path / "mail", SENDER)

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> Arrived:
        return lambda: [read_mail(file.read_bytes()) for file in (tmp_path / "mail").glob("*")]


def test_mail_is_for_its_owner_only(tmp_path: Path) -> None:
    FileEmail(tmp_path / "mail", SENDER).send(a_message())
    (file,) = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o077 == 0


def test_folder_that_cannot_be_used_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file in the way")
    with pytest.raises(ChannelUnavailable):
        FileEmail(tmp_path / "mail", SENDER).send(a_message())
