"""Public archives of a corpus: listed, fetched, checked and unpacked.

`obtain` does all of it. `listing` asks a place which files it has, `fetch` brings them and goes on where it
was stopped, `volumes` finds the files that are one archive, `unpack` writes what is in it and nothing outside
its folder; `web` is one patient question to a server. To add a kind of place: a prefix, and a function in
`listing` that gives its files.
"""

from bonafide.archives.delivery import obtain as obtain
