"""Which stretch is regenerated: one file a rule."""
