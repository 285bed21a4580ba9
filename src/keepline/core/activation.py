"""What a holder installs an eSIM with: the activation code as text, QR code and one-tap links.

GSMA SGP.22 4.1. docs/gateways/es2plus.md says what is known of the links. An activation code is a
key to a profile: none of this belongs in a log.
"""

from dataclasses import dataclass, field
from typing import Final

import segno

from keepline.core.identifiers import ActivationCode, parse_activation_code

IOS_LINK: Final = "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="
ANDROID_LINK: Final = "https://esimsetup.android.com/esim_qrcode_provisioning?carddata="
QUIET_ZONE: Final = 4  # modules of white around the code (ISO/IEC 18004)


@dataclass(frozen=True, slots=True)
class InstallLinks:
    """Opened on the phone itself they start its own set-up; elsewhere they do nothing of use."""

    ios: str = field(repr=False)
    android: str = field(repr=False)


def activation_text(code: ActivationCode) -> str:
    """LPA:1$address$matching-id..., as people type it and QR codes hold it.

    Raises ActivationCodeError where a part has characters that the format does not allow.
    """
    return str(parse_activation_code(str(code)))


def install_links(code: ActivationCode) -> InstallLinks:
    """The links for iOS 17.4 and Android 10, and later. Raises ActivationCodeError."""
    # All characters of the format are legal in a query (RFC 3986, 3.4), so none is encoded.
    text = activation_text(code)
    return InstallLinks(ios=IOS_LINK + text, android=ANDROID_LINK + text)


def qr_svg(code: ActivationCode) -> str:
    """The QR code as an SVG element: as large as its place, dark on white in any theme."""
    drawn: str = _qr(code).svg_inline(
        border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    return drawn


def _qr(code: ActivationCode) -> segno.QRCode:
    return segno.make(activation_text(code), error="m", micro=False)
