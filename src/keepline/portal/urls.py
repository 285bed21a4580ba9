"""The holder's pages."""

from django.urls import URLPattern, URLResolver, path

from keepline.portal.views import (
    account,
    app,
    auto_renew,
    closing,
    lines,
    methods,
    orders,
    reclaim,
    renew,
    sims,
    wallet,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", lines.lines, name="lines"),
    path("lines/<uuid:line_id>/", lines.line, name="line"),
    path("lines/<uuid:line_id>/rename/", lines.rename, name="rename"),
    path("lines/<uuid:line_id>/auto-renew/", auto_renew.auto_renew, name="auto_renew"),
    path("lines/<uuid:line_id>/renew/", renew.renew, name="renew"),
    path("lines/<uuid:line_id>/close/", closing.close, name="close_line"),
    path("lines/<uuid:line_id>/reclaim/", reclaim.reclaim, name="reclaim"),
    path("lines/<uuid:line_id>/esim/", sims.esim, name="esim"),
    path("lines/<uuid:line_id>/esim/confirmation/", sims.confirmation, name="esim_confirmation"),
    path("lines/<uuid:line_id>/card/", sims.card, name="sim_card"),
    path("lines/<uuid:line_id>/card/codes/", sims.card_codes, name="sim_card_codes"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("orders/<uuid:order_id>/checkout/", orders.checkout, name="checkout"),
    path("orders/<uuid:order_id>/return/", orders.order_return, name="order_return"),
    path("orders/<uuid:order_id>/receipt/", orders.receipt, name="receipt"),
    path("orders/<uuid:order_id>/receipt.pdf", orders.receipt_pdf, name="receipt_pdf"),
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/top-up/", wallet.top_up, name="top_up"),
    path("ways-to-pay/", methods.methods, name="methods"),
    path("ways-to-pay/<uuid:method_id>/return/", methods.method_return, name="method_return"),
    path("ways-to-pay/<uuid:method_id>/forget/", methods.forget_method, name="forget_method"),
    path("account/", account.account, name="account"),
    path("account/tokens/", account.add_token, name="add_token"),
    path("account/tokens/<int:token_id>/revoke/", account.drop_token, name="drop_token"),
    path("manifest.webmanifest", app.manifest, name="manifest"),
    path("service-worker.js", app.service_worker, name="service_worker"),
    path("demo/mailbox/", app.mailbox, name="demo_mailbox"),
]
