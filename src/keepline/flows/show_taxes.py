"""Reads what tax was taken and given back, by month, country, rate and currency, to be declared."""

from datetime import UTC, date, datetime
from typing import NamedTuple

from keepline.core.postings import HouseCode, TransferCode
from keepline.flows.errors import FlowRefused
from keepline.slots.sql import fetch_all

DECEMBER = 12
RETURNED = (TransferCode.REFUND_TO_WALLET, TransferCode.DISPUTE)


class TaxSum(NamedTuple):
    """One month (UTC) under one rate. Minor units of `currency`; `country` "" for plans' own rates.

    net + tax is what `orders` completed in the month cost; what went back of sales, of this month
    or an earlier one, is counted in the month in which it went back.
    """

    month: str  # 2026-03
    country: str
    rate_ppm: int
    currency: str
    orders: int
    net_minor: int
    tax_minor: int
    net_returned_minor: int
    tax_returned_minor: int


# Sales without tax stand here too: some countries want them declared. Money that leaves revenue or
# tax, earned or not, for a wallet or for a payer's bank is a sale that was taken back.
SUMS = """
WITH sale AS (
  SELECT completed_at AS at, tax_country, tax_rate_ppm, currency, 1 AS orders,
         total_minor - tax_minor AS net, tax_minor AS tax, 0 AS net_returned, 0 AS tax_returned
  FROM orders_order
  WHERE state = 'completed' AND kind IN ('renewal', 'purchase')
    AND completed_at >= %(from_at)s AND completed_at < %(until_at)s
  UNION ALL
  SELECT t.booked_at, o.tax_country, o.tax_rate_ppm, t.currency, 0, 0, 0,
         CASE WHEN h.code <> %(tax)s THEN t.amount_minor ELSE 0 END,
         CASE WHEN h.code = %(tax)s THEN t.amount_minor ELSE 0 END
  FROM ledger_transfer t
  JOIN ledger_houseaccount h ON h.id = t.debit_id AND h.code = ANY(%(sources)s)
  JOIN orders_order o ON o.slot = t.slot AND o.id = t.order_id
  WHERE t.code = ANY(%(returned)s) AND t.booked_at >= %(from_at)s AND t.booked_at < %(until_at)s
)
SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, tax_country, tax_rate_ppm, currency,
       sum(orders)::bigint AS orders, sum(net)::bigint AS net, sum(tax)::bigint AS tax,
       sum(net_returned)::bigint AS net_returned, sum(tax_returned)::bigint AS tax_returned
FROM sale GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def show_taxes(first: date, last: date) -> list[TaxSum]:
    """From the month of `first` to the month of `last`, both whole, in UTC.

    Reads every order and transfer of the span. Raises FlowRefused for one that ends before it
    begins.
    """
    from_at = datetime(first.year, first.month, 1, tzinfo=UTC)
    years, month = divmod(last.month, DECEMBER)
    until_at = datetime(last.year + years, month + 1, 1, tzinfo=UTC)
    if until_at <= from_at:
        raise FlowRefused("span_refused")
    rows = fetch_all(
        SUMS,
        {
            "from_at": from_at,
            "until_at": until_at,
            "tax": HouseCode.TAX_PAYABLE.value,
            "sources": [HouseCode.DEFERRED_REVENUE, HouseCode.REVENUE, HouseCode.TAX_PAYABLE],
            "returned": [int(code) for code in RETURNED],
        },
    )
    return [TaxSum(*row) for row in rows]
