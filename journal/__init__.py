"""The append-only record of what was decided, sent and received."""
