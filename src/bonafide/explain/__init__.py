"""Looking inside: what sets the systems of a corpus apart, and what a detector listens to."""
