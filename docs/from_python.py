"""Bonafide without its command line, in cells (`# %%`) for an editor or Jupyter.

`python docs/from_python.py` runs all of it: a minute on the demo corpus, on two CPU cores. A run of the
command line comes back, with its weights, by `assembly.load("outputs/DATE/TIME")`.
"""

# %% A config is what the command line makes of the same words.
import torch

from bonafide import assembly
from bonafide.evaluation import breakdown
from bonafide.scripts.jobs.trials import trials_of

cfg = assembly.compose(
    [
        "model=lcnn",
        "frontend=lfcc",
        "data=demo",
        "data.clip_seconds=1",
        "trainer.max_epochs=2",
        "hardware=cpu",
    ]
)
print(cfg.model, cfg.frontend, sep="\n")

# %% Of it are made a LightningDataModule, a LightningModule and a Trainer, to be used as any other.
data, task, trainer = assembly.data(cfg), assembly.task(cfg), assembly.trainer(cfg)
trainer.fit(task, data)

# %% Scores are log-odds, high for genuine. A table of trials has numpy columns; it can be measured as it is.
trainer.test(task, data, verbose=False)
for (name, clips), scored in zip(data.groups().items(), task.scored, strict=True):
    trials = trials_of(data, name, clips, scored)
    measured = breakdown.measure(trials, float(task.threshold), group=name, seed=cfg.seed)
    low, high = measured["intervals"]["eer"]
    print(f"{name}: {len(trials)} trials, EER {measured['eer']:.1%} ({low:.1%} to {high:.1%})")

# %% The detector is a module like any other: `[batch, time]` to log-odds.
waveform = 0.1 * torch.randn(2, data.form.samples)
with torch.inference_mode():
    print(task.eval().score(waveform))

# %% So is a front end by itself. It says beforehand what it will make of a clip, and what its rows are.
frontend = assembly.frontend(assembly.compose(["frontend=wavelet_packets", "data=demo"]))
features = frontend(waveform)
print(tuple(features.shape[1:]), frontend.shape(data.form.samples), frontend.legend().rows)
