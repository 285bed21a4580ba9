"""An eSIM: how far it has come, and what a phone installs it with."""

from uuid import UUID

from pydantic import Field

from keepline.api.shapes.parts import Instant, Shape
from keepline.core.activation import activation_text, install_links
from keepline.core.identifiers import ActivationCode
from keepline.core.lifecycle.profile import ProfileState
from keepline.flows.show_esim import EsimView, Stage, StepKind


class EsimStep(Shape):
    """A step that was taken. `at` is null where nobody told the instant."""

    kind: StepKind
    at: Instant | None


class InstallLinks(Shape):
    """Opened on the phone itself they start its own set-up; elsewhere they do nothing of use."""

    ios: str = Field(description="iOS 17.4 and later.")
    android: str = Field(description="Many phones with Android 10 and later.")


class Activation(Shape):
    """What a phone installs the eSIM with: a secret that is good for one phone, once."""

    text: str = Field(description="What a QR code has to hold, byte for byte (GSMA SGP.22, 4.1).")
    smdp_address: str
    matching_id: str
    confirmation_code_required: bool = Field(
        description="The phone asks for a confirmation code, which the holder's page shows."
    )
    install_links: InstallLinks

    @classmethod
    def of(cls, code: ActivationCode) -> "Activation":
        links = install_links(code)
        return cls(
            text=activation_text(code),
            smdp_address=code.smdp_address,
            matching_id=code.matching_id,
            confirmation_code_required=code.confirmation_required,
            install_links=InstallLinks(ios=links.ios, android=links.android),
        )


class Esim(Shape):
    """The eSIM that a line has."""

    line_id: UUID
    iccid: str
    stage: Stage = Field(description="How it stands for its holder.")
    profile_state: ProfileState = Field(description="The profile's state in the words of SGP.22.")
    eid: str | None = Field(
        description="The eUICC that it is bound to or on; null while none is known."
    )
    reissues_left: int = Field(
        description="How often it may still be moved to another phone within a year, free of "
        "charge: `POST /v1/lines/{line_id}/esim/reissue`."
    )
    steps: list[EsimStep] = Field(description="What is done so far, in order.")
    activation_code: Activation | None = Field(
        description="null unless a phone can use it now, and for roles that may only look. "
        "That it was shown first is written into the account's audit trail."
    )

    @classmethod
    def of_view(cls, view: EsimView, code: ActivationCode | None) -> "Esim":
        done = [step for step in view.steps if step.state == "done"]
        return cls(
            line_id=view.line.id,
            iccid=view.iccid,
            stage=view.stage,
            profile_state=ProfileState(view.profile_state),
            eid=view.eid or None,
            reissues_left=view.reissues.left,
            steps=[EsimStep(kind=step.kind, at=step.at) for step in done],
            activation_code=Activation.of(code) if code else None,
        )
