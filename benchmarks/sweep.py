"""A sweep of small models, cells side by side (`hydra/launcher=packed`) against Hydra's sequential launcher.

`python benchmarks/sweep.py`: first what a cell costs beside its training: a run of a single step by
`train.py`, the whole command, against the same as the only cell of a sweep, and as a further one. Then
twelve cells of a small model for a few epochs with both launchers, on all cores. Corpus, manifest and audit
are made before. The targets are less than 3 s a cell, and a ratio of at least 1.4 on two cores.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

REPEATS, FURTHER, CELLS, EPOCHS, TURNS = 3, 2, 12, 2, 2
TRAIN = Path(__file__).parents[1] / "train.py"
COMMON = ["hardware=cpu", "hardware.workers=0", "trainer.enable_progress_bar=false", "model=lcnn"]
COMMON += ["+data.corpus.utterances=24", "data.clip_seconds=0.5"]
STEP = ["trainer.max_steps=1", "trainer.limit_val_batches=1", "test=false"]


def seconds(folder: Path, *options: str) -> float:
    """Of a command, which must succeed."""
    env = os.environ | {"BONAFIDE_CACHE": str(folder / "cache")}
    started = perf_counter()
    command = [sys.executable, str(TRAIN), *COMMON, *options]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return perf_counter() - started


def overhead(folder: Path) -> None:
    alone, only, several = [], [], []
    seeds = ",".join(str(seed) for seed in range(1 + FURTHER))
    for turn in range(REPEATS):
        alone.append(seconds(folder, *STEP, f"hydra.run.dir=alone{turn}"))
        packed = ["-m", "hydra.launcher.jobs=1"]
        only.append(seconds(folder, *STEP, *packed, f"hydra.sweep.dir=only{turn}", "seed=0"))
        several.append(seconds(folder, *STEP, *packed, f"hydra.sweep.dir=several{turn}", f"seed={seeds}"))
    further = (median(several) - median(only)) / FURTHER
    print(f"one step by train.py alone      {median(alone):6.2f} s", flush=True)
    for name, found in {"the only cell": median(only), "a further cell": further}.items():
        print(f"as {name:14} of a sweep  {found:8.2f} s   {found - median(alone):+.2f} s", flush=True)


def ratio(folder: Path) -> None:
    options = [f"trainer.max_epochs={EPOCHS}", "callbacks.early_stopping=null"]
    options += ["-m", f"seed={','.join(str(seed) for seed in range(CELLS))}"]
    basic = packed = 0.0
    for turn in range(TURNS):  # in turns: what else the machine does changes
        packed += seconds(folder, *options, f"hydra.sweep.dir=packed{turn}") / TURNS
        basic += seconds(folder, *options, "hydra/launcher=basic", f"hydra.sweep.dir=basic{turn}") / TURNS
    print(f"{CELLS} cells by Hydra's basic launcher {basic:6.1f} s", flush=True)
    print(f"{CELLS} cells packed                    {packed:6.1f} s   ratio {basic / packed:.2f}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        seconds(Path(folder), *STEP, "hydra.run.dir=first")  # makes what all share
        overhead(Path(folder))
        ratio(Path(folder))


if __name__ == "__main__":
    main()
