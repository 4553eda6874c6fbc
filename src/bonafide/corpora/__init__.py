"""Collections of recordings: which files there are, what was said in them, who or what said it.

A `Corpus` lists its utterances without opening audio; `wavefake` is one of the field's collections, `folder`
any two folders of your own, `demo` is made on this machine. What the files hold and how they are split is for
`bonafide.data`. To add one: a file here with one `@final class … (Corpus)` whose docstring is the fact sheet,
`conf/data/<name>.yaml` that names it, and a writer of its layout in `tests/corpora/miniature.py`.
"""
