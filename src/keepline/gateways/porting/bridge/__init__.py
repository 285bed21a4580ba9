"""A clearing house behind a bridge: HTTP and JSON, because no two countries' houses speak alike."""
