"""Every corpus under conf/data is read from its true layout, trains a step, and scores every test group."""

import csv
import json
from importlib import import_module
from pathlib import Path

import pytest

from bonafide import assembly
from bonafide.scripts.jobs import training
from bonafide.types import InputError

MADE = {"demo", "mixture"}
"""Those that have no layout of their own."""

OPTIONS = sorted(file.stem for file in (assembly.conf() / "data").glob("*.yaml"))
READ = [name for name in OPTIONS if name not in MADE]
QUICK = (
    "data.clip_seconds=0.3",
    "data.batch_size=8",
    "data.on_bad_file=skip",
    "hardware=cpu",
    "hardware.workers=0",
    "trainer.max_epochs=1",
    "trainer.limit_train_batches=1",
    "trainer.log_every_n_steps=1",
    "trainer.enable_progress_bar=false",
    "callbacks=none",
    "logger=none",
    "audit=false",
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
    "ignore:.*samples in targets, .* targets should be",
)


@pytest.fixture(scope="module", params=READ)
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """Its name, and the options that point at a miniature of it."""
    name = request.param
    root = tmp_path_factory.mktemp(name)
    place = import_module(f"tests.corpora.{name}").write(root / "corpus")
    options = [f"data={name}", f"data.root={place}", f"data.cache={root}/cache"]
    if name == "resynthesis":
        options.append(f"data.corpus.source={place}/recordings")
    return name, options


def test_it_is_listed_as_every_corpus_is(corpus: tuple[str, list[str]]) -> None:
    """Sorted, each file once, labels and parts that exist, spoofs beside their own bona fide collection."""
    name, options = corpus
    data = assembly.data(assembly.compose([*options, *QUICK]))
    data.corpus.prepare(str)
    rows = data.corpus.utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert {row.label for row in rows} == {"bonafide", "spoof"}
    assert all((row.system == "-") == (row.label == "bonafide") for row in rows)
    assert {row.split for row in rows} | {row.fixed for row in rows} <= {"train", "validation", "test", ""}
    assert all(0 <= start < end for row in rows for start, end in row.segments)
    assert data.corpus.name == name
    assert type(data.corpus).__doc__
    assert data.corpus.utterances() == rows


def test_it_trains_a_step_and_scores(corpus: tuple[str, list[str]], tmp_path: Path) -> None:
    _, options = corpus
    cfg = assembly.compose([*options, *QUICK, f"folder={tmp_path}"])
    training.run(cfg)
    groups = json.loads((tmp_path / "metrics.json").read_text())["groups"]
    assert groups
    for name, group in groups.items():
        with (tmp_path / "scores" / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == group["bonafide"] + group["spoof"]
        assert min(group["bonafide"], group["spoof"]) > 0
        assert len({row["path"] for row in rows}) == len(rows)


def test_a_missing_corpus_is_one_line_that_says_where_and_what_to_do(
    corpus: tuple[str, list[str]], tmp_path: Path
) -> None:
    _, options = corpus
    places = ("data.root=", "data.corpus.source=")
    elsewhere = [
        f"{option.partition('=')[0]}={tmp_path}/nowhere" if option.startswith(places) else option
        for option in options
    ]
    data = assembly.data(assembly.compose([*elsewhere, *QUICK]))
    with pytest.raises(InputError, match="nowhere") as caught:
        data.prepare_data()
    assert len(str(caught.value).splitlines()) == 1
