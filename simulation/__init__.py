"""The whole node in virtual time: network, venues and faults from a seed."""
