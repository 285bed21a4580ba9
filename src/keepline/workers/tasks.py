"""Jobs. They wake a worker or keep a rhythm; none of them carries the truth about anything."""

import structlog
from django.db import close_old_connections
from procrastinate.contrib.django import app

from keepline.workers import channels, due

log = structlog.get_logger(__name__)


@app.task(name="advance_orders", pass_context=False)
def advance_orders() -> None:
    """Orders are due now."""
    close_old_connections()
    due.advance_orders()


@app.task(name="send_outbox", pass_context=False)
def send_outbox() -> None:
    """Events are due now. Who sends them is told when they are addressed."""
    close_old_connections()
    channels.address_events()


@app.task(name="follow_network", pass_context=False)
def follow_network() -> None:
    """Lines changed of which the network must be told."""
    close_old_connections()
    due.follow_network()


@app.periodic(cron="* * * * *")
@app.task(name="look_at_ports", queueing_lock="look_at_ports", pass_context=False)
def look_at_ports(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Every minute: what the clearing house has for us."""
    close_old_connections()
    due.follow_ports()


@app.task(name="follow_ports", pass_context=False)
def follow_ports() -> None:
    """A number is to be kept that was to leave."""
    close_old_connections()
    due.follow_ports()


@app.task(name="show_future", pass_context=False)
def show_future(key: str) -> None:
    """A page waits for the future of a large base."""
    from django.utils import timezone

    from keepline.flows.foreseeing.asking import work_out

    close_old_connections()
    work_out(key, timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="audit_books", queueing_lock="audit_books", pass_context=False)
def audit_books(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Every minute: the invariants; what is broken is logged by its number."""
    from django.utils import timezone

    from keepline.flows.audit_books import audit

    close_old_connections()
    for finding in audit(timezone.now()):
        log.error("invariant_broken", invariant=finding.invariant, rows=finding.rows[:5])


@app.periodic(cron="* * * * *")
@app.task(name="tend_methods", queueing_lock="tend_methods", pass_context=False)
def tend_methods(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every minute: saved methods whose provider has not answered yet."""
    close_old_connections()
    due.tend_methods()


@app.periodic(cron="7 0 * * *")
@app.task(name="recognise_revenue", queueing_lock="recognise_revenue", pass_context=False)
def recognise_revenue(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """After midnight: the days that are over are earned."""
    from django.utils import timezone

    from keepline.flows.recognise_revenue import recognise

    close_old_connections()
    recognise(timezone.now())


@app.periodic(cron="17 3 * * *")
@app.task(name="reconcile", queueing_lock="reconcile", pass_context=False)
def reconcile(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every night: the last three days, with every provider; what differs is logged and kept."""
    close_old_connections()
    due.reconcile_all()


@app.periodic(cron="47 4 * * 0")
@app.task(name="reconcile_again", queueing_lock="reconcile_again", pass_context=False)
def reconcile_again(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every Sunday: the last four months, for what became of older payments and nobody told us."""
    close_old_connections()
    due.reconcile_all(span=due.RECONCILED_AGAIN)


@app.periodic(cron="23 * * * *")
@app.task(name="watch_stock", queueing_lock="watch_stock", pass_context=False)
def watch_stock(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every hour: pools that run low, as long as they do."""
    from django.utils import timezone

    from keepline.flows.show_stock import show_stock

    close_old_connections()
    for level in show_stock(timezone.now()).low:
        log.error("stock_low", pool=level.code, free=level.free, days_left=level.days_left)


@app.periodic(cron="37 3 * * *")
@app.task(name="forget_webhooks", queueing_lock="forget_webhooks", pass_context=False)
def forget_webhooks(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every night: what webhooks of long ago said of payers is erased."""
    close_old_connections()
    due.forget_webhooks()


@app.periodic(cron="* * * * *")
@app.task(name="follow_checks", queueing_lock="follow_checks", pass_context=False)
def follow_checks(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every minute: identity checks that have no result yet."""
    close_old_connections()
    due.follow_checks()


@app.periodic(cron="27 3 * * *")
@app.task(name="forget_checks", queueing_lock="forget_checks", pass_context=False)
def forget_checks(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every night: identity checks that came to nothing long ago, or whose account is closed."""
    close_old_connections()
    due.forget_checks()


@app.periodic(cron="43 * * * *")
@app.task(name="forget_imports", queueing_lock="forget_imports", pass_context=False)
def forget_imports(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every hour: rows that killed imports left in the data folder of this machine."""
    from django.utils import timezone

    from keepline.flows.forget_imports import forget_imports as forget

    close_old_connections()
    forget(timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(name="forget_messages", queueing_lock="forget_messages", pass_context=False)
def forget_messages(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every ten minutes: received messages whose time is over are erased."""
    close_old_connections()
    due.forget_messages()


@app.periodic(cron="* * * * *")
@app.task(name="hand_on_late_sms", queueing_lock="hand_on_late_sms", pass_context=False)
def hand_on_late_sms(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every minute: received messages of which a part is missing for too long."""
    close_old_connections()
    due.hand_on_late_sms()


@app.periodic(cron="53 * * * *")
@app.task(name="watch_codes", queueing_lock="watch_codes", pass_context=False)
def watch_codes(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Every hour: numbers that receive codes from many services, as long as they do."""
    from django.utils import timezone

    from keepline.flows.show_code_traffic import show_code_traffic

    close_old_connections()
    for line in show_code_traffic(timezone.now()).lines:
        log.error("codes_from_many_services", line=str(line.line_id), senders=line.senders)


@app.periodic(cron="*/5 * * * *")
@app.task(name="retry_stalled_jobs", queueing_lock="retry_stalled_jobs", pass_context=False)
async def retry_stalled_jobs(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Jobs of a worker that died (procrastinate does not take them up by itself)."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)
