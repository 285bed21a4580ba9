"""Who may open the staff's pages: active users that are staff; for others they do not exist."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from keepline.accounts.models import User

View = Callable[[HttpRequest], HttpResponse]


def for_staff(view: View) -> View:
    """Visitors are asked to sign in; who is signed in and not staff gets 404."""

    @login_required
    @wraps(view)
    def gated(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not (isinstance(user, User) and user.is_active and user.is_staff):
            raise Http404("not staff")
        return view(request)

    return gated
