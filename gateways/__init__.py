"""Gateways: the process skeleton once, then one folder a venue kind."""
