"""The simulated exchange's client as a venue kind."""
