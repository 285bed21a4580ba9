"""The parts of refund_order and decide_refund: what an order has left, and how it goes back."""
