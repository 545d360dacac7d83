"""The gateway protocol: message types, codec and instrument map."""
