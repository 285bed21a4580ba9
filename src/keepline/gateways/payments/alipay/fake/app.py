"""FakeAlipay's addresses.

GET  /gateway.do                page pay and WAP pay: makes the trade, shows a button
POST /gateway.do                the calls
GET  /bill/{day}                the bill that bill.downloadurl.query names
POST /pay/{number}              the button: pays, notifies, goes back to the shop
PUT  /control/fault             {"api", "kind", "times"}: the next such calls have a fault (FAULTS)
POST /control/notify/{number}   {...}: notifies (again), with these fields in place of its own
POST /control/age/{number}      {"days"}: moves a trade and its refunds into the past
"""

import asyncio
import html
import json
import sqlite3
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.payments.alipay.amounts import yuan
from keepline.gateways.payments.alipay.times import read_instant, utc_now, written

from .bill import packed_bill
from .books import Books, Refused
from .signing import Signing

HANG_S = 600
FAULTS = (
    "error_500",
    "hang",
    "answer_lost",
    "wrong_signature",
    "system_error",
    "not_carried_out",
    "refused",
)
BILL = "alipay.data.dataservice.bill.downloadurl.query"
PAGES = ("alipay.trade.page.pay", "alipay.trade.wap.pay")


class FakeAlipay:
    """The routes over one set of books; `url` is where it is reached."""

    def __init__(self, books: Books, signing: Signing, url: str) -> None:
        self.books, self.signing, self.url = books, signing, url
        self.fault: dict[str, Any] = {}

    async def page(self, request: Request) -> Response:
        """The holder comes with the address that the adapter made."""
        params = dict(request.query_params)
        if params.get("method") not in PAGES or not self.signing.is_ours(params):
            return PlainTextResponse("invalid-signature", 400)
        content = json.loads(params["biz_content"])
        trade = self.books.visit(content, params["notify_url"], params["return_url"])
        subject, amount = html.escape(trade["subject"]), yuan(trade["amount"])
        return HTMLResponse(
            f"<!doctype html><title>FakeAlipay</title><h1>FakeAlipay: no real money</h1>"
            f"<p>{subject}: {amount} yuan</p><form method=post "
            f'action="/pay/{trade["out_trade_no"]}"><button>Pay</button></form>'
        )

    async def pay(self, request: Request) -> Response:
        """The button."""
        trade = self.books.pay(request.path_params["number"])
        await self._notify(trade, {})
        return Response(status_code=303, headers={"location": trade["return_url"]})

    async def call(self, request: Request) -> Response:
        """A call of the adapter's."""
        body = (await request.body()).decode()
        params = {**request.query_params, **dict(parse_qsl(body))}
        api = params.get("method", "")
        if not self.signing.is_ours(params):
            refusal = {"code": "40002", "msg": "Invalid", "sub_code": "isv.invalid-signature"}
            return JSONResponse({"error_response": refusal})  # to a stranger, unsigned
        kind = self._fault_of(api)
        if kind == "error_500":
            return PlainTextResponse("on demand", 500)
        if kind == "hang":
            await asyncio.sleep(HANG_S)
        content = self._ordered(kind) or self._answer(api, json.loads(params["biz_content"]))
        if kind == "answer_lost":
            return PlainTextResponse("", 502)
        text = self.signing.answer(api, content, wrong=kind == "wrong_signature")
        return Response(text, media_type="text/html;charset=utf-8")  # as Alipay's own

    def _fault_of(self, api: str) -> str:
        """The fault that waits for this call, used up by its times."""
        if self.fault.get("api") != api or not self.fault["times"]:
            return ""
        self.fault["times"] -= 1
        kind: str = self.fault["kind"]
        return kind

    def _ordered(self, kind: str) -> dict[str, Any] | None:
        """Answers that are signed, and not of the books."""
        if kind == "system_error":
            return self._failure("20000", "isp.unknow-error")
        if kind == "not_carried_out":
            return {"code": "10000", "msg": "Success", "fund_change": "N"}
        if kind == "refused":
            return self._failure("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        return None

    def _answer(self, api: str, content: dict[str, Any]) -> dict[str, Any]:
        try:
            if api == BILL:
                return {"code": "10000", "msg": "Success", **self._bill(content["bill_date"])}
            return {"code": "10000", "msg": "Success", **self.books.calls()[api](content)}
        except Refused as refused:
            return self._failure("40004", refused.word)

    @staticmethod
    def _failure(code: str, word: str) -> dict[str, Any]:
        return {"code": code, "msg": "Failed", "sub_code": word, "sub_msg": "失败"}

    def _bill(self, day: str) -> dict[str, str]:
        if packed_bill(self.books.store, day) is None:
            raise Refused("isp.bill_not_exist")
        return {"bill_download_url": f"{self.url}/bill/{day}"}

    async def bill(self, request: Request) -> Response:
        """The zip."""
        packed = packed_bill(self.books.store, request.path_params["day"])
        return Response(packed or b"", media_type="application/zip")

    async def set_fault(self, request: Request) -> Response:
        """Arranges a bad answer."""
        fault = await request.json()
        if fault["kind"] not in FAULTS:
            return PlainTextResponse(f"kind is one of {FAULTS}", 422)
        self.fault = {"times": 1, **fault}
        return PlainTextResponse("ok")

    async def notify(self, request: Request) -> Response:
        """Sends a notification (again)."""
        trade = self.books.trade(request.path_params["number"])
        return PlainTextResponse(await self._notify(trade, await request.json()))

    async def age(self, request: Request) -> Response:
        """Moves a trade into the past, so that a bill can tell of it."""
        number, days = request.path_params["number"], (await request.json())["days"]
        for table, columns in (("trades", ("created", "paid")), ("refunds", ("created",))):
            query = f"SELECT rowid, * FROM {table} WHERE out_trade_no = ?"  # noqa: S608  our names
            for row in self.books.store.execute(query, (number,)).fetchall():
                for column in columns:
                    if row[column]:
                        moved = written(read_instant(row[column]) - timedelta(days=days))
                        change = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608
                        self.books.store.execute(change, (moved, row["rowid"]))
        return PlainTextResponse("ok")

    async def _notify(self, trade: sqlite3.Row, fields: dict[str, str]) -> str:
        """What the seller answered; one try, where Alipay makes eight."""
        own = {
            "notify_type": "trade_status_sync",
            "notify_time": written(utc_now()),
            "trade_no": trade["trade_no"],
            "out_trade_no": trade["out_trade_no"],
            "trade_status": trade["status"],
            "total_amount": yuan(trade["amount"]),
            "subject": trade["subject"],
            "passback_params": trade["passback"],
        }
        body = self.signing.notification({**own, **fields})
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        try:
            async with httpx.AsyncClient(timeout=5, **LOOPBACK) as client:
                answer = await client.post(trade["notify_url"], content=body, headers=headers)
            return answer.text
        except httpx.HTTPError as error:
            return type(error).__name__

    def app(self) -> Starlette:
        """The application."""

        async def health(_: Request) -> Response:
            return PlainTextResponse("ok")

        async def refused(_: Request, error: Exception) -> Response:
            return PlainTextResponse(str(error), 400)

        routes = [
            Route("/health", health),
            Route("/gateway.do", self.page, methods=["GET"]),
            Route("/gateway.do", self.call, methods=["POST"]),
            Route("/pay/{number}", self.pay, methods=["POST"]),
            Route("/bill/{day}", self.bill),
            Route("/control/fault", self.set_fault, methods=["PUT"]),
            Route("/control/notify/{number}", self.notify, methods=["POST"]),
            Route("/control/age/{number}", self.age, methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={Refused: refused})
