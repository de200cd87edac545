"""Maestro in a terminal window: runs, tasks by group, live events, the journal, and gates to decide.

It reads logs and sends a person's decisions on; it may say nothing in a log itself. If it dies, nothing is lost.
Whatever agents wrote is shown with every hidden character made visible, and never as markup.
"""
