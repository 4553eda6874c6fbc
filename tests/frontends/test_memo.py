"""What is remembered is what would be computed; what cannot be remembered is refused, and why is said."""

import copy
import multiprocessing
import os
import pickle
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, final

import pytest
import torch
from torch import Tensor, nn

from bonafide.audio import store as stores
from bonafide.frontends.cepstrum import LFCC
from bonafide.frontends.frontend import Frontend
from bonafide.frontends.legend import Legend
from bonafide.frontends.memo import Memo
from bonafide.frontends.standardize import Standardize
from bonafide.types import FeatureShape, InputError

SAMPLES = 400
CLIPS = 0.1 * torch.randn(6, SAMPLES, generator=torch.Generator().manual_seed(1))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the folder whenever a clip is missing."""
    monkeypatch.setattr(stores, "_LOOK_AGAIN_SECONDS", 0.0)


@final
class Encoder(Frontend):
    """Frozen, with dropout, and counts the clips that it had to listen to."""

    def __init__(self, gain: float = 1.0, *, source: str = "0" * 64) -> None:
        super().__init__(16_000)
        self.gain, self.source = gain, source
        self.encoder = nn.Sequential(nn.Linear(40, 8), nn.Tanh(), nn.Dropout(0.5)).requires_grad_(False)
        for weight in self.encoder.parameters():
            weight.copy_(torch.linspace(-1, 1, weight.numel()).view_as(weight))
        Encoder.heard = 0

    heard = 0

    @property
    def external(self) -> Mapping[str, str]:
        return {"encoder.": self.source}

    def shape(self, samples: int) -> FeatureShape:
        if samples < 40:
            raise InputError("too short")
        return FeatureShape(1, 8, samples // 40)

    def times(self, samples: int) -> Tensor:
        return (torch.arange(samples // 40).double() + 0.5) * 40 / self.sample_rate

    def legend(self) -> Legend:
        return Legend("row", "value")

    def forward(self, waveform: Tensor) -> Tensor:
        Encoder.heard += len(waveform)
        frames = waveform.unfold(-1, 40, 40)
        features: Tensor = self.gain * self.encoder(frames).mT[:, None]
        return features


def memo(folder: Path, frontend: Frontend | None = None, **settings: Any) -> Memo:
    return Memo(frontend or Encoder(), folder, **settings)


def wanted(clips: Tensor) -> Tensor:
    features: Tensor = Encoder().eval()(clips)
    Encoder.heard = 0
    return features


def test_the_second_time_nothing_is_computed(tmp_path: Path) -> None:
    features = wanted(CLIPS)
    frontend = memo(tmp_path)
    assert torch.equal(frontend(CLIPS), features)
    assert Encoder.heard == 6 + 1  # one of them once more, alone
    for clips in (CLIPS, CLIPS.flip(0), CLIPS[2:3]):
        found = frontend(clips)
        assert found.dtype == torch.float32
        assert not found.requires_grad
    assert torch.equal(frontend(CLIPS.flip(0)), features.flip(0))
    assert Encoder.heard == 7


def test_only_clips_that_are_new_are_computed(tmp_path: Path) -> None:
    frontend = memo(tmp_path)
    frontend(CLIPS[[0, 2, 4]])
    assert torch.equal(frontend(CLIPS), wanted(CLIPS))


def test_a_clip_twice_in_a_batch_and_another_length(tmp_path: Path) -> None:
    frontend = memo(tmp_path)
    for clips in (CLIPS[[0, 0, 1]], CLIPS[:, :333], CLIPS[[0, 0, 1]], CLIPS[:, :333]):
        torch.testing.assert_close(frontend(clips), wanted(clips))


def test_one_sample_makes_another_clip(tmp_path: Path) -> None:
    frontend = memo(tmp_path)
    frontend(CLIPS)
    changed = CLIPS.clone()
    changed[0, 7] = torch.nextafter(changed[0, 7], torch.tensor(1.0))
    Encoder.heard = 0
    frontend(changed)
    assert Encoder.heard == 1


def test_another_run_takes_the_features_and_checks_one(tmp_path: Path) -> None:
    memo(tmp_path)(CLIPS)
    other = memo(tmp_path)
    assert torch.equal(other(CLIPS), memo(tmp_path)(CLIPS))
    Encoder.heard = 0
    other(CLIPS)
    assert Encoder.heard == 0
    fresh = memo(tmp_path)
    fresh(CLIPS)
    assert Encoder.heard == 1


@pytest.mark.parametrize("change", [lambda weight: weight.add_(1), lambda weight: weight.neg_()])
def test_what_the_code_no_longer_computes_is_not_served(
    change: Callable[[Tensor], Tensor], tmp_path: Path
) -> None:
    """Weights that are not what the reference says stand for code that has changed."""
    memo(tmp_path)(CLIPS)
    frontend = memo(tmp_path)
    with torch.no_grad():
        change(next(frontend.parameters()))
    with pytest.warns(UserWarning, match="no longer computes"):
        found = frontend(CLIPS)
    assert torch.equal(found, frontend.frontend(CLIPS))
    assert torch.equal(frontend(CLIPS), found)


def test_half_precision_halves_the_disk_and_is_the_same_every_time(tmp_path: Path) -> None:
    def size(folder: Path) -> int:
        return sum(file.stat().st_size for file in folder.glob("*/*.shard"))

    whole, half = memo(tmp_path / "whole"), memo(tmp_path / "half", half=True)
    first, again = half(CLIPS), half(CLIPS)
    assert torch.equal(first, again)
    torch.testing.assert_close(first, whole(CLIPS), rtol=1e-3, atol=1e-6)
    assert not torch.equal(first, whole(CLIPS))
    assert size(tmp_path / "half") < 0.6 * size(tmp_path / "whole")
    both = memo(tmp_path / "whole", half=True)  # in one folder they do not meet
    assert torch.equal(both(CLIPS), first)
    assert torch.equal(memo(tmp_path / "whole")(CLIPS), whole(CLIPS))


def test_features_too_large_for_half_precision_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"exceed half precision .*frontend\.memo\.half=false"):
        memo(tmp_path, Encoder(gain=1e6), half=True)(CLIPS)


@pytest.mark.parametrize("settings", [{"gain": 2.0}, {"source": "1" * 64}])
def test_a_change_of_any_setting_or_reference_is_another_front_end(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    memo(tmp_path)(CLIPS)
    frontend = memo(tmp_path, Encoder(**settings))
    frontend(CLIPS)
    assert Encoder.heard == 7
    assert len(list(tmp_path.iterdir())) == 2


def _listen(frontend: Memo, place: int) -> None:
    torch.set_num_threads(1)  # a fork has none of the threads that its parent had
    clips = CLIPS[[0, place]]
    torch.testing.assert_close(frontend(clips), Encoder().eval()(clips))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork")
def test_two_processes_share_a_folder_at_once(method: str, tmp_path: Path) -> None:
    """Copies of a memo in use: forked, or pickled and spawned."""
    frontend = memo(tmp_path)
    frontend(CLIPS[:1])
    context: Any = multiprocessing.get_context(method)
    both = [context.Process(target=_listen, args=(frontend, place), daemon=True) for place in (2, 3)]
    for process in both:
        process.start()
    frontend(CLIPS[1:2])
    for process in both:
        process.join()
        assert process.exitcode == 0
    Encoder.heard = 0
    assert torch.equal(frontend(CLIPS[:4]), wanted(CLIPS[:4]))
    assert len(list(tmp_path.glob("*/*.shard"))) == 3


def test_what_two_runs_want_at_once_is_computed_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_LOOK_AGAIN_SECONDS", 1e9)
    listen = Encoder.forward

    def slowly(self: Encoder, waveform: Tensor) -> Tensor:
        time.sleep(0.05)
        return listen(self, waveform)

    monkeypatch.setattr(Encoder, "forward", slowly)
    clips = 0.1 * torch.randn(24, SAMPLES)
    runs = [memo(tmp_path), memo(tmp_path)]
    Encoder.heard = 0
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda run: torch.cat([run(batch) for batch in clips.split(4)]), runs))
    checks = 2 * 2  # each run compares a clip alone, and one from the other's file
    assert 24 <= Encoder.heard <= 24 + checks
    for features in found:
        torch.testing.assert_close(features, wanted(clips))


def through_pickle(frontend: Frontend) -> Frontend:
    found: Frontend = pickle.loads(pickle.dumps(frontend))  # noqa: S301 - our own
    return found


@pytest.mark.parametrize("duplicate", [copy.deepcopy, through_pickle])
def test_a_copy_remembers_the_same(duplicate: Callable[[Frontend], Frontend], tmp_path: Path) -> None:
    frontend = Standardize(memo(tmp_path))
    frontend.fit([CLIPS])
    other = duplicate(frontend)
    assert torch.equal(other(CLIPS), frontend(CLIPS))
    torch.testing.assert_close(other.state_dict(), frontend.state_dict())


@pytest.mark.filterwarnings("ignore:.* is damaged")
def test_a_truncated_shard_is_computed_again(tmp_path: Path) -> None:
    frontend = memo(tmp_path)
    frontend(CLIPS)
    (shard,) = tmp_path.glob("*/*.shard")
    os.truncate(shard, shard.stat().st_size - 100)
    for each in (memo(tmp_path), frontend):
        assert torch.equal(each(CLIPS), wanted(CLIPS))
    assert not shard.exists()


@pytest.mark.filterwarnings("ignore:.* is full")
def test_a_small_limit_is_kept_and_costs_only_time(tmp_path: Path) -> None:
    frontend = memo(tmp_path, limit_gb=1e-6)
    for _ in range(3):
        assert torch.equal(frontend(CLIPS), wanted(CLIPS))
    assert 0 < sum(file.stat().st_size for file in tmp_path.glob("*/*.shard")) <= 1000


def test_what_is_trained_is_refused(tmp_path: Path) -> None:
    trained = Encoder()
    trained.encoder[0].requires_grad_(True)
    with pytest.raises(InputError, match=r"Encoder trains 2 of its weights \(first: encoder\.0\.weight\)"):
        memo(tmp_path, trained)
    frontend = memo(tmp_path).train()
    frontend.frontend.requires_grad_(True)
    with pytest.raises(InputError, match=r"freeze it or drop frontend\.memo"):
        frontend(CLIPS)


@final
class Unsteady(Frontend):
    """Divides by the loudest clip of the batch, or adds noise."""

    def __init__(self, *, noise: float) -> None:
        super().__init__(16_000)
        self.noise = noise

    def shape(self, samples: int) -> FeatureShape:
        return FeatureShape(1, 1, samples)

    def times(self, samples: int) -> Tensor:
        return torch.arange(samples) / self.sample_rate

    def legend(self) -> Legend:
        return Legend("row", "value")

    def forward(self, waveform: Tensor) -> Tensor:
        peak = 1.0 if self.noise else waveform.abs().max()
        return (waveform / peak + self.noise * torch.randn_like(waveform))[:, None, None]


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_features_that_depend_on_company_or_chance_are_refused(noise: float, tmp_path: Path) -> None:
    clips = CLIPS * torch.arange(1, 7)[:, None]
    with pytest.raises(
        InputError, match=r"Unsteady depend on chance or on the other clips.* drop frontend\.memo"
    ):
        memo(tmp_path, Unsteady(noise=noise))(clips)
    assert list(tmp_path.rglob("*.shard")) == []


def test_dropout_stays_out(tmp_path: Path) -> None:
    frontend = Standardize(memo(tmp_path)).train()
    assert frontend.frontend.training
    assert not any(module.training for module in frontend.frontend.frontend.modules())
    assert torch.equal(frontend.frontend(CLIPS), wanted(CLIPS))


def test_precision_is_full_under_autocast(tmp_path: Path) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = memo(tmp_path)(CLIPS)
    assert torch.equal(found, wanted(CLIPS))


@pytest.mark.parametrize("half", [False, True])
def test_gradients_of_the_waveform_are_there_when_wanted(half: bool, tmp_path: Path) -> None:
    frontend = memo(tmp_path, half=half)
    features = frontend(CLIPS)
    one, other = CLIPS.clone().requires_grad_(), CLIPS.clone().requires_grad_()
    found = frontend(one)
    found.square().sum().backward()
    frontend.frontend(other).square().sum().backward()
    assert torch.equal(found, features)
    torch.testing.assert_close(one.grad, other.grad, rtol=1e-2, atol=1e-3)
    with torch.no_grad():
        Encoder.heard = 0
        frontend(one)
        assert Encoder.heard == 0


def test_shape_times_and_errors_are_those_of_the_wrapped(tmp_path: Path) -> None:
    frontend = memo(tmp_path)
    assert frontend.shape(500) == Encoder().shape(500)
    assert torch.equal(frontend.times(500), Encoder().times(500))
    assert frontend.parameter_groups() == []
    with pytest.raises(InputError, match="too short"):
        frontend(CLIPS[:, :10])


def test_a_checkpoint_does_not_show_whether_there_was_a_memo(tmp_path: Path) -> None:
    """Also where names repeat: a front end that wraps one, as the memo does."""
    with_, without = (
        Standardize(memo(tmp_path, Standardize(LFCC(16_000)))),
        Standardize(Standardize(LFCC(16_000))),
    )
    with_.fit([0.1 * torch.randn(4, 4000)] * 2)
    assert list(with_.state_dict()) == list(without.state_dict())
    without.load_state_dict(with_.state_dict())
    other = Standardize(memo(tmp_path, Standardize(LFCC(16_000))))
    other.load_state_dict(without.state_dict())
    waveform = 0.1 * torch.randn(2, 4000)
    assert torch.equal(with_(waveform), without(waveform))
    assert torch.equal(with_(waveform), other(waveform))
    prefixed = nn.ModuleDict({"frontend": with_})
    prefixed.load_state_dict(prefixed.state_dict())


def test_statistics_that_are_loaded_make_another_front_end(tmp_path: Path) -> None:
    inner, other = Standardize(Encoder()).eval(), Standardize(Encoder()).eval()
    inner.fit([CLIPS])
    other.fit([CLIPS[:2]])
    frontend = memo(tmp_path, inner)
    first = frontend(CLIPS)
    frontend.load_state_dict(other.state_dict())
    assert torch.equal(frontend(CLIPS), other(CLIPS))
    assert not torch.equal(frontend(CLIPS), first)
    frontend.fit([CLIPS])
    torch.testing.assert_close(frontend(CLIPS), first)


def test_where_weights_come_from_is_handed_on(tmp_path: Path) -> None:
    """By their names in a checkpoint, which the memo does not show in."""
    frontend = Standardize(memo(tmp_path))
    (prefix,) = frontend.external
    assert frontend.external[prefix] == "0" * 64
    assert any(name.startswith(prefix) for name in frontend.state_dict())
    assert frontend.external == Standardize(Encoder()).external == {"frontend.encoder.": "0" * 64}


def epochs(frontend: Memo, crops: int, rounds: int = 3) -> None:
    """Training and validation in turn; `crops` different clips of each recording, one an epoch."""
    for epoch in range(rounds):
        frontend.train()
        for clip in CLIPS:
            frontend(torch.roll(clip, epoch % crops)[None])
        frontend.eval()
        frontend(CLIPS[:, :200])


def test_random_crops_are_noticed_once_and_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"knew 0 of 6 training clips.*data\.windows\.tile=true") as said:
        epochs(memo(tmp_path), crops=10, rounds=4)
    assert len(said) == 1


def test_clips_that_come_again_are_no_reason_to_warn(tmp_path: Path) -> None:
    epochs(memo(tmp_path), crops=1)


@pytest.mark.parametrize(
    ("option", "folder", "half", "limit"),
    [
        (True, "cache/memo", False, 50.0),
        ("mine", "mine", False, 50.0),
        ({"half": True, "folder": None}, "cache/memo", True, 50.0),
        ({"folder": "mine", "limit_gb": 2}, "mine", False, 2),
    ],
)
def test_a_config_asks_for_it(option: Any, folder: str, half: bool, limit: float) -> None:
    frontend = Memo.of(Encoder(), option, "cache")
    assert str(frontend.folder) == folder
    assert frontend.dtype.itemsize == (2 if half else 4)
    assert frontend.limit_gb == limit


@pytest.mark.parametrize(
    ("option", "said"), [({"size": 3}, "is unknown"), (7, "is unknown"), ({"limit_gb": 0}, "above 0")]
)
def test_an_option_that_means_nothing_is_refused(option: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Memo.of(Encoder(), option, "cache")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_features_come_back_to_the_device_of_the_waveform(tmp_path: Path) -> None:
    frontend = memo(tmp_path).cuda()
    first, again = frontend(CLIPS.cuda()), frontend(CLIPS.cuda())
    assert first.is_cuda
    assert torch.equal(first, again)
    assert torch.equal(memo(tmp_path)(CLIPS), first.cpu())  # a memo is shared by all devices
