"""Sweeps: every cell of a grid a process of its own, on this machine or through Slurm, and none run twice."""
