"""Work that does not go on though nothing keeps it: what the check `no_work_is_stuck` lists."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

RECOVERED_WITHIN: Final = timedelta(minutes=2)
"""Lost workers are looked for every few seconds."""
BEGUN_WITHIN: Final = timedelta(minutes=30)
"""A ready task may wait for a place in the pool."""
SENT_WITHIN: Final = timedelta(minutes=30)
HANDLED_WITHIN: Final = timedelta(minutes=15)

_STUCK: Final = text("""
SELECT 'task ' || id AS what, 'its worker is gone since ' || lease_expires_at AS why FROM waybill.tasks
WHERE state = 'working' AND lease_expires_at < now() - :recovered
UNION ALL
SELECT 'task ' || id, 'it is ready since ' || changed_at || ' and nobody began it' FROM waybill.tasks
WHERE state = 'ready' AND changed_at < now() - :begun
  AND (not_before_at IS NULL OR not_before_at < now() - :begun OR requests > 5)
UNION ALL
SELECT 'effect ' || id || ' (' || kind || ')', 'it waits since ' || created_at || coalesce(': ' || error, '')
FROM waybill.outbox WHERE state IN ('pending', 'sending') AND created_at < now() - :sent
UNION ALL
SELECT 'delivery ' || id || ' (' || route || ')', 'it waits since ' || received_at || coalesce(': ' || error, '')
FROM waybill.inbox WHERE handled_at IS NULL AND received_at < now() - :handled
ORDER BY 1 LIMIT :at_most
""")


def stuck(connection: Connection, *, at_most: int = 500) -> list[dict[str, Any]]:
    """``what`` is stuck and ``why`` we think so; empty when all work goes on."""
    bounds = {"recovered": RECOVERED_WITHIN, "begun": BEGUN_WITHIN, "sent": SENT_WITHIN, "handled": HANDLED_WITHIN}
    return [dict(row._mapping) for row in connection.execute(_STUCK, {**bounds, "at_most": at_most})]
