"""Where each entrance is mounted."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("keepline.portal.signin_urls")),
    path("accounts/", include("allauth.urls")),
    path("webhooks/", include("keepline.webhooks.urls")),
    path("gsma/rsp2/es2plus/", include("keepline.webhooks.es2plus_urls")),
    path("v1/", include("keepline.api.urls")),
    path("backoffice/", include("keepline.backoffice.urls")),
    path("", include("keepline.portal.site_urls")),
    path("", include("keepline.portal.urls")),
]

handler404 = "keepline.portal.errors.not_found"
handler500 = "keepline.portal.errors.server_error"
handler403 = "keepline.portal.errors.forbidden"
handler400 = "keepline.portal.errors.bad_request"
handler429 = "keepline.portal.errors.too_many"  # asked for by allauth
