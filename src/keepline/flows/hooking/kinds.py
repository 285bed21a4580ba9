"""The events that endpoints are told of."""

from typing import Final

from keepline.core.telling import TOPIC_OF

TRIED: Final = "endpoint.tried"  # sent on request alone
KINDS: Final = frozenset(TOPIC_OF) - {"endpoint.switched_off"}
