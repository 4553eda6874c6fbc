"""A further process of distributed training: `python -m bonafide.launching.rank`, see `ranks`."""

import json
import os
import signal
import sys
import threading
from importlib import import_module

from omegaconf import DictConfig, OmegaConf


def main() -> None:
    """Reads the config of the run and takes part in it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    sys.path[:] = order["path"]
    cfg = OmegaConf.create(order["config"])
    assert isinstance(cfg, DictConfig)  # noqa: S101 - it was one
    try:
        import_module("bonafide.scripts.jobs.training").run(cfg)
    except Exception as error:
        said = import_module("bonafide.scripts.command").explain(error, "train")
        os.write(order["report"], (said or f"{type(error).__name__}: {error}").splitlines()[0].encode())
        if said is None:
            raise
        raise SystemExit(2) from None


def _end_with_the_first() -> None:
    """The pipe closes when the process at its other end is done with this one, or is no more."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
