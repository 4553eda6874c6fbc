"""What a data set gives away without listening: leaks between its parts, shortcuts, and a trivial baseline.

`leaks` looks for what parts share, `pretraining` for what an encoder heard before, `shortcuts` for trivial
numbers that tell the classes apart, and `baseline` scores them; `findings` is all of it, and words for it.
Everything works on the columns of a manifest; no audio is opened.
To add a trivial number: a field of `bonafide.audio.probe.Probe`, and a `Feature` in `features`.
"""

from bonafide.data.audit.findings import Findings as Findings
from bonafide.data.audit.findings import audit as audit
from bonafide.data.audit.findings import lines as lines
from bonafide.data.audit.findings import summary as summary
from bonafide.data.audit.findings import tables as tables
from bonafide.data.audit.findings import warnings as warnings
