"""What can a person ask `maestro` for? One file for each command, or for a few that belong together."""
