from django.urls import URLPattern, URLResolver, path

from keepline.webhooks import identity, mail, payments, porting, sms

urlpatterns: list[URLPattern | URLResolver] = [
    path("payments/<slug:provider>/", payments.receive, name="payment_webhook"),
    path("identity/", identity.receive, name="identity_callback"),
    path("mail/", mail.receive, name="mail_callback"),
    path("sms/", sms.receive, name="sms_callback"),
    path("porting/", porting.receive, name="porting_callback"),
]
