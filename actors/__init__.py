"""The actor runtime on pykka, and the thin actors that run on it."""
