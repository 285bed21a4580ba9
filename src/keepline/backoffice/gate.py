"""Who may open the staff's pages: active users that are staff; for others they do not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from keepline.accounts.models import User

Path = ParamSpec("Path")
View = Callable[Concatenate[HttpRequest, Path], HttpResponse]


def for_staff(view: View[Path]) -> View[Path]:
    """Visitors are asked to sign in; who is signed in and not staff gets 404."""

    @login_required
    @wraps(view)
    def gated(request: HttpRequest, /, *args: Path.args, **kwargs: Path.kwargs) -> HttpResponse:
        user = request.user
        if not (isinstance(user, User) and user.is_active and user.is_staff):
            raise Http404("not staff")
        return view(request, *args, **kwargs)

    return gated


def staff_actor(request: HttpRequest) -> str:
    """How the audit trail names who sits there."""
    return f"staff:{request.user.pk}"
