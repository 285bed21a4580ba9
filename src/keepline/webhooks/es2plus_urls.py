"""Where SM-DP+s call, as SGP.22 names it. 404 where no callback is set up."""

from django.urls import URLPattern, URLResolver, path

from keepline.flows.follow_profile import count_refused, follow_profile
from keepline.webhooks.es2plus import entrance

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "handleDownloadProgressInfo",
        entrance(follow_profile, count_refused),
        name="es2plus_progress",
    ),
]
