"""The cells of a sweep as jobs of a cluster: `launcher` submits and waits, `job` is what runs there."""
