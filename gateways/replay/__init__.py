"""Recorded quotes as a venue: a recording is played and traded against."""
