"""The parts of follow_disputes and answer_dispute: how a dispute is booked, what proves a sale."""
