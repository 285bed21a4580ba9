"""FakeAlipay's daily bill: a zip of two CSV files in GBK, in the form of Alipay's."""

import io
import sqlite3
import zipfile
from collections.abc import Iterator

from keepline.gateways.payments.alipay.amounts import yuan

HEADINGS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,订单金额（元）,退款批次号/请求号"
)
TRADES = "SELECT * FROM trades WHERE substr(paid, 1, 10) = ? ORDER BY paid"
REFUNDS = (
    "SELECT r.*, t.trade_no, t.subject, t.created AS begun FROM refunds r"
    " JOIN trades t USING (out_trade_no) WHERE substr(r.created, 1, 10) = ? ORDER BY r.created"
)


def packed_bill(store: sqlite3.Connection, day: str) -> bytes | None:
    """The bill of a day (yyyy-mm-dd in China); None when no money moved."""
    rows = list(_rows(store, day))
    if not rows:
        return None
    notes = ["#支付宝业务明细查询", f"#起始日期：[{day}]", "#--------------------"]
    details = "\r\n".join([*notes, HEADINGS, *rows, "#--------------------", ""])
    summary = "\r\n".join(
        ["#支付宝业务汇总查询", "门店编号,交易订单总笔数", f"合计\t,{len(rows)}\t"]
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{day}_details.csv", details.encode("gb18030"))
        archive.writestr(f"{day}_summary.csv", summary.encode("gb18030"))
    return packed.getvalue()


def _rows(store: sqlite3.Connection, day: str) -> Iterator[str]:
    for trade in store.execute(TRADES, (day,)):
        amount, when = yuan(trade["amount"]), (trade["created"], trade["paid"])
        yield _row(trade, "交易", *when, amount, "")
    for refund in store.execute(REFUNDS, (day,)):
        amount, when = f"-{yuan(refund['amount'])}", (refund["begun"], refund["created"])
        yield _row(refund, "退款", *when, amount, refund["out_request_no"])


def _row(named: sqlite3.Row, kind: str, *cells: str) -> str:
    begun, ended, amount, request = cells
    own = (named["trade_no"], named["out_trade_no"], kind, named["subject"].replace(",", " "))
    return ",".join(f"{cell}\t" for cell in (*own, begun, ended, amount, request))
