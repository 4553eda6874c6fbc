"""What a run leaves for a reader: score tables, measures per group and system, metrics.json, report.html.

`scores` keeps one row a trial and refuses a table that is not complete; `breakdown` measures a group and its
systems; `report` writes both for a machine and for a person. Every file is there whole or not at all.

To add a measure to the tables: write it in `bonafide.metrics`, give it a line in `breakdown.Group` and
`breakdown.measure`, and a column in `report.html.j2`.
"""
