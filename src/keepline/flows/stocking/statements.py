"""A batch of stock is loaded in sets: staged, judged against stock, entered. One transaction.

Rows lie in the slot of their number or ICCID, and a batch is some slots: the same number twice in
a file is always in one batch. IMSI and activation code may repeat across batches; the directory
refuses the second, and its batch is judged anew. Stock is asked by subqueries, as in
importing/statements.py.
"""

from dataclasses import dataclass

from keepline.flows.stocking.columns import FILES


@dataclass(frozen=True)
class Statements:
    """What is run for one batch, in this order."""

    stage: str
    table: str
    judge: tuple[str, ...]  # into import_refused
    enter: tuple[str, ...]
    present: str  # how many were in before


def _copy_of(name: str, table: str) -> str:
    return f"COPY {table} ({', '.join(FILES[name].staged)}) FROM STDIN"


def _repeated(table: str, key: str, field: str, said: str) -> str:
    return f"""
INSERT INTO import_refused
SELECT line_number, '{field}', said, 'repeats_line_' || first_line FROM (
  SELECT line_number, {said} AS said,
         first_value(line_number) OVER (PARTITION BY {key} ORDER BY line_number) AS first_line
  FROM {table} WHERE {key} IS NOT NULL
) AS told WHERE line_number <> first_line
"""  # noqa: S608 - our own names


def _in_another_pool(table: str) -> str:
    return f"""
INSERT INTO import_refused
SELECT line_number, 'pool', said_pool, 'in_another_pool' FROM {table}
WHERE known_pool_id <> pool_id
"""  # noqa: S608 - likewise


NUMBERS = Statements(
    stage="""
CREATE TEMPORARY TABLE IF NOT EXISTS stock_numbers (
  known boolean NOT NULL DEFAULT false, known_pool_id int, slot smallint, line_number int,
  pool_id int, id uuid, e164 bigint, since_at timestamptz, until_at timestamptz,
  rested_since timestamptz, state text, said_msisdn text, said_pool text
) ON COMMIT DELETE ROWS
""",
    table="stock_numbers",
    judge=(
        """
UPDATE stock_numbers s
SET known = true, known_pool_id = (SELECT n.pool_id FROM inventory_number n
                                   WHERE n.slot = s.slot AND n.e164 = s.e164)
WHERE (SELECT true FROM inventory_number n WHERE n.slot = s.slot AND n.e164 = s.e164)
""",
        _repeated("stock_numbers", "e164", "msisdn", "said_msisdn"),
        _in_another_pool("stock_numbers"),
    ),
    enter=(
        # In the order that everybody takes numbers in; the update takes them as it finds them.
        """
SELECT (SELECT n.id FROM inventory_number n WHERE n.slot = s.slot AND n.e164 = s.e164
        FOR NO KEY UPDATE)
FROM (SELECT slot, e164 FROM stock_numbers WHERE known AND known_pool_id IS NULL
      ORDER BY slot, e164 OFFSET 0) AS s
""",
        # What came with a base gets its pool, whatever it is doing.
        """
UPDATE inventory_number n
SET pool_id = s.pool_id, rested_since = coalesce(n.rested_since, s.rested_since)
FROM stock_numbers s
WHERE n.slot = s.slot AND n.e164 = s.e164 AND n.pool_id IS NULL
  AND s.known AND s.known_pool_id IS NULL
""",
        """
INSERT INTO inventory_number (slot, id, e164, pool_id, state, since_at, until_at, rested_since)
SELECT slot, id, e164, pool_id, state, since_at, until_at, rested_since
FROM stock_numbers WHERE NOT known ORDER BY id
""",
    ),
    present="SELECT count(*) FROM stock_numbers WHERE known_pool_id IS NOT NULL",
)

# Both tables of sims: what differs is the table, the kind, and the columns that are its own.
ASK = """
UPDATE {staged} s
SET (known_kind, known_imsi) = (SELECT d.kind, d.imsi FROM inventory_simidentity d
                                WHERE d.iccid = s.iccid),
    known_pool_id = (SELECT c.pool_id FROM {table} c WHERE c.slot = s.slot AND c.iccid = s.iccid)
"""
OF_THE_OTHER_KIND = """
INSERT INTO import_refused
SELECT line_number, 'iccid', said_iccid, 'is_a_' || known_kind FROM {staged}
WHERE known_kind <> '{kind}'
"""
ANOTHER_IMSI = """
INSERT INTO import_refused
SELECT line_number, 'imsi', imsi, 'differs_from_stock' FROM {staged}
WHERE known_kind = '{kind}' AND known_imsi IS DISTINCT FROM imsi
"""
TAKEN_IMSI = """
INSERT INTO import_refused
SELECT line_number, 'imsi', imsi, 'in_stock_already' FROM {staged} s
WHERE (SELECT d.iccid FROM inventory_simidentity d WHERE d.imsi = s.imsi) <> s.iccid
"""
TAKEN_ACTIVATION = """
INSERT INTO import_refused
SELECT line_number, 'matching_id', '(hidden)', 'in_stock_already' FROM {staged} s
WHERE (SELECT d.iccid FROM inventory_simidentity d WHERE d.activation = s.activation) <> s.iccid
"""
LIST = """
INSERT INTO inventory_simidentity (iccid, kind, imsi, activation)
SELECT iccid, '{kind}', imsi, {activation} FROM {staged} WHERE known_kind IS NULL ORDER BY iccid
"""
# A line that came with a base may have it already: then it comes in as the line's.
ENTER = """
INSERT INTO {table} (slot, id, iccid, pool_id, imsi, state, since_at, added_at, line_id,
                     account_id, {columns})
SELECT slot, id, iccid, pool_id, imsi,
       CASE WHEN line_id IS NULL THEN 'available' ELSE '{in_use}' END, %(now)s, %(now)s, line_id,
       (SELECT l.account_id FROM lines_line l
        WHERE l.slot = get_byte(uuid_send(s.line_id), 7) AND l.id = s.line_id),
       {values}
FROM (SELECT *, (SELECT h.line_id FROM inventory_cardholding h WHERE h.iccid = t.iccid)
      FROM {staged} t WHERE known_kind IS NULL ORDER BY id OFFSET 0) AS s
"""


def _sims(staged: str, table: str, kind: str, in_use: str, own: dict[str, str]) -> Statements:
    """`own`: columns of the table -> what they are made of."""
    has_activation = "matching_id" in own
    names = {
        "staged": staged,
        "table": table,
        "kind": kind,
        "in_use": in_use,
        "activation": "activation" if has_activation else "NULL",
        "columns": ", ".join(own),
        "values": ", ".join(own.values()),
    }
    judge = [ASK, OF_THE_OTHER_KIND, ANOTHER_IMSI, TAKEN_IMSI]
    judge += [TAKEN_ACTIVATION] if has_activation else []
    repeated = [
        _repeated(staged, "iccid", "iccid", "said_iccid"),
        _repeated(staged, "imsi", "imsi", "imsi"),
    ]
    if has_activation:
        repeated.append(_repeated(staged, "activation", "matching_id", "'(hidden)'"))
    return Statements(
        stage=f"""
CREATE TEMPORARY TABLE IF NOT EXISTS {staged} (
  known_pool_id int, slot smallint, line_number int, pool_id int, id uuid, known_kind text,
  known_imsi text, iccid text, imsi text, sealed text, smdp_address text, matching_id text,
  smdp_oid text, activation text, said_iccid text, said_pool text
) ON COMMIT DELETE ROWS
""",
        table=staged,
        judge=(*(each.format(**names) for each in judge), *repeated, _in_another_pool(staged)),
        enter=(LIST.format(**names), ENTER.format(**names)),
        present=f"SELECT count(*) FROM {staged} WHERE known_kind IS NOT NULL",  # noqa: S608
    )


STATEMENTS = {
    "numbers": NUMBERS,
    "cards": _sims("stock_cards", "inventory_card", "card", "assigned", {"sealed_codes": "sealed"}),
    "profiles": _sims(
        "stock_profiles",
        "inventory_profile",
        "profile",
        "installed",
        {
            "smdp_address": "smdp_address",
            "matching_id": "matching_id",
            "smdp_oid": "smdp_oid",
            "sealed_confirmation_code": "sealed",
            "eid": "''",
            "downloads": "0",
        },
    ),
}
COPIES = {name: _copy_of(name, each.table) for name, each in STATEMENTS.items()}
EMPTY = "TRUNCATE import_refused, {table}"
DROP_REFUSED = "DELETE FROM {table} s USING import_refused r WHERE r.line_number = s.line_number"
