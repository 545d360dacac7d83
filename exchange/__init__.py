"""The simulated exchange: a matching core without I/O, and its server."""
