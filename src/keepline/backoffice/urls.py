"""The staff's pages."""

from django.urls import path
from django.views.generic import RedirectView

from keepline.backoffice.views import (
    accounts,
    arrivals,
    codes,
    disputes,
    future,
    imports,
    lines,
    orders,
    reconciliations,
    refunds,
    reviews,
    stock,
    told,
    webhooks,
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="staff_lines"), name="backoffice"),
    path("future/", future.future, name="future"),
    path("lines/", lines.lines, name="staff_lines"),
    path("lines/<uuid:line_id>/", lines.line, name="staff_line"),
    path("lines/<uuid:line_id>/block/", lines.block_line, name="staff_block_line"),
    path("lines/<uuid:line_id>/messages/", told.line_told, name="staff_line_told"),
    path("lines/<uuid:line_id>/cap/", accounts.line_cap, name="staff_line_cap"),
    path("orders/", orders.orders, name="staff_orders"),
    path("orders/<uuid:order_id>/", orders.order, name="staff_order"),
    path("orders/<uuid:order_id>/refund/", orders.refund, name="staff_refund"),
    path("refunds/", refunds.refunds, name="staff_refunds"),
    path("refunds/<uuid:refund_id>/", refunds.decide, name="decide_refund"),
    path("disputes/", disputes.disputes, name="staff_disputes"),
    path("disputes/<uuid:dispute_id>/", disputes.dispute, name="staff_dispute"),
    path("reviews/", reviews.reviews, name="staff_reviews"),
    path("reviews/<uuid:order_id>/", reviews.decide, name="decide_review"),
    path("arrivals/", arrivals.arrivals, name="staff_arrivals"),
    path("arrivals/<uuid:order_id>/", arrivals.decide, name="settle_arrival"),
    path("messages/", told.told, name="staff_told"),
    path("messages/<uuid:delivery_id>/again/", told.again, name="staff_send_again"),
    path("webhooks/", webhooks.webhooks, name="staff_webhooks"),
    path("webhooks/<uuid:endpoint_id>/", webhooks.webhook, name="staff_webhook"),
    path("stock/", stock.stock, name="stock"),
    path("imports/", imports.imports, name="staff_imports"),
    path("codes/", codes.codes, name="staff_codes"),
    path("reconciliations/", reconciliations.reconciliations, name="reconciliations"),
]
