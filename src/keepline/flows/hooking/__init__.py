"""What the flows of webhook endpoints share: whose they are, what they may be told, their words."""
