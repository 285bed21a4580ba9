"""What a flow says when it refuses: one class, a catalogue of codes.

Entrances render it: the API as an RFC 9457 problem, the portal as a sentence in the holder's
language, the CLI as a line on stderr. docs/errors.md is generated from this table.
"""

from django.utils.translation import gettext, gettext_noop

from keepline.core.refusal import Refusal
from keepline.flows.delivering.refusals import OF_DELIVERIES
from keepline.flows.hooking.refusals import OF_ENDPOINTS
from keepline.flows.identifying.refusals import OF_IDENTITY

__all__ = ["CATALOGUE", "FlowRefused", "Refusal"]


CATALOGUE: dict[str, Refusal] = {
    **OF_ENDPOINTS,
    **OF_DELIVERIES,
    **OF_IDENTITY,
    "not_found": Refusal(
        404,
        gettext_noop("There is no such thing here."),
        gettext_noop("Check the address, or look it up in your list of lines."),
    ),
    "role_refused": Refusal(
        403,
        gettext_noop("Your role in this account does not permit this."),
        gettext_noop("Ask the account's owner for a role that may do it."),
    ),
    "messages_closed": Refusal(
        403,
        gettext_noop("Your role in this account does not let you read messages."),
        gettext_noop("Ask the account's owner for a role that may receive them."),
    ),
    "messages_kept": Refusal(
        403,
        gettext_noop("Your role in this account does not let you erase messages."),
        gettext_noop("Ask the account's owner, or somebody who manages the account."),
    ),
    "days_refused": Refusal(
        422,
        gettext_noop("Messages cannot be kept for so many days."),
        gettext_noop("Choose one of the days offered."),
    ),
    "too_many_lines": Refusal(
        409,
        gettext_noop("This account has as many lines as one account may have."),
        gettext_noop("Nothing was taken. Close a line that you do not need, or ask us for more."),
    ),
    "key_missing": Refusal(
        400,
        gettext_noop("The request carries no Idempotency-Key."),
        gettext_noop("Make one key per intent, 8 to 64 characters, and send it again on retry."),
    ),
    "key_reused": Refusal(
        422,
        gettext_noop("This key was used for another request."),
        gettext_noop("Make a new key for a new intent."),
    ),
    "key_in_progress": Refusal(
        409,
        gettext_noop("The same request is still being worked on."),
        gettext_noop("Wait a moment and repeat it with the same key."),
        retryable=True,
    ),
    "busy": Refusal(
        409,
        gettext_noop("Somebody else is changing this line right now."),
        gettext_noop("Try again in a few seconds with the same key."),
        retryable=True,
    ),
    "plan_not_for_line": Refusal(
        422,
        gettext_noop("This plan cannot renew this line."),
        gettext_noop("Choose one of the plans offered for the line."),
    ),
    "plan_not_sold": Refusal(
        422,
        gettext_noop("This plan is not on sale in this currency."),
        gettext_noop("Choose one of the plans on sale."),
    ),
    "provider_silent": Refusal(
        503,
        gettext_noop("The payment provider does not answer right now."),
        gettext_noop("Nothing was taken and nothing is lost. Try again in a few minutes."),
        retryable=True,
    ),
    "method_unusable": Refusal(
        409,
        gettext_noop("This saved way to pay cannot be charged any more."),
        gettext_noop("Nothing was taken. Choose another way to pay, or save a new one."),
    ),
    "no_network": Refusal(
        422,
        gettext_noop("This needs the carrier's network, and none is connected here."),
        gettext_noop("Nothing was taken. Choose a plan that changes nothing in the network."),
    ),
    "state_refuses": Refusal(
        409,
        gettext_noop("A line in this state cannot be renewed."),
        gettext_noop("Look at what the line's page says may be done next."),
    ),
    "lead_refused": Refusal(
        422,
        gettext_noop("A line cannot be renewed by itself so many days ahead."),
        gettext_noop("Choose one of the days offered."),
    ),
    "line_changed": Refusal(
        409,
        gettext_noop("The line was renewed meanwhile."),
        gettext_noop("Nothing was taken. Look at it again before you renew it once more."),
    ),
    "renewal_under_way": Refusal(
        409,
        gettext_noop("The line is being renewed by itself at this moment."),
        gettext_noop("Nothing was taken. Wait until that order has ended, then look again."),
        retryable=True,
    ),
    "price_changed": Refusal(
        409,
        gettext_noop("The price has changed since you saw it."),
        gettext_noop("Look at the order again and confirm it."),
    ),
    "rate_changed": Refusal(
        409,
        gettext_noop("The rate of exchange has changed since you saw it."),
        gettext_noop("Nothing was taken. Look at the order again and confirm it."),
    ),
    "number_taken": Refusal(
        409,
        gettext_noop("Somebody else has just chosen this number."),
        gettext_noop("Nothing was taken. Choose another one."),
    ),
    "no_porting": Refusal(
        422,
        gettext_noop("Numbers cannot be taken along here right now."),
        gettext_noop("Nothing was taken. Ask us."),
    ),
    "port_in_refused": Refusal(
        422,
        gettext_noop("This number cannot be brought along."),
        gettext_noop(
            "Nothing was taken. Check it, and the code that your operator gave you; a number of "
            "this plan's country that is not here already can be."
        ),
    ),
    "port_too_soon": Refusal(
        409,
        gettext_noop("This number came, or its SIM was changed, a short while ago."),
        gettext_noop("Nothing has changed. Its page says from when on it may leave."),
    ),
    "port_code_not_ready": Refusal(
        409,
        gettext_noop("The code is not shown yet."),
        gettext_noop("The line's page says from when on. Until then it can be taken back."),
    ),
    "number_change_refused": Refusal(
        422,
        gettext_noop("The number of such a line cannot be changed."),
        gettext_noop("Buy another line if you need another number."),
    ),
    "number_change_too_soon": Refusal(
        409,
        gettext_noop("The number of this line was changed a short while ago."),
        gettext_noop("Nothing was taken. Its page says from when on it can be changed again."),
    ),
    "carrier_not_offered": Refusal(
        422,
        gettext_noop("This carrier is not to be had with the line's plan, or the line is on it."),
        gettext_noop("Choose one of the other carriers behind the plan."),
    ),
    "carrier_switch_too_soon": Refusal(
        409,
        gettext_noop("The carrier of this line was switched a short while ago."),
        gettext_noop("Nothing was taken. Its page says from when on it can be switched again."),
    ),
    "number_stays": Refusal(
        409,
        gettext_noop("The number belongs to the carrier that the line is on, and cannot go along."),
        gettext_noop(
            "Have the number ported, or give the line one that is bound to no carrier, and switch "
            "then."
        ),
    ),
    "reissue_limit": Refusal(
        409,
        gettext_noop("This line's eSIM was moved to a new phone as often as is free of charge."),
        gettext_noop("Nothing has changed. Come back later, or ask us."),
    ),
    "transfer_locked": Refusal(
        409,
        gettext_noop("Number and SIM of this line are locked by its holder."),
        gettext_noop("Open the lock on the line's page, which says from when on it is open."),
    ),
    "contacts_changed": Refusal(
        409,
        gettext_noop("E-mail, mobile number or password of this account were replaced lately."),
        gettext_noop(
            "Nothing was taken. Number and SIM can be changed a while later, when whoever was "
            "reached before had time to object."
        ),
    ),
    "sign_in_needed": Refusal(
        409,
        gettext_noop("Somebody of this account signs in with this number, and has no e-mail."),
        gettext_noop("Nothing has changed. Add an e-mail under Account first, then try again."),
    ),
    "phone_refused": Refusal(
        409,
        gettext_noop("Nobody has this number right now, so nobody can sign in with it."),
        gettext_noop("Take a number that is in your hands, or an e-mail address."),
    ),
    "change_refused": Refusal(
        409,
        gettext_noop("A line in this state cannot be changed so."),
        gettext_noop("Look at what the line's page says may be done next."),
    ),
    "none_free": Refusal(
        409,
        gettext_noop("No number of this kind is free right now."),
        gettext_noop(
            "Nothing was taken. Try again in a quarter of an hour, or choose another kind."
        ),
        retryable=True,
    ),
    "sim_not_free": Refusal(
        409,
        gettext_noop("No such SIM is free right now."),
        gettext_noop("Nothing was taken. Choose another one, or come back later."),
        retryable=True,
    ),
    "number_not_needed": Refusal(
        422,
        gettext_noop("A line with this plan has no number."),
        gettext_noop("Leave the number out, or choose a plan with calls or messages."),
    ),
    "too_many_held": Refusal(
        429,
        gettext_noop("You hold as many numbers as one may hold at once."),
        gettext_noop("Buy one of them, or wait a quarter of an hour."),
        retryable=True,
    ),
    "wallet_short": Refusal(
        402,
        gettext_noop("The wallet holds less than this costs."),
        gettext_noop("Top up the wallet, or pay the rest another way."),
    ),
    "provider_unknown": Refusal(
        422,
        gettext_noop("This way to pay is not offered."),
        gettext_noop("Choose one of the ways offered."),
    ),
    "payments_paused": Refusal(
        429,
        gettext_noop("New payments are paused for a while."),
        gettext_noop("Nothing was taken. What is in the wallet still pays renewals."),
        retryable=True,
    ),
    "amount_too_large": Refusal(
        422,
        gettext_noop("This is more than may be paid here at once."),
        gettext_noop("Nothing was taken. Pay a smaller amount, or from the wallet."),
    ),
    "provider_refused": Refusal(
        402,
        gettext_noop("The payment provider refused the payment."),
        gettext_noop("Nothing was taken. Try again or choose another way to pay."),
    ),
    "span_refused": Refusal(
        422,
        gettext_noop("The span ends before it begins."),
        gettext_noop("Give its first day, and a later one at which it ends."),
    ),
    "amount_refused": Refusal(
        422,
        gettext_noop("This amount cannot be topped up."),
        gettext_noop("Choose an amount within the limits shown."),
    ),
    "label_refused": Refusal(
        422,
        gettext_noop("A line cannot bear this name."),
        gettext_noop("Use up to 60 characters in one line, none of them invisible."),
    ),
    "not_refundable": Refusal(
        409,
        gettext_noop("This order cannot be refunded."),
        gettext_noop("Only renewals and top-ups that were carried out can be."),
    ),
    "refund_too_early": Refusal(
        409,
        gettext_noop("The order has no receipt yet."),
        gettext_noop("It gets one within seconds; try again then."),
        retryable=True,
    ),
    "refund_nothing_left": Refusal(
        409,
        gettext_noop("All of this order was given back, or is asked back."),
        gettext_noop("Look at its refunds."),
    ),
    "refund_amount": Refusal(
        422,
        gettext_noop("So much cannot be given back of this order."),
        gettext_noop("Choose an amount above zero, and no more than is left."),
    ),
    "refund_term_over": Refusal(
        409,
        gettext_noop("No whole day of this term is left."),
        gettext_noop("Give back an amount instead, if you mean to."),
    ),
    "refund_later_term": Refusal(
        409,
        gettext_noop("A later order has extended the line after this one."),
        gettext_noop("Refund the later one first, or give back an amount and leave the service."),
    ),
    "refund_way": Refusal(
        422,
        gettext_noop("A top-up can only go back to the payment provider."),
        gettext_noop("The money is in the wallet already."),
    ),
    "refund_spent": Refusal(
        409,
        gettext_noop("The wallet holds less than this: the money was spent."),
        gettext_noop("Give back no more than is free in the wallet."),
    ),
    "refund_changed": Refusal(
        409,
        gettext_noop("What would be given back has changed since you saw it."),
        gettext_noop("Nothing has moved. Look at it again and confirm it."),
    ),
    "refund_decided": Refusal(
        409,
        gettext_noop("Somebody else has decided about this refund."),
        gettext_noop("Look at the order's refunds."),
    ),
    "review_decided": Refusal(
        409,
        gettext_noop("This payment waits no more: somebody has decided, or its time was over."),
        gettext_noop("Look at the order."),
    ),
    "second_person": Refusal(
        403,
        gettext_noop("Who asked for a refund cannot allow it."),
        gettext_noop("Another person of staff must."),
    ),
    "reason_missing": Refusal(
        422,
        gettext_noop("A reason is missing, or it is too long."),
        gettext_noop("Say in up to 200 characters why; it is kept for good."),
    ),
    "evidence_refused": Refusal(
        422,
        gettext_noop("This evidence was not taken."),
        gettext_noop("Send a text of up to 20,000 characters, before the deadline, once."),
    ),
    "dispute_closed": Refusal(
        409,
        gettext_noop("The bank has decided, or it has its answer."),
        gettext_noop("Nothing more can be sent."),
    ),
    "closing_refused": Refusal(
        409,
        gettext_noop("A line in this state cannot be closed."),
        gettext_noop("Look at what the line's page says, or ask us."),
    ),
    "order_under_way": Refusal(
        409,
        gettext_noop("Another order for this line is under way."),
        gettext_noop("Nothing has moved. Wait until that order has ended, then try again."),
        retryable=True,
    ),
    "currency_refused": Refusal(
        422,
        gettext_noop("There is no price in this currency."),
        gettext_noop("Choose a plan that is sold in your currency."),
    ),
}


class FlowRefused(Exception):
    """A flow changed nothing, and says why. `facts` are plain values for the sentence."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.refusal = CATALOGUE[code]
        self.facts = facts

    @property
    def title(self) -> str:
        """The sentence, in the active language."""
        return gettext(self.refusal.title)

    @property
    def hint(self) -> str:
        """What to do about it, in the active language."""
        return gettext(self.refusal.hint)
