"""The steps between password and session."""

from typing import Any

from allauth.account import stages


class EmailVerificationStage(stages.EmailVerificationStage):  # type: ignore[misc]
    """A verified phone is enough: only who came by e-mail must show that it is theirs.

    Who lost the number that they signed in with, and has no e-mail, has nothing to show.
    """

    def handle(self) -> tuple[Any, bool]:
        user = self.login.user
        by_phone = user is not None and not self.login.email
        if by_phone and (user.phone_verified or (user.former_phone and not user.email)):
            return None, True
        answer: tuple[Any, bool] = super().handle()
        return answer
