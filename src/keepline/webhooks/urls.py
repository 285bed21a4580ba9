from django.urls import URLPattern, URLResolver, path

from keepline.webhooks.payments import receive

urlpatterns: list[URLPattern | URLResolver] = [
    path("payments/<slug:provider>/", receive, name="payment_webhook"),
]
