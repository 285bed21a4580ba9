"""What an order asks of the network, by its kind; deliver_order and withdraw_order do the rest."""
