"""What a run leaves for a reader: score tables, measures per group and system, metrics.json, and a report.

`scores` keeps one row a trial and refuses a table that is not complete; `breakdown` measures a group and its
systems; `mistakes` finds the trials that a detector is most wrong about. A report is a `summary` that
`tables` and `sections` put into order, and that `page`, `markdown`, `latex` and `spreadsheet` write. Every
file is there whole or not at all. `sweeps` does the same for runs that belong together, and `localization`
says where in its recordings a run found the fake.

To add a measure: write it in `bonafide.metrics`, give it a line in `breakdown.Group` and `breakdown.measure`,
and one in `words.MEASURES`; to add a table, a function in `tables` and its place in `sections`.
"""
