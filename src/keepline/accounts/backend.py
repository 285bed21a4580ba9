"""Who signs in, by password: allauth's rules, and a way back for who lost the number."""

from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend

from keepline.accounts import queries
from keepline.accounts.models import User


class AuthenticationBackend(AllauthBackend):  # type: ignore[misc]
    """A number that left its holder opens nothing by itself. Beside the password it stays the name
    of who has no other one, until somebody else brings it (docs/decisions/0010-sign-in.md)."""

    def _authenticate_by_phone(self, phone: str, password: str) -> User | None:
        found: User | None = super()._authenticate_by_phone(phone, password)
        if found is None:
            found = self._check_password(queries.user_by_former_phone(phone), password)
        return found
