"""Delivery: typed commands over FastStream, and the one shell around all deciders."""
