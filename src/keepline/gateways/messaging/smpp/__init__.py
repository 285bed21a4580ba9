"""SMPP 3.4, as an ESME. docs/gateways/smpp.md names each PDU and clause."""
