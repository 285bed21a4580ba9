"""What the letter of one event can say: by what its words are chosen, and what stands in them."""

from collections.abc import Hashable
from datetime import datetime
from typing import Any

from keepline.core import formats
from keepline.flows.bring_number import cut_over_of
from keepline.flows.telling.news import ChargeNews, LineNews, News, PortNews
from keepline.flows.telling.stencils import Facts
from keepline.flows.telling.way import Addressee, Told
from keepline.orders.models import Order
from keepline.payments.models import Dispute, Refund

LAST_OF_A_NUMBER = frozenset({"number.ported", "line.closed", "line.withdrawn"})


def facts_of(told: Told, addressee: Addressee) -> Facts:
    """In the addressee's language and zone. No query."""
    event, news = told
    teller = _Teller(addressee)
    teller.decides |= {"kind": event.kind, "lost_sign_in": _lost_sign_in(told, addressee)}
    teller.says["mail"] = addressee.to
    teller.tell(news)
    return Facts(teller.decides, teller.says)


class _Teller:
    """Gathers the facts of one event for one reader."""

    def __init__(self, addressee: Addressee) -> None:
        self._language, self._zone = addressee.language, addressee.time_zone
        self.decides: dict[str, Hashable] = {}
        self.says: dict[str, str] = {}

    def tell(self, news: News) -> None:
        self.says["name"] = news.name
        if news.line is not None:
            self._line(news.line)
        if news.port is not None:
            self._port(news.port)
        if news.order is not None:
            self._order(news.order)
        if news.refund is not None:
            self._refund(news.refund)
        if news.dispute is not None:
            self._dispute(news.dispute)

    def _line(self, line: LineNews) -> None:
        self.decides |= {
            "line": True,
            "auto_renew": line.auto_renew,
            "has_number": line.e164 is not None,
        }
        self.says |= {
            "name": formats.line_name(line.label, line.e164, line.iccid),
            "until": self._instant(line.valid_until),
            "gone": self._instant(line.withdrawn_at),
            "kept": self._instant(line.reclaim_until),
            "unlocks": self._instant(line.unlocks_at),
        }
        if line.charge is not None:
            self._charge(line.charge)

    def _charge(self, charge: ChargeNews) -> None:
        self.decides |= {
            "charge_usable": charge.usable,
            "charge_ends_first": charge.ends_first,
        }
        self.says |= {
            "method": charge.name,
            "charged": self._instant(charge.at),
            "most": self._money(charge.most_minor or None, charge.currency),
        }

    def _port(self, port: PortNews) -> None:
        self.decides["port"] = True
        self.says |= {
            "port_ready": self._instant(port.ready_at),
            "port_until": self._instant(port.valid_until),
            "port_at": self._instant(port.cut_over_at),
            "port_to": port.recipient,
        }

    def _order(self, order: Order) -> None:
        proof: dict[str, Any] = order.proof or {}
        stock: dict[str, Any] = order.stock or {}
        self.decides |= {
            "order_kind": str(order.kind),
            "order_has_line": order.line_id is not None,
            "failure_code": order.failure_code,
            "has_standby": bool(stock.get("standby")),
            "has_profile": bool(stock.get("profile")),
        }
        self.says |= {
            "valid_before": self._instant(order.valid_until_before),
            "valid_after": self._instant(order.valid_until_after),
            "promise": self._instant(order.promise_until),
            "comes": self._instant(cut_over_of(order)),
            "order_total": self._money(order.total_minor, order.currency),
            "from_wallet": self._money(order.wallet_minor or None, order.currency),
            "by_payment": self._money(order.payment_minor or None, order.currency),
            "old": formats.phone(proof.get("number_before")),
            "new": formats.phone(stock.get("number")),
            "carrier": proof.get("carrier_after") or "",
        }

    def _refund(self, refund: Refund) -> None:
        self.decides |= {
            "refund": True,
            "refund_by_bank": bool(refund.by_bank_minor),
            "refund_refused": bool(refund.refusal_code),
            "refund_ends_service": refund.ends_service,
        }
        self.says |= {
            "refund_total": self._money(refund.amount_minor, refund.currency),
            "refund_sent": self._money(refund.sent_minor, refund.sent_currency),
            "refund_by_provider": self._money(refund.by_provider_minor, refund.sent_currency),
            "refund_to_wallet": self._money(refund.wallet_minor or None, refund.currency),
        }

    def _dispute(self, dispute: Dispute) -> None:
        self.decides |= {
            "dispute_blocks_line": dispute.blocks_line,
            "dispute_ends_service": dispute.ends_service,
        }
        self.says["disputed"] = self._money(dispute.amount_minor, dispute.currency)

    def _instant(self, at: datetime | None) -> str:
        return formats.instant(at, self._zone, self._language) if at else ""

    def _money(self, amount_minor: int | None, currency: str) -> str:
        """ "" for what is none, and where there is no currency because nothing was sent."""
        known = amount_minor is not None and currency
        return formats.money(amount_minor, currency, self._language) if known else ""


def _lost_sign_in(told: Told, addressee: Addressee) -> bool:
    """Whether the number that has just gone was what its reader signed in with."""
    (event, news), gone = told, None
    if event.kind in LAST_OF_A_NUMBER and news.line is not None:
        gone = news.line.e164
    elif event.kind == "number.changed" and news.order is not None:
        gone = (news.order.proof or {}).get("number_before")
    return gone is not None and addressee.former_phone == f"+{gone}"
