import pickle
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import yaml
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from bonafide import assembly
from bonafide.augment.chain import Chain
from bonafide.augment.change import seeded
from bonafide.augment.gain import Gain
from bonafide.augment.masking import Masking
from bonafide.augment.phone import Phone
from bonafide.augment.silence import Silence
from bonafide.augment.white_noise import WhiteNoise
from bonafide.types import InputError

RATE = 16000
OPTIONS = sorted(file.stem for file in (assembly.conf() / "augment").glob("*.yaml"))


def clips(batch: int = 4, samples: int = 6000) -> torch.Tensor:
    return 0.1 * torch.randn(batch, samples, generator=torch.Generator().manual_seed(0))


def whole() -> Chain:
    return Chain({
        "silence": Silence(RATE), "phone": Phone(RATE), "noise": WhiteNoise(p=0.5), "left out": None,
        "gain": Gain(), "masking": Masking(),
    })  # fmt: skip


def test_parts_work_in_order_each_where_it_belongs() -> None:
    chain, x, target = whole(), clips(), torch.tensor([0.0, 1, 0, 1])
    assert [part.place for part in chain.parts] == ["loader", "loader", "device", "device", "features"]
    generator = seeded([1])
    wanted = Gain()(WhiteNoise(p=0.5)(x, generator), generator)
    assert torch.equal(chain.waveforms(x, seeded([1]), target), wanted)
    image = torch.randn(4, 1, 20, 30)
    assert torch.equal(chain.features(image, seeded([2]), target), Masking()(image, seeded([2])))


def test_a_clip_in_the_loader() -> None:
    chain, x = whole(), clips(1)[0].numpy()
    x.flags.writeable = False
    made = chain.clip(x, [2**62, 3], 1.0)
    wanted = Phone(RATE)(Silence(RATE)(torch.tensor(x)[None], seeded([0])), seeded([0]))[0].numpy()
    np.testing.assert_array_equal(made, wanted)
    assert Chain({"gain": Gain()}).clip(x, [0], 1.0) is x
    called = Chain({"phone": Phone(RATE, only="spoof")})
    assert np.array_equal(called.clip(x, [0], 1.0), x)
    assert not np.array_equal(called.clip(x, [0], 0.0), x)


def test_labels_reach_the_parts() -> None:
    x, target = clips(), torch.tensor([0.0, 1, 0, 1])
    made = Chain({"gain": Gain(only="spoof")}).waveforms(x, seeded([3]), target)
    assert torch.equal((made != x).any(1), target == 0)


def test_a_chain_of_nothing_does_nothing() -> None:
    x = clips()
    chain = Chain({"left out": None})
    assert chain.waveforms(x, seeded([0]), torch.zeros(4)) is x
    assert not any(chain.has(place) for place in ("loader", "device", "features"))  # type: ignore[arg-type]


def test_a_chain_counts_as_its_parts_and_travels_to_a_worker() -> None:
    chain = Chain({"all": whole(), "more": Masking(fill="zero")})
    assert [part.place for part in chain.parts][-2:] == ["features", "features"]
    again = pickle.loads(pickle.dumps(chain))  # noqa: S301 - our own
    x, target = clips(), torch.zeros(4)
    assert torch.equal(again.waveforms(x, seeded([4]), target), chain.waveforms(x, seeded([4]), target))


def test_there_is_no_way_back() -> None:
    with pytest.raises(InputError, match=r"phone \(loader\) cannot follow gain \(device\).*put phone first$"):
        Chain({"gain": Gain(), "phone": Phone(RATE)})


def made(option: str, *overrides: str) -> Any:
    """As the command line would make it, on top of a sample rate."""
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        cfg = compose(overrides=[f"+augment={option}", f"+data={{sample_rate: {RATE}}}", *overrides])
    plain = OmegaConf.to_container(cfg, resolve=True)
    return instantiate(plain["augment"], _convert_="all")  # type: ignore[call-overload,index]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_can_be_made_and_changes_clips(option: str, tmp_path: Any) -> None:
    folder = []
    if option.startswith("recorded"):
        soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).standard_normal(4000) * 0.1, RATE)
        folder = [f"augment.folder={tmp_path}"]
    chain = Chain({option: made(option, *folder)})
    if option == "none":
        assert not chain.parts
        return
    x, target = clips(8, 9000), torch.tensor([0.0, 1] * 4)
    x[:, :3000] *= 0.01
    loaded = [chain.clip(row.numpy(), [seed], 1.0) for seed, row in enumerate(x)]
    waveforms = chain.waveforms(torch.from_numpy(np.stack(loaded)), seeded([1]), target)
    image = torch.randn(8, 1, 20, 30)
    features = chain.features(image, seeded([2]), target)
    assert not torch.equal(waveforms, x) or not torch.equal(features, image)
    assert waveforms.isfinite().all()


def test_the_mix_can_be_changed_part_by_part() -> None:
    names = list(yaml.safe_load((assembly.conf() / "augment/robust.yaml").read_text())["parts"])
    full = made("robust")
    assert len(full.parts) == len(names)
    assert [part.p for part in full.parts] == [0.3, 0.3, 0.3, 0.2, 0.5, 0.5, 0.3]
    less = made("robust", "augment.parts.codec=null", "augment.parts.gain.p=1.0")
    assert len(less.parts) == len(names) - 1
    assert less.parts[names.index("gain") - 1].p == 1.0
