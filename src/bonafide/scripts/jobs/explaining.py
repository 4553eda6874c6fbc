"""Explains the clips of a corpus batch by batch."""

from collections.abc import Mapping
from typing import NamedTuple, final

import numpy as np
import torch
from omegaconf import DictConfig

from bonafide import counting
from bonafide.data.module import AudioData
from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Attributed, Case, Method
from bonafide.explain.detector.baselines import reference
from bonafide.explain.detector.faithfulness import Trial
from bonafide.explain.detector.means import Sums
from bonafide.scripts.jobs import attributed_clips
from bonafide.scripts.jobs.attributed_clips import Chosen
from bonafide.tasks.scoring import Scoring
from bonafide.types import Batch


class Explainer(NamedTuple):
    """A detector and how it is explained.

    Args:
        task: the detector.
        answers: what is explained of clips of each label; `"-"` for any.
        method: that attributes.
    """

    task: Scoring
    answers: Mapping[str, Answer]
    method: Method


class Row(NamedTuple):
    """What is known of one clip.

    Args:
        path: of the recording.
        start: of the clip in it, in seconds.
        system: that made it.
        label: of it.
        score: log-odds.
        sum: of the attributions.
        due: what the sum should be; not a number where the method promises none.
    """

    path: str
    start: float
    system: str
    label: str
    score: float
    sum: float
    due: float


@final
class Look:
    """Explains clips batch by batch, and holds what was found so far.

    Args:
        cfg: of the command.
        recipe: of the run.
        detector: that is explained, and how.
        chosen: clips.
        data: that holds them.
    """

    def __init__(
        self,
        cfg: DictConfig,
        recipe: DictConfig,
        detector: Explainer,
        chosen: Chosen,
        data: AudioData,
    ) -> None:
        self.cfg, self.recipe = cfg, recipe
        self.task, self.answers, self.method = detector
        self.chosen, self.data = chosen, data
        self.sums: dict[str, Sums] = {}  # by system
        self.rows: list[Row] = []
        self.last = torch.empty(0)
        faithfulness = cfg.faithfulness
        self.trial = Trial(
            steps=faithfulness.steps,
            orders=faithfulness.orders,
            seed=cfg.seed,
            batch=cfg.attribute.internal_batch_size,
        )
        self._tried = 0

    def go(self) -> None:
        """All clips, with a bar."""
        first = next(iter(self.answers.values()))
        background = self._background(first)
        with counting.bar() as progress:
            task = progress.add_task("explaining", total=len(self.chosen.clips))
            for batch in attributed_clips.read(self.data, self.chosen):
                waveform = batch.waveform.to(self.task.device)
                inputs = first.inputs(waveform)
                baseline = reference(inputs, background, self.cfg.baseline, sigma=self.cfg.blur)
                case = Case(inputs, baseline, background)
                found = self._attribute(case, batch)
                self._keep(case, found, batch, self.task.score(waveform).cpu().double())
                progress.advance(task, len(inputs))

    def _attribute(self, case: Case, batch: Batch) -> Attributed:
        """Each clip with the answer that its label asks for, and the parts it is taken apart in."""
        labels = self.chosen.label[batch.index.numpy()]
        values, due = torch.zeros_like(case.inputs), case.inputs.new_full((len(case.inputs),), torch.nan)
        tried = max(0, min(len(case.inputs), self.cfg.faithfulness.amount - self._tried))
        self._tried += tried
        for label, answer in self.answers.items():
            mine = np.flatnonzero((labels == label) if label != "-" else np.ones(len(labels), bool))
            rows = torch.from_numpy(mine).to(case.inputs.device)
            if not len(rows):
                continue
            part = Case(case.inputs[rows], case.reference[rows], case.background)
            found = self.method.attribute(answer, part)
            values[rows] = found.values
            if found.due is not None:
                due[rows] = found.due
            few = int((mine < tried).sum())  # the first clips of the batch, which stand first here too
            if few:
                self.trial.add(
                    answer,
                    Case(part.inputs[:few], part.reference[:few], part.background),
                    found.values[:few],
                    signed=self.method.signed,
                )
        return Attributed(values, due)

    def _keep(self, case: Case, found: Attributed, batch: Batch, score: torch.Tensor) -> None:
        places = batch.index.numpy()
        systems = self.chosen.system[places]
        for system in sorted(set(systems.tolist())):
            rows = torch.from_numpy(np.flatnonzero(systems == system)).to(case.inputs.device)
            self.sums.setdefault(system, Sums()).add(found.values[rows], case.inputs[rows])
        self.last = case.inputs[-1].cpu()
        due = found.due.cpu() if found.due is not None else torch.empty(0)
        total = found.values.flatten(1).double().sum(1).cpu()
        starts = (self.chosen.clips.starts[places] + self.data.form.trim) / self.data.form.sample_rate
        self.rows += [
            Row(str(self.chosen.path[place]), *rest)
            for place, *rest in zip(
                places.tolist(),
                starts.tolist(),
                systems.tolist(),
                self.chosen.label[places].tolist(),
                score.tolist(),
                total.tolist(),
                due.tolist(),
                strict=True,
            )
        ]

    def _background(self, answer: Answer) -> torch.Tensor:
        """Features of a few clips of both classes, the same whatever is explained."""
        cfg = self.cfg.copy()
        cfg.samples, cfg.system, cfg.group, cfg.faithful = "both", None, None, False
        few = attributed_clips.candidates(self.data, cfg)
        few = few.take(np.arange(min(self.cfg.background, len(few.clips))))
        found = [
            answer.inputs(batch.waveform.to(self.task.device))
            for batch in attributed_clips.read(self.data, few)
        ]
        return torch.cat(found)
