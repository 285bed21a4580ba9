"""FakeAlipay's trades and refunds: what each call changes and answers."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from keepline.gateways.fake_store import opened
from keepline.gateways.payments.alipay.amounts import fen, yuan
from keepline.gateways.payments.alipay.times import utc_now, written

Content = Mapping[str, Any]
Answer = dict[str, str]
PAID: Final = ("TRADE_SUCCESS", "TRADE_FINISHED")


class Refused(Exception):
    """A business failure; `word` is its sub_code."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def open_store(folder: Path) -> sqlite3.Connection:
    """The database in `folder`, made if need be; what was committed survives a kill."""
    return opened(folder / "alipay.sqlite3", __package__)


class Books:
    """One store; used by one thread."""

    def __init__(self, store: sqlite3.Connection) -> None:
        self.store = store

    def trade(self, number: str) -> sqlite3.Row:
        """A trade as it is now; one whose time is over is closed first."""
        self.store.execute(
            "UPDATE trades SET status = 'TRADE_CLOSED'"
            " WHERE out_trade_no = ? AND status = 'WAIT_BUYER_PAY' AND expires <= ?",
            (number, written(utc_now())),
        )
        query = "SELECT * FROM trades WHERE out_trade_no = ?"
        found: sqlite3.Row | None = self.store.execute(query, (number,)).fetchone()
        if found is None:
            raise Refused("ACQ.TRADE_NOT_EXIST")
        return found

    def visit(self, content: Content, notify_url: str, return_url: str) -> sqlite3.Row:
        """The holder comes to the page; only now the trade exists."""
        now = written(utc_now())
        if content["time_expire"] <= now:
            raise Refused("ACQ.TRADE_HAS_CLOSE")
        number, amount = content["out_trade_no"], fen(content["total_amount"])
        self.store.execute(
            "INSERT INTO trades (out_trade_no, trade_no, amount, subject, passback, notify_url,"
            " return_url, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (out_trade_no) DO NOTHING",
            (
                number,
                f"2088{uuid4().int % 10**24:024d}",
                amount,
                content["subject"],
                content["passback_params"],
                notify_url,
                return_url,
                now,
                content["time_expire"],
            ),
        )
        trade = self.trade(number)
        if trade["amount"] != amount:
            raise Refused("ACQ.CONTEXT_INCONSISTENT")
        if trade["status"] != "WAIT_BUYER_PAY":
            paid = trade["status"] in PAID
            raise Refused("ACQ.TRADE_HAS_SUCCESS" if paid else "ACQ.TRADE_HAS_CLOSE")
        return trade

    def pay(self, number: str) -> sqlite3.Row:
        """The holder pays."""
        if self.trade(number)["status"] != "WAIT_BUYER_PAY":
            raise Refused("ACQ.TRADE_STATUS_ERROR")
        self.store.execute(
            "UPDATE trades SET status = 'TRADE_SUCCESS', paid = ? WHERE out_trade_no = ?",
            (written(utc_now()), number),
        )
        return self.trade(number)

    def query(self, content: Content) -> Answer:
        """alipay.trade.query"""
        trade = self.trade(content["out_trade_no"])
        paid = {"send_pay_date": trade["paid"]} if trade["paid"] else {}
        return {
            **_named(trade),
            **paid,
            "buyer_logon_id": "hol***@example.com",
            "trade_status": trade["status"],
            "total_amount": yuan(trade["amount"]),
        }

    def close(self, content: Content) -> Answer:
        """alipay.trade.close"""
        trade = self.trade(content["out_trade_no"])
        if trade["status"] != "WAIT_BUYER_PAY":
            raise Refused("ACQ.TRADE_STATUS_ERROR")
        self.store.execute(
            "UPDATE trades SET status = 'TRADE_CLOSED' WHERE out_trade_no = ?",
            (trade["out_trade_no"],),
        )
        return _named(trade)

    def refund(self, content: Content) -> Answer:
        """alipay.trade.refund"""
        trade = self.trade(content["out_trade_no"])
        amount, request = fen(content["refund_amount"]), content["out_request_no"]
        done = self._refund(trade, request)
        if done is not None and done["amount"] != amount:
            raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST")
        if done is None:
            if trade["status"] != "TRADE_SUCCESS":
                raise Refused("ACQ.TRADE_STATUS_ERROR")
            if trade["refunded"] + amount > trade["amount"]:
                raise Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR")
            self._give_back(trade, request, amount)
        refunded = self.trade(trade["out_trade_no"])["refunded"]
        changed = "N" if done is not None else "Y"
        return {**_named(trade), "fund_change": changed, "refund_fee": yuan(refunded)}

    def _give_back(self, trade: sqlite3.Row, request: str, amount: int) -> None:
        refunded = trade["refunded"] + amount
        status = "TRADE_CLOSED" if refunded == trade["amount"] else trade["status"]
        number = trade["out_trade_no"]
        with self.store:
            self.store.execute("BEGIN IMMEDIATE")
            self.store.execute(
                "INSERT INTO refunds VALUES (?, ?, ?, ?)",
                (number, request, amount, written(utc_now())),
            )
            self.store.execute(
                "UPDATE trades SET refunded = ?, status = ? WHERE out_trade_no = ?",
                (refunded, status, number),
            )

    def refund_query(self, content: Content) -> Answer:
        """alipay.trade.fastpay.refund.query: without a success only the names."""
        trade = self.trade(content["out_trade_no"])
        done = self._refund(trade, content["out_request_no"])
        if done is None:
            return _named(trade)
        return {
            **_named(trade),
            "out_request_no": done["out_request_no"],
            "refund_amount": yuan(done["amount"]),
            "refund_status": "REFUND_SUCCESS",
        }

    def _refund(self, trade: sqlite3.Row, request: str) -> sqlite3.Row | None:
        query = "SELECT * FROM refunds WHERE out_trade_no = ? AND out_request_no = ?"
        found: sqlite3.Row | None
        found = self.store.execute(query, (trade["out_trade_no"], request)).fetchone()
        return found

    def calls(self) -> Mapping[str, Callable[[Content], Answer]]:
        """The calls by Alipay's names for them."""
        return {
            "alipay.trade.query": self.query,
            "alipay.trade.close": self.close,
            "alipay.trade.refund": self.refund,
            "alipay.trade.fastpay.refund.query": self.refund_query,
        }


def _named(trade: sqlite3.Row) -> Answer:
    return {"out_trade_no": trade["out_trade_no"], "trade_no": trade["trade_no"]}
