"""Benches: ours beside the bare transport, as one table and as JSON."""
