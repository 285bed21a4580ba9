"""SMS by a gateway that speaks JSON over HTTP. docs/gateways/sms-http.md is its contract."""
