"""What each command does once its config stands.

Jobs are imported only then, because torch and Lightning are slow to load. A job is a module with one function
`run(cfg)`; `results` is what jobs that score have in common.
"""
