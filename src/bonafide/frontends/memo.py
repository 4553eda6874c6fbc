"""A front end that remembers on disk what another one computed."""

import hashlib
import logging
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np
import torch
from torch import Tensor, distributed, nn

from bonafide.alone import alone
from bonafide.audio.store import KEY_BYTES, Store
from bonafide.frontends.frontend import Frontend, ParameterGroup
from bonafide.frontends.identity import identity
from bonafide.frontends.legend import Legend
from bonafide.types import FeatureShape, InputError

_LOG: Final = logging.getLogger(__name__)
_NEAR: Final = 0.05  # of the norm; devices differ by less, another front end by more
_RARE: Final = 0.05  # of the clips of a second epoch, below which a memo is not worth its disk


@final
class Memo(Frontend):
    """Wraps a frozen front end: the features of a clip that was heard before come from disk.

    Clips are known by their samples and front ends by what they are set to, so nothing goes stale: another
    setting, other weights or another crop is computed anew. Any number of runs may share a folder at the same
    time; a clip that two of them hear at once is computed by one and awaited by the other. The first features
    taken from a file of another process are computed once more and compared, because code changes too.

    What is not there yet is computed in full precision, without autocast, with the front end in evaluation
    mode. If gradients of the waveform are wanted, everything is computed. In a checkpoint a memo leaves no
    trace: a run may go on with or without.

    Args:
        frontend: without trainable weights.
        folder: of all memos; each front end has its own folder within.
        half: keep half precision (three decimal digits, up to 65,504), in half the space. Remembered or not,
            features are then rounded alike.
        limit_gb: of the folder, in 10⁹ bytes; what was written first makes room.

    Shape:
        `[batch, time]` → that of `frontend`, float32.

    Raises:
        InputError: the front end is being trained, or the limit is not positive.
    """

    def __init__(
        self, frontend: Frontend, folder: str | Path, *, half: bool = False, limit_gb: float = 50.0
    ) -> None:
        super().__init__(frontend.sample_rate)
        if limit_gb <= 0:
            raise InputError(
                f"frontend.memo.limit_gb={limit_gb} is not above 0; drop frontend.memo to forget"
            )
        self.frontend = frontend.eval()
        self.folder, self.limit_gb = Path(folder).expanduser(), limit_gb
        self.dtype = torch.float16 if half else torch.float32
        self._refuse_trainable()
        self._store: Store | None = None
        self._hits, self._steady = _Hits(), False
        self.register_state_dict_post_hook(_without_trace)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_as_if_inside)  # type: ignore[no-untyped-call]

    @classmethod
    def of(cls, frontend: Frontend, option: object, cache: str | Path) -> Self:
        """A memo as a config asks for it.

        Args:
            frontend: to remember.
            option: `True` for a folder in the cache, the path of another, or a mapping with any of `folder`,
                `half` and `limit_gb`.
            cache: folder of all caches.

        Raises:
            InputError: the option is none of these.
        """
        match option:
            case True:
                given: dict[str, Any] = {}
            case str():
                given = {"folder": option}
            case dict() if option.keys() <= {"folder", "half", "limit_gb"}:
                given = {name: value for name, value in option.items() if value is not None}
            case _:
                raise InputError(
                    f"frontend.memo={option} is unknown; choose true, a folder, or any of "
                    "folder, half, limit_gb"
                )
        return cls(frontend, given.pop("folder", Path(cache) / "memo"), **given)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_store": None}

    @property
    def fitted(self) -> bool:
        """That of the wrapped front end."""
        return self.frontend.fitted

    @property
    def external(self) -> Mapping[str, str]:
        """That of the wrapped front end, whose names in a checkpoint are as without a memo."""
        return self.frontend.external

    def parameter_groups(self) -> list[ParameterGroup]:
        """Those of the wrapped front end: none."""
        return self.frontend.parameter_groups()

    def fit(self, waveforms: Iterable[Tensor]) -> None:
        """Lets the wrapped front end learn."""
        self.frontend.fit(waveforms)
        self._store = None

    def train(self, mode: bool = True) -> Self:
        """Keeps the wrapped front end in evaluation mode."""
        super().train(mode)
        self.frontend.eval()
        return self

    def shape(self, samples: int) -> FeatureShape:
        """That of the wrapped front end.

        Raises:
            InputError: the clip is shorter than one frame.
        """
        return self.frontend.shape(samples)

    def times(self, samples: int) -> Tensor:
        """Centre of each frame in seconds, `[frames]`."""
        return self.frontend.times(samples)

    @property
    def resolution(self) -> float:
        """That of the wrapped front end."""
        return self.frontend.resolution

    def legend(self) -> Legend:
        """That of the wrapped front end."""
        return self.frontend.legend()

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, channels, bins, frames]`, from disk where possible.

        Raises:
            InputError: the clips are too short, the front end is being trained, its features depend on chance
                or on other clips, or do not fit in half precision.
        """
        shape = self.shape(waveform.shape[-1])
        if self.training:
            self._refuse_trainable()
        if waveform.requires_grad and torch.is_grad_enabled():
            with torch.autocast(waveform.device.type, enabled=False):
                features: Tensor = self.frontend(waveform.float()).float()
                return features + (self._rounded(features) - features).detach()  # its gradient is not rounded
        store = self._opened()
        clips = waveform.detach().float().cpu().contiguous().numpy()
        keys = [hashlib.sha256(clip).digest()[:KEY_BYTES] for clip in clips]
        found = torch.empty(len(keys), *shape, dtype=self.dtype)
        missing = [
            row for row, key in enumerate(keys)
            if not self._remembered(store, key, waveform[row : row + 1], found[row])
        ]  # fmt: skip
        self._hits.count(len(keys), len(missing), training=self.training)
        features = found.to(waveform.device).float()
        if missing:
            self._learn(store, waveform, keys, missing, features)
        return features

    def _learn(
        self, store: Store, waveform: Tensor, keys: list[bytes], missing: list[int], features: Tensor
    ) -> None:
        """Computes the features of clips that are not known, unless another run does it just now.

        Processes of one training hear different clips and need not wait for each other.
        """
        rank = distributed.get_rank() if distributed.is_initialized() else 0
        with alone(store.folder / f"{rank}.lock", _LOG.debug, "computing the same features"):
            store.refresh()
            known = torch.empty(features.shape[1:], dtype=self.dtype)
            still = []
            for row in missing:
                if self._remembered(store, keys[row], waveform[row : row + 1], known):
                    features[row] = known.to(features)
                else:
                    still.append(row)
            if still:
                fresh = self._steadily(waveform[still] if len(still) < len(keys) else waveform)
                features[still] = fresh
                arrays = fresh.cpu().numpy()
                store.put({keys[row]: array for row, array in zip(still, arrays, strict=True)})

    def _remembered(self, store: Store, key: bytes, waveform: Tensor, into: Tensor) -> bool:
        """Copies the features of a clip, if they are known and as they would be computed now."""
        found = store.find(key)
        if found is None:
            return False
        array, shard = found
        if array.shape == into.shape:
            np.copyto(into.numpy(), array)
            shard.trusted = shard.trusted or _near(into.float(), self._computed(waveform)[0].cpu())
            if shard.trusted:
                return True
        store.discard(shard, "holds what this front end no longer computes")
        return False

    def _steadily(self, waveform: Tensor) -> Tensor:
        """Computes features, the first time also those of a clip alone."""
        features = self._computed(waveform)
        if not self._steady and len(waveform) > 1:
            if not _near(features[:1], self._computed(waveform[:1])):
                raise InputError(
                    f"the features of {type(self.frontend).__name__} depend on chance or on the other clips "
                    "of the batch, so there is nothing to remember; drop frontend.memo"
                )
            self._steady = True
        return features

    @torch.no_grad()
    def _computed(self, waveform: Tensor) -> Tensor:
        with torch.autocast(waveform.device.type, enabled=False):
            return self._rounded(self.frontend(waveform.float()).float())

    def _rounded(self, features: Tensor) -> Tensor:
        if self.dtype != torch.float16:
            return features
        rounded = features.half().float()
        if bool(rounded.isinf().any()):
            raise InputError("the features exceed half precision (65,504); set frontend.memo.half=false")
        return rounded

    def _opened(self) -> Store:
        if self._store is None:
            kind = str(self.dtype).removeprefix("torch.")
            name = f"{type(self.frontend).__name__}-{identity(self.frontend)[:16]}-{kind}"
            self._store = Store(self.folder / name, kind, int(self.limit_gb * 1e9))
        return self._store

    def _refuse_trainable(self) -> None:
        trained = [name for name, weight in self.frontend.named_parameters() if weight.requires_grad]
        if trained:
            raise InputError(
                f"a memo remembers only what never changes, and {type(self.frontend).__name__} trains "
                f"{len(trained)} of its weights (first: {trained[0]}); freeze it or drop frontend.memo"
            )


@final
class _Hits:
    """Notices that training clips do not come again.

    Epochs are told apart by the validation between them: clips heard in training mode since the last ones
    heard in evaluation mode.
    """

    def __init__(self) -> None:
        self.rounds = 0
        self.clips = self.missed = 0
        self.training = self.warned = False

    def count(self, clips: int, missed: int, *, training: bool) -> None:
        if training:
            if not self.training:
                self.rounds, self.clips, self.missed = self.rounds + 1, 0, 0
            self.clips, self.missed = self.clips + clips, self.missed + missed
        elif self.training and self.rounds > 1:
            self._judge()
        self.training = training

    def _judge(self) -> None:
        known = self.clips - self.missed
        if self.warned or known > _RARE * self.clips:
            return
        self.warned = True
        warnings.warn(
            f"the memo knew {known} of {self.clips} training clips since the last validation; random crops "
            "and augmentation never come again: set data.windows.tile=true, or drop frontend.memo",
            stacklevel=2,
        )


def _near(found: Tensor, wanted: Tensor) -> bool:
    """Whether no difference is to be seen; what is not a number is left to others to complain about."""
    return not bool((found - wanted).norm() > _NEAR * wanted.norm())


def _without_trace(module: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:  # noqa: ARG001
    """Names in a checkpoint are as without the memo."""
    inner = f"{prefix}frontend."
    moved = {prefix + name[len(inner) :]: state.pop(name) for name in list(state) if name.startswith(inner)}
    state.update(moved)


def _as_if_inside(module: Memo, state: dict[str, Any], prefix: str, *rest: Any) -> None:  # noqa: ARG001
    """Puts weights where they belong, and asks again what the front end is when they have arrived."""
    start = len(prefix)
    moved = {
        f"{prefix}frontend.{name[start:]}": state.pop(name) for name in list(state) if name.startswith(prefix)
    }
    state.update(moved)
    module._store = None  # noqa: SLF001 - a hook is part of its class
