"""Slots: every row that belongs to an account carries `slot`, the shard key (0..255).

What lives here is what every sharded table shares: the model, the foreign key that repeats
the slot in joins, the id maker, and the migration operations that give a table its composite
primary key. See docs/decisions/0003-slots.md.
"""
