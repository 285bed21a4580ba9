"""What an eSIM is installed with: text and links as property tests, QR codes read by zbar."""

import re
import subprocess
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.activation import QUIET_ZONE, _qr, activation_text, install_links, qr_svg
from keepline.core.identifiers import (
    ActivationCode,
    ActivationCodeError,
    parse_activation_code,
)

labels = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?", fullmatch=True)
codes = st.builds(
    ActivationCode,
    smdp_address=st.lists(labels, min_size=1, max_size=5).map(".".join),
    matching_id=st.text(ascii_uppercase + digits + "-", max_size=64),
    smdp_oid=st.just("")
    | st.lists(st.integers(0, 99999), min_size=2, max_size=8).map(
        lambda arcs: ".".join(map(str, arcs))
    ),
    confirmation_required=st.booleans(),
)


@given(codes)
def test_the_text_reads_back(code: ActivationCode) -> None:
    text = activation_text(code)
    assert text.startswith("LPA:1$")
    assert parse_activation_code(text) == code


@given(codes)
def test_links_carry_the_text_and_nothing_else(code: ActivationCode) -> None:
    links = install_links(code)
    hosts = {}
    for link in (links.ios, links.android):
        parts = urlsplit(link)
        hosts[parts.hostname] = parts.path
        assert parts.scheme == "https"
        assert not parts.fragment
        assert parse_qs(parts.query, strict_parsing=True) == {"carddata": [activation_text(code)]}
        assert activation_text(code) in link  # as it is: nothing had to be encoded
    assert hosts == {
        "esimsetup.apple.com": "/esim_qrcode_provisioning",
        "esimsetup.android.com": "/esim_qrcode_provisioning",
    }
    assert activation_text(code) not in repr(links)


@pytest.mark.parametrize(
    "code",
    [
        ActivationCode("smdp.example.com&carddata=LPA:1$evil.example$X", "A"),
        ActivationCode("smdp.example.com", "A$B$C$D$E"),
        ActivationCode("smdp.example.com", "abc"),
        ActivationCode("", "A"),
        ActivationCode("smdp.example.com", "A", "no oid"),
    ],
)
def test_what_is_no_activation_code_is_made_into_nothing(code: ActivationCode) -> None:
    for make in (activation_text, install_links, qr_svg):
        with pytest.raises(ActivationCodeError):
            make(code)  # type: ignore[operator]


READ = [
    ActivationCode("smdp.example.com", ""),
    ActivationCode("smdp.example.com", "A1B2-C3D4"),
    ActivationCode("SMDP.EXAMPLE.COM", "A1B2-C3D4"),  # QR's shorter alphabet of capitals
    ActivationCode("rsp.example.com", "A" * 32, "1.3.6.1.4.1.31746", confirmation_required=True),
    ActivationCode("rsp.example.com", "B", confirmation_required=True),
    ActivationCode(".".join([ascii_lowercase] * 5), "Z9-" * 60),
]


def test_a_log_of_an_activation_code_shows_no_key() -> None:
    assert READ[1].matching_id in str(READ[1])
    assert READ[1].matching_id not in repr(READ[1])


@pytest.mark.parametrize("code", READ, ids=lambda code: code.matching_id[:8] or "none")
def test_zbar_reads_the_same_bytes(code: ActivationCode, tmp_path: Path) -> None:
    picture = tmp_path / "code.png"
    _qr(code).save(str(picture), scale=4, border=QUIET_ZONE)
    assert read_by_zbar(picture) == activation_text(code).encode("ascii")


def read_by_zbar(picture: Path) -> bytes:
    """What zbar reads, by its own program (`make test` installs it)."""
    options = ["-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable"]
    try:
        run = subprocess.run(
            ["zbarimg", *options, str(picture)], capture_output=True, check=True, timeout=60
        )
    except FileNotFoundError:
        pytest.fail("zbarimg is not on this machine; tools/zbar installs it, or says how")
    return run.stdout.removesuffix(b"\n")


def test_the_svg_scales_and_says_nothing_in_text() -> None:
    drawn = qr_svg(READ[3])
    assert re.match(r"<svg viewBox=\"0 0 (\d+) \1\">", drawn)  # no width, no height: its place says
    assert READ[3].matching_id not in drawn
    assert "style" not in drawn  # pages allow no inline style
