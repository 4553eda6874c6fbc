"""Pictures of results, one file a picture, all in the style of `style`.

A picture is a function from scores to a matplotlib `Figure`, without global state, so it can be drawn in any
process or notebook; `style.save` writes it whole or not at all.

To add a picture: write `picture.py` here with one function in `with styled():`, look at it with perfect,
constant and very few scores, and give it a caption where the report is put together.
"""
