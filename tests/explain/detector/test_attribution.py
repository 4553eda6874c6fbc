import math
from functools import partial

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from tests.explain.detector.small import detector, noise, planted, train
from torch import nn

from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Case, Method, completeness
from bonafide.explain.detector.baselines import reference
from bonafide.explain.detector.blur import BlurIntegratedGradients, blur
from bonafide.explain.detector.deep_lift import DeepLift
from bonafide.explain.detector.faithfulness import Trial, measure
from bonafide.explain.detector.gradients import GradientShap, IntegratedGradients, Saliency
from bonafide.explain.detector.occlusion import Occlusion
from bonafide.models.gmm import GMM
from bonafide.models.model import Network
from bonafide.models.rawnet2 import RawNet2
from bonafide.models.regression import Regression
from bonafide.tasks.detection import Detection
from bonafide.types import FeatureShape, InputError

METHODS = [
    IntegratedGradients(steps=8),
    IntegratedGradients(steps=8, rule="trapezoid"),
    IntegratedGradients(steps=8, rule="stretches"),
    BlurIntegratedGradients(steps=8, sigma=4.0),
    BlurIntegratedGradients(steps=8, sigma=4.0, faithful=True),
    Saliency(),
    Occlusion(bands=5, moments=4),
    DeepLift(),
]


def case_of(task: Detection, clips: int = 5) -> tuple[Answer, Case]:
    answer = Answer(task)
    inputs = answer.inputs(noise(clips, seed=1))
    return answer, Case(inputs, torch.zeros_like(inputs), answer.inputs(noise(6, seed=2)))


class Bent(Network):
    """A regression behind an activation of its own that works in place."""

    def __init__(self, shape: FeatureShape) -> None:
        super().__init__(shape, 2)
        self.bend = nn.ReLU(inplace=True)
        self.head = nn.Linear(self.width, 2)

    @property
    def width(self) -> int:
        return self.shape.channels * self.shape.bins * self.shape.frames

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        bent: torch.Tensor = self.bend(features)
        return bent.flatten(1)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_a_map_does_not_depend_on_the_company(method: Method) -> None:
    answer, case = case_of(detector(Bent))
    together = method.attribute(answer, case).values
    alone = [
        method.attribute(answer, Case(case.inputs[[n]], case.reference[[n]], case.background)).values
        for n in range(5)
    ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("make", [IntegratedGradients, BlurIntegratedGradients, GradientShap])
def test_the_internal_batch_size_does_not_change_a_map(make: type[Method]) -> None:
    answer, case = case_of(detector(Bent))
    found = []
    for size in (1, 3, 64):
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002 - captum draws with it
        settings = {"draws": 2} if make is GradientShap else {"steps": 6}
        found.append(make(internal_batch_size=size, **settings).attribute(answer, case))  # type: ignore[call-arg]
    if make is GradientShap:  # whose draws differ
        assert {one.values.shape for one in found} == {case.inputs.shape}
        return
    for one in found[1:]:
        torch.testing.assert_close(one.values, found[0].values, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "method",
    [
        IntegratedGradients(steps=1),
        IntegratedGradients(steps=1, rule="trapezoid"),
        IntegratedGradients(steps=1, rule="stretches"),
        DeepLift(),
    ],
)
def test_a_linear_model_gives_weight_times_input(method: Method) -> None:
    task = detector()
    answer, case = case_of(task)
    weight = task.model.head.weight  # type: ignore[union-attr]
    wanted = ((weight[1] - weight[0]).view(1, *case.inputs.shape[1:]) * case.inputs).detach()
    found = method.attribute(answer, case)
    torch.testing.assert_close(found.values, wanted, atol=1e-5, rtol=1e-4)
    assert found.due is not None
    torch.testing.assert_close(found.values.flatten(1).sum(1), found.due, atol=1e-4, rtol=1e-4)


class Jumping(Network):
    """A regression on the louder half of the band, which another half can become on the way."""

    def __init__(self, shape: FeatureShape) -> None:
        super().__init__(shape, 2)
        self.head = nn.Linear(self.width, 2)

    @property
    def width(self) -> int:
        return self.shape.channels * (self.shape.bins // 2) * self.shape.frames

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        half = self.shape.bins // 2
        lower, upper = features[:, :, :half], features[:, :, half : 2 * half]
        louder = (lower.mean((1, 2, 3)) + 0.02 > upper.mean((1, 2, 3)))[:, None, None, None]
        return torch.where(louder, lower, upper).flatten(1)


def test_stretches_see_jumps_and_agree_where_there_are_none() -> None:
    answer, case = case_of(detector(Bent))
    smooth = IntegratedGradients(steps=200).attribute(answer, case).values
    found = IntegratedGradients(steps=200, rule="stretches").attribute(answer, case).values
    torch.testing.assert_close(found, smooth, atol=float(0.01 * smooth.abs().max()), rtol=0)

    answer, case = case_of(detector(Jumping), clips=12)
    blind = IntegratedGradients(steps=64).attribute(answer, case)
    aware = IntegratedGradients(steps=64, rule="stretches").attribute(answer, case)
    assert blind.error is not None
    assert aware.error is not None
    assert blind.error.abs().max() > 0.05
    assert aware.error.abs().max() < 1e-4
    still = blind.error.abs() < 1e-4
    assert still.any()
    torch.testing.assert_close(aware.values[still], blind.values[still], atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("steps", [1, 7, 40])
@pytest.mark.parametrize("border", ["zero", "reflect"])
def test_blur_ig_is_its_path_integral_on_a_linear_model(steps: int, border: str) -> None:
    task = detector()
    answer, case = case_of(task)
    weight = task.model.head.weight  # type: ignore[union-attr]
    gradient = (weight[1] - weight[0]).view(1, *case.inputs.shape[1:]).detach()
    image = case.inputs.double().numpy()
    mode = {"zero": "constant", "reflect": "reflect"}[border]
    dull = np.stack([gaussian_filter(one[0], 5.0, mode=mode)[None] for one in image])
    found = BlurIntegratedGradients(steps=steps, sigma=5.0, border=border).attribute(answer, case)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.values, gradient.numpy() * (image - dull), atol=2e-5)
    assert found.error is not None
    assert found.error.abs().max() < 1e-3


def test_the_published_blur_variant_is_the_mean_gradient() -> None:
    task = detector()
    answer, case = case_of(task)
    weight = task.model.head.weight  # type: ignore[union-attr]
    wanted = (weight[1] - weight[0]).view(1, *case.inputs.shape[1:]).expand_as(case.inputs).detach()
    method = BlurIntegratedGradients(steps=50, sigma=100, faithful=True)
    assert method.sigmas() == pytest.approx([2.0 * step for step in range(51)])
    found = method.attribute(answer, case)
    torch.testing.assert_close(found.values, wanted, atol=1e-6, rtol=1e-5)
    assert found.due is None


@pytest.mark.parametrize("sigma", [0.1, 0.7, 3.0, 40.0])
@pytest.mark.parametrize(("border", "mode"), [("zero", "constant"), ("reflect", "reflect")])
def test_blur_is_that_of_scipy(sigma: float, border: str, mode: str) -> None:
    image = torch.randn(2, 1, 13, 21, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    wanted = np.stack([gaussian_filter(one[0].numpy(), sigma, mode=mode)[None] for one in image])
    np.testing.assert_allclose(blur(image, sigma, border), wanted, atol=1e-12)  # type: ignore[arg-type]
    sound = image[:, 0, 0]
    wanted = np.stack([gaussian_filter(one.numpy(), sigma, mode=mode) for one in sound])
    np.testing.assert_allclose(blur(sound, sigma, border), wanted, atol=1e-12)  # type: ignore[arg-type]


def test_features_and_waveform_explain_the_same_difference() -> None:
    task = detector(Bent)
    waveform = noise(2)
    silence = task.frontend(torch.zeros_like(waveform))
    features, sound = Answer(task), Answer(task, on="waveform")
    inputs = features.inputs(waveform)
    by_features = IntegratedGradients(steps=20).attribute(features, Case(inputs, silence, inputs))
    by_sound = IntegratedGradients(steps=20).attribute(
        sound, Case(waveform, torch.zeros_like(waveform), waveform)
    )
    assert by_sound.values.shape == waveform.shape
    assert by_features.due is not None
    assert by_sound.due is not None
    torch.testing.assert_close(by_features.due, by_sound.due, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("classes", [1, 2])
def test_the_outputs_of_a_detector_fit_together(classes: int) -> None:
    task = detector(partial(Regression, classes=classes))
    features = task.frontend(noise(3))
    said = {of: Answer(task, of)(features) for of in ("bonafide", "spoof", "log_odds")}  # type: ignore[arg-type]
    genuine, fake = (Answer(task, of, probability=True)(features) for of in ("bonafide", "spoof"))  # type: ignore[arg-type]
    torch.testing.assert_close(said["log_odds"], task.score(noise(3)))
    torch.testing.assert_close(genuine + fake, torch.ones(3))
    torch.testing.assert_close(genuine.logit(), said["log_odds"], atol=1e-4, rtol=1e-4)
    difference = said["bonafide"] - said["spoof"]
    torch.testing.assert_close(difference, said["log_odds"] * (2 if classes == 1 else 1))


def test_a_gmm_answers_with_the_likelihood_of_each_class() -> None:
    task = detector(partial(GMM, classes=1, components=3, reservoir=10))
    features = task.frontend(noise(3))
    bonafide, spoof, odds = (Answer(task, of)(features) for of in ("bonafide", "spoof", "log_odds"))  # type: ignore[arg-type]
    torch.testing.assert_close(bonafide - spoof, odds, atol=1e-3, rtol=1e-4)
    assert not torch.allclose(bonafide, -spoof)


def test_shap_adds_up_to_the_mean_over_the_background() -> None:
    answer, case = case_of(detector())
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - captum draws with it
    found = GradientShap(draws=400).attribute(answer, case)
    assert found.due is not None
    assert found.error is not None
    spread = answer.values(case.background, 8).std()
    assert found.error.abs().max() < 4 * spread / math.sqrt(400)
    with pytest.raises(InputError, match="other clips"):
        GradientShap().attribute(answer, Case(case.inputs, case.reference, case.background[:1]))


def test_deep_lift_refuses_an_activation_that_is_used_twice() -> None:
    model = partial(RawNet2, taps=65, widths=(2, 2, 3, 3), recurrent=4, embedding=4)
    answer = Answer(detector(model, raw=True))
    inputs = answer.inputs(noise(2))
    with pytest.raises(InputError, match=r"RawNet2 uses .* times; try attribute=integrated_gradients"):
        DeepLift().attribute(answer, Case(inputs, torch.zeros_like(inputs), inputs))


def test_occlusion_of_everything_at_once_is_the_whole_difference() -> None:
    answer, case = case_of(detector())
    found = Occlusion(bands=1, moments=1).attribute(answer, case).values
    wanted = answer.values(case.inputs, 8) - answer.values(case.reference, 8)
    torch.testing.assert_close(found.amax((1, 2, 3)), found.amin((1, 2, 3)))
    torch.testing.assert_close(found[:, 0, 0, 0], wanted, atol=1e-4, rtol=1e-4)


def test_baselines() -> None:
    inputs = torch.randn(3, 1, 6, 8)
    others = torch.randn(5, 1, 6, 8)
    assert not reference(inputs, others, "zero", sigma=2.0).any()
    mean = reference(inputs, others, "mean", sigma=2.0)
    torch.testing.assert_close(mean[1], others.mean(0))
    smeared = reference(inputs, others, "blur", sigma=100.0)
    torch.testing.assert_close(
        smeared, inputs.mean((2, 3), keepdim=True).expand_as(inputs), atol=1e-4, rtol=0
    )
    with pytest.raises(InputError, match="baseline=none is unknown"):
        reference(inputs, others, "none", sigma=2.0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="try baseline=zero"):
        reference(inputs, others[:1], "mean", sigma=2.0)


@pytest.mark.parametrize(
    "method", [IntegratedGradients(steps=10), Saliency(), DeepLift(), Occlusion(bands=65, moments=4)]
)
def test_a_planted_band_is_found_and_taking_it_away_beats_chance(method: Method) -> None:
    waveform, target = planted(96)
    task = detector(clips=waveform)
    train(task, waveform, target, steps=60)
    fresh, target = planted(24, seed=9)
    scores = task.score(fresh)
    assert (scores > 0).eq(target == 1).float().mean() > 0.9
    spoofs = fresh[target == 0]
    answer = Answer(task)
    inputs = answer.inputs(spoofs)
    case = Case(inputs, torch.zeros_like(inputs), inputs)
    values = method.attribute(answer, case).values
    by_band = values.sum((0, 1, 3)).abs()
    hertz = task.frontend.legend().hertz
    assert hertz is not None
    assert 4900 <= float(hertz[by_band.argmax()]) <= 5600
    trial = Trial(steps=10, orders=4)
    trial.add(answer, case, values, signed=method.signed)
    found = {unit: measure(curves) for unit, curves in trial.curves().items()}
    assert found["bands"].deletion > 0.3
    assert found["bands"].deletion_interval[0] > 0.25
    assert found["bands"].insertion > 0.3
    assert found["bands"].deletion > 4 * found["bands"].chance


def test_a_map_of_chance_is_no_better_than_chance() -> None:
    answer, case = case_of(detector(), clips=40)
    trial = Trial(steps=8, orders=6)
    trial.add(answer, case, torch.randn(case.inputs.shape), signed=True)
    for curves in trial.curves().values():
        found = measure(curves)
        assert curves.deletion.shape == (40, 9)
        np.testing.assert_allclose(curves.deletion[:, 0].mean(), 1)
        np.testing.assert_allclose(curves.deletion[:, -1], 0, atol=1e-6)
        np.testing.assert_allclose(
            curves.random[..., 0], np.broadcast_to(curves.deletion[:, 0], (6, 40)), atol=1e-6
        )
        assert abs(found.deletion) < 4 * found.chance
        assert abs(found.insertion) < 4 * found.chance


def test_a_waveform_has_no_bands_to_take_away() -> None:
    task = detector()
    answer = Answer(task, on="waveform")
    waveform = noise(2)
    trial = Trial(steps=2, orders=2)
    trial.add(answer, Case(waveform, torch.zeros_like(waveform), waveform), waveform, signed=True)
    assert set(trial.curves()) == {"moments", "places"}


def test_completeness_weighs_clips_by_what_is_due() -> None:
    assert completeness(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 100.0])) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: IntegratedGradients(steps=0), r"attribute\.steps=0 must be at least 1"),
        (lambda: IntegratedGradients(rule="simpson"), r"attribute\.rule=simpson"),  # type: ignore[arg-type]
        (lambda: BlurIntegratedGradients(sigma=0), r"attribute\.sigma=0"),
        (lambda: BlurIntegratedGradients(border="wrap"), r"attribute\.border=wrap"),  # type: ignore[arg-type]
        (lambda: Occlusion(overlap=0), r"attribute\.overlap=0"),
        (lambda: GradientShap(deviation=-1), r"attribute\.deviation=-1"),
        (lambda: Trial(orders=1), r"faithfulness\.orders=1"),
        (lambda: Answer(detector(), "log_odds", probability=True), "log-odds have no probability"),
        (lambda: Answer(detector(), "genuine"), "of=genuine"),  # type: ignore[arg-type]
        (lambda: Answer(detector(), on="spectrum"), "on=spectrum"),  # type: ignore[arg-type]
    ],
)
def test_a_setting_without_a_meaning_is_refused(make: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()  # type: ignore[operator]
