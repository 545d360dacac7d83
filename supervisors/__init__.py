"""OTP supervision on pykka: specs, restart policy, engine and the tree."""
