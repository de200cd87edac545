"""What does a run look like to people? Files, a report and a log to read, all derived from the run's log.

Trusted with nothing: a projection is never read back to decide anything. If it lies or is lost, delete the files;
`maestro replay <run> --write` makes them again, byte for byte, from the signed log. What agents, planners and people
wrote is shown as text only: control characters are made visible and Markdown is escaped. Files are written under
`.flow/` (and `.beads/` where the run asks for it) and nowhere else, whatever a name in the log says.
"""
