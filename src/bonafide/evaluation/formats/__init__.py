"""Score files, protocols and keys of others, read into and written from our score table.

```python
key = read_key("keys/LA/CM/trial_metadata.txt", subset="eval")
trials = read_scores("scores.txt", key, polarity="bonafide")
print(remark(trials))                                    # if spoofs score higher
write_scores("aasist.txt", trials, "aasist")
```

`known` lists every layout by name; `key`, `reading`, `writing` and `joining` do what their names say. Trials
are joined by name, never by the order of lines; one that is missing, unknown, double or NaN is refused.

To add a format: write its `Layout` in a file of its publisher's name and give it a line in `known`.
"""
