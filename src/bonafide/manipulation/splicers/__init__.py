"""Ways to put a region into a clip: one file each."""
