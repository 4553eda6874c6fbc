"""The commands: `bonafide prepare`, `train`, `evaluate`, `predict`, `describe`, `manipulate` and `report`.

Each is a Hydra application over `conf/`; the scripts at the root of a checkout are the same entry points.
To add one, write `scripts/NAME.py` with a `main`, `conf/NAME.yaml`, a root script, and its line below.
"""

import sys
from importlib import import_module

COMMANDS = {
    "prepare": "download, index and audit a corpus",
    "train": "train a countermeasure, then score every test group with its best checkpoint",
    "evaluate": "score a trained run on its own test groups or on any other data",
    "predict": "score a file, a folder or a glob: table, JSON lines, per-window timeline",
    "describe": "compare the systems of a corpus; or draw what a front end makes of recordings",
    "attribute": "show what a detector listens to, and test whether the picture can be trusted",
    "manipulate": "make a region of each genuine clip anew: partial fakes with exact labels",
    "report": "measure anyone's score files, compare detectors, calibrate their scores",
}

_USAGE = """usage: bonafide COMMAND [OPTION=VALUE …]

{commands}

bonafide COMMAND --help lists the options of a command.
"""


def main() -> None:
    """`bonafide COMMAND …`."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name not in COMMANDS:
        asked = name in {"-h", "--help"}
        lines = "\n".join(f"  {command:10} {purpose}" for command, purpose in COMMANDS.items())
        stream = sys.stdout if asked else sys.stderr
        if not asked:
            stream.write(f"bonafide: there is no command {name}; choose {', '.join(COMMANDS)}\n")
        stream.write(_USAGE.format(commands=lines))
        raise SystemExit(0 if asked else 2)
    module = import_module(f"bonafide.scripts.{name}")
    # Lightning starts further processes with argv[0] and the options: it must be a file with this command.
    sys.argv = [str(module.__file__), *sys.argv[2:]]
    module.main()
