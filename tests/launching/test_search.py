"""A search remembers: laws of its history, with a launcher that computes a value instead of training."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, RunMode
from hydra.utils import instantiate
from omegaconf import OmegaConf

from bonafide import assembly, cell
from bonafide.cell import Cell
from bonafide.launching.search import sweeper
from bonafide.launching.search.optuna2 import FrozenTrial, optuna
from bonafide.types import InputError

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
SPACE = ("model.dropout=interval(0.1,0.9)", "model.embedding=choice(8,16)")


class Computed(Launcher):
    """Answers at once; may fail, stop the process, or say nothing."""

    def __init__(self, answer: Callable[[dict[str, str]], float | None]) -> None:
        self.answer = answer
        self.launched: list[dict[str, str]] = []
        self.numbers: list[int] = []

    def setup(self, **_: object) -> None:
        raise AssertionError

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        found = []
        for place, options in enumerate(job_overrides):
            chosen = dict(option.split("=", 1) for option in options)
            self.launched.append(chosen)
            self.numbers.append(initial_job_idx + place)
            done = JobReturn(overrides=options, status=JobStatus.COMPLETED)
            try:
                done.return_value = self.answer(chosen)
            except ValueError as error:
                done.status, done.return_value = JobStatus.FAILED, error
            found.append(done)
        return found


def dropout(chosen: dict[str, str]) -> float:
    return float(chosen["model.dropout"])


@pytest.fixture(autouse=True)
def _hydra() -> Iterator[None]:
    yield
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None


def run(folder: Path, launcher: Launcher, *words: str, options: Sequence[str] = SPACE) -> None:
    given = [*options, *words]
    told = [word for word in given if "hydra" in word]
    typed = [word for word in given if "hydra" not in word]
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        places = ["hydra/sweeper=search", f"hydra.sweep.dir={folder}", *told]
        config = loader.load_configuration("train", [*typed, *places], RunMode.MULTIRUN)
        HydraConfig.instance().set_config(config)
        made = instantiate(
            OmegaConf.to_container(config.hydra.sweeper, resolve=True) | {"_target_": "builtins.dict"}
        )
        context = HydraContext(loader, Callbacks())
        sweeper.run(sweeper.Settings(**made), config, context, launcher, typed)


def history(folder: Path) -> list[FrozenTrial]:
    study = optuna.load_study(study_name="train", storage=f"sqlite:///{folder}/study.db")
    return study.trials


def test_a_search_that_was_interrupted_proposes_what_it_would_have_proposed(tmp_path: Path) -> None:
    whole, first, second = (Computed(dropout) for _ in range(3))
    one = "hydra.sweeper.n_jobs=1"
    run(tmp_path / "whole", whole, "hydra.sweeper.n_trials=14", one)
    run(tmp_path / "parts", first, "hydra.sweeper.n_trials=5", one)
    run(tmp_path / "parts", second, "hydra.sweeper.n_trials=14", one)
    assert first.launched + second.launched == whole.launched
    assert first.numbers + second.numbers == list(range(14))
    drawn = [chosen["model.dropout"] for chosen in whole.launched]
    assert len(set(drawn)) == 14
    best = OmegaConf.load(tmp_path / "parts/optimization_results.yaml")
    assert best.best_value == min(map(float, drawn))
    assert str(best.best_params["model.dropout"]) == min(drawn, key=float)


def test_the_sampler_learns_from_the_history(tmp_path: Path) -> None:
    launcher = Computed(dropout)
    run(tmp_path, launcher, "hydra.sweeper.n_trials=30", "hydra.sweeper.n_jobs=1")
    drawn = [dropout(chosen) for chosen in launcher.launched]
    assert sum(drawn[-10:]) < 0.6 * sum(drawn[:10])


def test_a_search_with_all_its_values_launches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, Computed(dropout), "hydra.sweeper.n_trials=3")
    assert "Validation score" not in capsys.readouterr().out
    cell.write(tmp_path / "1", Cell("", "done", 0.875, measure="val/score", mode="max"))
    again = Computed(dropout)
    run(tmp_path, again, "hydra.sweeper.n_trials=3")
    assert again.launched == []
    said = capsys.readouterr().out
    assert "Validation score" in said
    assert "0.8750" in said
    assert f"study: sqlite:///{tmp_path}/study.db" in said


def test_killed_trials_go_on_in_their_cells_and_running_ones_are_left_alone(tmp_path: Path) -> None:
    class Killed(Computed):
        def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
            super().launch(job_overrides, initial_job_idx)
            raise KeyboardInterrupt

    killed = Killed(dropout)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, killed, "hydra.sweeper.n_trials=4", "hydra.sweeper.n_jobs=2")
    cell.write(tmp_path / "0", Cell("x", "running", owner=cell.owner()))
    again = Computed(dropout)
    run(tmp_path, again, "hydra.sweeper.n_trials=4", "hydra.sweeper.n_jobs=2")
    assert again.launched[0] == killed.launched[1]
    assert again.numbers == [1, 2, 3]
    cell.write(tmp_path / "0", Cell("x", "running", owner=cell.owner() | {"process": "0"}))
    cell.write(tmp_path / "0", Cell("x", "interrupted"))
    last = Computed(dropout)
    run(tmp_path, last, "hydra.sweeper.n_trials=4")
    assert last.launched == [killed.launched[0]]
    assert [trial.state.name for trial in history(tmp_path)] == ["COMPLETE"] * 4


def test_a_failed_cell_is_a_failed_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def picky(chosen: dict[str, str]) -> float:
        if chosen["model.embedding"] == "16":
            raise ValueError("sixteen\nis too many")
        return dropout(chosen)

    launcher = Computed(picky)
    run(tmp_path, launcher, "hydra.sweeper.n_trials=4", "hydra.sweeper.max_failures=30")
    states = [trial.state.name for trial in history(tmp_path)]
    assert states.count("COMPLETE") == 4
    failed = sum(chosen["model.embedding"] == "16" for chosen in launcher.launched)
    assert states.count("FAIL") == failed > 0
    assert "sixteen" in capsys.readouterr().out


def test_a_cell_that_ends_the_process_or_gives_no_number_has_failed(tmp_path: Path) -> None:
    answers = iter([SystemExit(2), float("nan"), None, 0.25])

    def odd(chosen: dict[str, str]) -> float | None:
        answer = next(answers)
        if isinstance(answer, SystemExit):
            raise answer
        return answer

    run(tmp_path, Computed(odd), "hydra.sweeper.n_trials=1", "hydra.sweeper.n_jobs=1")
    assert [trial.state.name for trial in history(tmp_path)] == ["FAIL", "FAIL", "FAIL", "COMPLETE"]


def test_what_a_launcher_does_not_return_is_read_from_the_cell(tmp_path: Path) -> None:
    class Silent(Computed):
        def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
            super().launch(job_overrides, initial_job_idx)
            cell.write(tmp_path / str(initial_job_idx), Cell("x", "done", 0.125))
            cell.write(tmp_path / str(initial_job_idx + 1), Cell("x", "failed", error="too wide"))
            raise RuntimeError("a job failed")

    run(
        tmp_path,
        Silent(dropout),
        "hydra.sweeper.n_trials=1",
        "hydra.sweeper.n_jobs=2",
        "hydra.sweeper.max_failures=9",
    )
    first, *_ = history(tmp_path)
    assert first.value == 0.125


def test_a_hopeless_search_stops(tmp_path: Path) -> None:
    def never(chosen: dict[str, str]) -> float:
        raise ValueError("no such corpus")

    launcher = Computed(never)
    with pytest.raises(InputError, match="3 trials failed in a row, the last with: no such corpus"):
        run(tmp_path, launcher, "hydra.sweeper.max_failures=3", "hydra.sweeper.n_jobs=1")
    assert len(launcher.launched) == 3


def test_a_choice_is_trained_once(tmp_path: Path) -> None:
    launcher = Computed(lambda chosen: float(chosen["model.embedding"]))
    run(tmp_path, launcher, "hydra.sweeper.n_trials=9", options=["model.embedding=choice(8,16)"])
    assert len(launcher.launched) == 2
    values = [trial.value for trial in history(tmp_path) if trial.value is not None]
    assert len(values) == 9
    assert set(values) <= {8.0, 16.0}


def test_numbers_of_folders_that_are_there_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "6").mkdir()
    launcher = Computed(dropout)
    run(tmp_path, launcher, "hydra.sweeper.n_trials=2")
    assert launcher.numbers == [7, 8]


def test_an_option_that_is_typed_takes_the_place_of_the_space(tmp_path: Path) -> None:
    launcher = Computed(dropout)
    told = (
        "+hydra.sweeper.params={model.dropout: 'interval(0.1,0.9)', model.embedding: 'choice(8,16)', seed: 3}"
    )
    run(tmp_path, launcher, told, "hydra.sweeper.n_trials=3", options=["model.embedding=32"])
    assert {chosen["model.embedding"] for chosen in launcher.launched} == {"32"}
    assert {chosen["seed"] for chosen in launcher.launched} == {"3"}


def test_another_search_does_not_go_on_in_this_one(tmp_path: Path) -> None:
    run(tmp_path, Computed(dropout), "hydra.sweeper.n_trials=1")
    with pytest.raises(
        InputError, match=r"holds a search with other options than .*seed=7.*hydra\.sweep\.dir"
    ):
        run(tmp_path, Computed(dropout), "seed=7", "hydra.sweeper.n_trials=2")
    run(tmp_path, Computed(dropout), "hardware.workers=1", "hydra.sweeper.n_trials=2")  # is of no consequence
    with pytest.raises(InputError, match=r"had other choices before"):
        run(tmp_path, Computed(dropout), "hydra.sweeper.n_trials=3", options=["model.embedding=choice(8,24)"])
    assert len([trial for trial in history(tmp_path) if trial.state.name == "COMPLETE"]) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["seed=3"], "there is nothing to search"),
        ([*SPACE, "hydra.sweeper.n_trials=0"], "1 or more"),
        ([*SPACE, "hydra.sweeper.direction=up"], "choose minimize or maximize"),
        ([*SPACE, "hydra.sweeper.storage=sqlite:////proc/none/study.db"], "cannot be opened"),
    ],
)
def test_a_search_that_cannot_be_is_refused(tmp_path: Path, options: list[str], said: str) -> None:
    launcher = Computed(dropout)
    with pytest.raises(InputError, match=said):
        run(tmp_path / "search", launcher, options=options)
    assert launcher.launched == []


def test_a_damaged_study_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("no database")
    with pytest.raises(InputError, match="cannot be opened"):
        run(tmp_path, Computed(dropout))


def test_a_study_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "study.db") as other:
        other.execute("create table version_info (something integer)")
    other.close()
    with pytest.raises(InputError, match="cannot be opened"):
        run(tmp_path, Computed(dropout))


@pytest.mark.parametrize(
    "name", sorted(file.stem for file in (assembly.conf() / "hparams_search").glob("*.yaml"))
)
def test_a_ready_space_can_be_searched(name: str, tmp_path: Path) -> None:
    """Every trial makes a config, and every option of the space is one that there is."""
    launcher = Computed(lambda chosen: float(chosen["model.learning_rate"]))
    run(tmp_path, launcher, "hydra.sweeper.n_trials=12", options=[f"hparams_search={name}"])
    assert len(launcher.launched) == 12
    for chosen in launcher.launched:
        cfg = assembly.compose([f"{option}={value}" for option, value in chosen.items()])
        assert cfg.frontend._target_.endswith(("WaveletPackets", "Transformer"))
