"""Code of other languages, as far as it is seen from outside: Python by its syntax tree, others by their literal calls."""
