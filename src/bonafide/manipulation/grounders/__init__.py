"""Where something is heard: one file a way to tell."""
