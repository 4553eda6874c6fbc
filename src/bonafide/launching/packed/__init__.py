"""The cells of a sweep side by side on this machine: `launcher` starts them at the `slots` there are."""
