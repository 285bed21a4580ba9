"""The steps between password and session."""

from typing import Any

from allauth.account import stages


class EmailVerificationStage(stages.EmailVerificationStage):  # type: ignore[misc]
    """A verified phone is enough: only who came by e-mail must show that it is theirs."""

    def handle(self) -> tuple[Any, bool]:
        user = self.login.user
        if user is not None and not self.login.email and user.phone_verified:
            return None, True
        answer: tuple[Any, bool] = super().handle()
        return answer
