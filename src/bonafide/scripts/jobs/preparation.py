"""Downloads what is public, indexes every file, prints the fact sheet, and audits on request."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig
from rich.console import Console

from bonafide import archives, assembly
from bonafide.archives.listing import Servers
from bonafide.archives.names import OWN
from bonafide.corpora.corpus import Corpus
from bonafide.data import audit, facts
from bonafide.data import manifest as manifests
from bonafide.data.module import AudioData
from bonafide.data.split import divide
from bonafide.figures.audit import heatmap
from bonafide.figures.style import save
from bonafide.scripts.jobs import auditing, results
from bonafide.types import ByHand, Download, InputError
from bonafide.whole import whole

_DONE = "complete"


def run(cfg: DictConfig) -> None:
    """Everything that makes a corpus ready for training."""
    results.quiet()
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    data = assembly.data(cfg)
    console = Console(stderr=True)
    if wanted(data.corpus, cfg.download):
        fetch(data.corpus, cfg, console)
    found = manifests.build(data.corpus, data.depth, data.cache, announce=console.print)
    for note in found.notes:
        console.print(note, style="yellow")
    problems = found.problems()
    usable = found.usable()
    lines = facts.sheet(usable, divide(usable, data.split))
    screen = Console(width=None if sys.stdout.isatty() else 140)
    screen.print(f"{data.corpus.name} in {data.corpus.root}", style="bold")
    screen.print(facts.table(lines))
    for line in facts.mixed_rates(usable, lines):
        screen.print(line)
    if data.corpus.caveat:
        screen.print(data.corpus.caveat, style="italic")
    folder = Path(cfg.folder)
    content = {"corpus": data.corpus.name, "root": str(data.corpus.root), "notes": list(found.notes)}
    _write(folder / "facts.json", {**content, "lines": facts.plain(lines), "problems": problems})
    if problems:
        screen.print(f"{len(problems)} files cannot be used:", style="red")
        for problem in problems[:10]:
            screen.print(f"  {problem}", soft_wrap=True)
        if len(problems) > 10:
            screen.print(f"  … all are named in {folder / 'facts.json'}", soft_wrap=True)
    if cfg.audit:
        _audit(data, cfg, folder, screen)
    screen.print(f"facts: {folder / 'facts.json'}", soft_wrap=True)
    if problems and data.on_bad_file == "fail":
        raise InputError(
            f"{len(problems)} of {found.table.num_rows} files cannot be used; mend or remove them, or leave "
            "them out with data.on_bad_file=skip"
        )


def wanted(corpus: Corpus, download: str) -> bool:
    """Whether to fetch: if nothing of the corpus is found, or a fetch of an earlier day was not finished."""
    if download not in {"missing", "always", "never"}:
        raise InputError(f"download={download} is unknown; choose missing, always or never")
    if download != "missing":
        return download == "always"
    if (corpus.root / OWN).is_dir() and not (corpus.root / OWN / _DONE).is_file():
        return True
    try:
        return bool(corpus.sources) and not corpus.utterances()
    except InputError:
        return True


def fetch(corpus: Corpus, cfg: DictConfig, console: Console) -> None:
    """Brings what is public and names what is not."""
    public = [source for source in corpus.sources if isinstance(source, Download)]
    for source in corpus.sources:
        if isinstance(source, ByHand) and not _there(corpus, source):
            place = corpus.root / source.into
            console.print(f"{source.title}: {source.why}; get it from {source.place} and put it into {place}")
    if public:
        _licences(public, console)
        archives.obtain(
            public,
            corpus.root,
            servers=Servers(cfg.zenodo.rstrip("/"), cfg.huggingface.rstrip("/")),
            connections=cfg.connections,
            keep=cfg.keep_archives,
            announce=console.print,
        )
        (corpus.root / OWN / _DONE).touch()


def _there(corpus: Corpus, source: ByHand) -> bool:
    place = corpus.root / source.into
    return bool(source.into) and place.is_dir() and any(place.iterdir())


def _licences(public: Sequence[Download], console: Console) -> None:
    for licence in sorted({f"{source.title}: {source.licence}" for source in public if source.licence}):
        console.print(licence)


def _audit(data: AudioData, cfg: DictConfig, folder: Path, screen: Console) -> None:
    data.prepare_data()
    found = auditing.look(data, pretraining=cfg.pretraining, speakers_apart=cfg.speakers_apart, seed=cfg.seed)
    auditing.keep(auditing.remembered(data), auditing.plain(found))
    _write(folder / "audit.json", auditing.plain(found))
    for side, findings in found._asdict().items():
        screen.rule(f"audit of {side}")
        for table in audit.tables(findings):
            screen.print(table)
        for line in audit.lines(findings):
            screen.print(line, soft_wrap=True)
        if findings.shortcuts.rows:
            save(heatmap(findings.shortcuts), folder / f"audit_{side}.png")
    screen.print(f"audit: {folder / 'audit.json'}, {folder}/audit_*.png", soft_wrap=True)


def _write(file: Path, content: object) -> None:
    with whole(file) as part, part.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, allow_nan=False)
        stream.write("\n")
