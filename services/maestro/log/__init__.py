"""The log: notes, stores, and who may be believed."""
