"""Clips of which a region is made anew: FakeSound's pipeline, every stage exchangeable.

A `Grounder` points at stretches of a clip, a `Selector` chooses the region, an `Inpainter` makes it anew, an
`Enhancer` betters its sound, a `Splicer` puts it into the original. `pipeline` runs them on one clip, `work`
on a folder of clips, `lists` writes what a training reads. To add a stage: a file below `inpainters/` (or
`grounders/`, …) with a `@final class … (Inpainter)`, and `conf/inpainter/<name>.yaml` that names it.
"""
