"""Ways to better a regenerated clip: one file each."""
