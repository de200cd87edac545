"""What a run is: the fold of its log."""
