"""The home location register of Osmocom, spoken to by its control and its telnet interface."""
