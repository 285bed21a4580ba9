"""POST /webhooks/identity/: the identity provider tells what a check came to.

docs/gateways/identity.md is the contract. 404 where no provider is connected.
"""

from keepline.flows.check_identity import hear
from keepline.gateways import switchboard
from keepline.webhooks.signed import entrance

receive = entrance("identity", lambda: switchboard.has("identity"), hear)
