"""WSGI entry point, served by granian."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from keepline.config.bodies import read_to_the_end
from keepline.config.outages import guard_elements
from keepline.gateways import switchboard
from keepline.gateways.payments.bulkhead import Bulkhead

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepline.config.settings")
application = read_to_the_end(get_wsgi_application(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
switchboard.put_before_payments(Bulkhead)
guard_elements()

# What is loaded now stays for good: the collector need not walk it at every request.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
