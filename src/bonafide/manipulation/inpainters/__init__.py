"""Ways to make a region anew that need no download: one file each."""
