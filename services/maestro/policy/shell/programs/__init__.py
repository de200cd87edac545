"""Programs whose arguments are commands, code, or lead further than a table can say. One file per family."""
