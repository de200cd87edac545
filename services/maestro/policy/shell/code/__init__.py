"""Code of other languages, as far as it is seen: Python by its syntax tree, others by their literal calls."""
