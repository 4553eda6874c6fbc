import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.ast import AST
from bonafide.models.ast_weights import resized
from bonafide.types import FeatureShape, InputError

SMALL = FeatureShape(1, 24, 40)
TINY: dict[str, Any] = {"width": 12, "depth": 2, "heads": 3, "patch": 8, "stride": 5}


def tiny(shape: FeatureShape = SMALL, classes: int = 2, **options: Any) -> AST:
    return AST(shape, classes, **{**TINY, **options})


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def image(shape: FeatureShape = SMALL, batch: int = 3) -> Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(1))


def grid(model: AST) -> Tensor:
    """`[width, rows, columns]` of the positions."""
    return model.pos_embed[0, 2:].mT.unflatten(1, model.grid).detach()


def test_published_sizes() -> None:
    with torch.device("meta"):
        model = AST(FeatureShape(1, 256, 101))
        sounds = AST(FeatureShape(1, 128, 1024))
    assert model.grid == (25, 9)
    assert parameters(model) == 85_432_322
    assert sounds.grid == (12, 101)
    assert parameters(sounds) - parameters(model) == (12 * 101 - 225) * 768


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 30), (2, 100, 13)])
def test_any_image_of_a_patch_is_read(shape: tuple[int, int, int], classes: int) -> None:
    model = tiny(FeatureShape(*shape), classes)
    assert model(image(FeatureShape(*shape))).shape == (3, classes)
    assert model.embed(image(FeatureShape(*shape))).shape == (3, model.width) == (3, 12)


@pytest.mark.parametrize(
    ("option", "value"), [("width", 24), ("depth", 1), ("heads", 4), ("patch", 10), ("stride", 8)]
)
def test_every_option_has_an_effect(option: str, value: int) -> None:
    torch.manual_seed(0)
    plain = tiny().eval()
    torch.manual_seed(0)
    other = tiny(**{option: value}).eval()
    assert not torch.allclose(plain(image()), other(image()))
    assert (parameters(plain) != parameters(other)) == (option != "heads")


def test_positions_say_where_a_patch_lies() -> None:
    """Without them, the order of the patches would not matter."""
    model = tiny(stride=8).eval()
    turned = image().unflatten(3, (5, 8)).flip(3).flatten(3)
    assert not torch.allclose(model(turned), model(image()), atol=1e-4)
    nn.init.zeros_(model.pos_embed)
    torch.testing.assert_close(model(turned), model(image()))


def test_every_parameter_learns() -> None:
    model = tiny()
    model(image()).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_a_clip_does_not_depend_on_its_batch() -> None:
    model = tiny().eval()
    torch.testing.assert_close(model(image()), torch.cat([model(clip[None]) for clip in image()]))


def test_it_compiles_in_one_graph_and_runs_in_half_precision() -> None:
    model = tiny().eval()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(image()), model(image()))
    with torch.autocast("cpu", torch.bfloat16):
        assert model(image()).isfinite().all()


def encoder(kind: str, folder: Path, **settings: Any) -> Any:
    """A random one of transformers, saved as on the hub."""
    name = {"ast": "AST", "deit": "DeiT"}[kind]
    common = {"hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 48}
    config = getattr(transformers, f"{name}Config")(**common, layer_norm_eps=1e-6, patch_size=8, **settings)
    heads = {"ast": "ASTForAudioClassification", "deit": "DeiTForImageClassificationWithTeacher"}
    torch.manual_seed(3)
    made = getattr(transformers, heads[kind])(config).eval()
    for weight in made.parameters():
        nn.init.normal_(weight, std=0.3)
    made.save_pretrained(folder)
    return getattr(made, {"ast": "audio_spectrogram_transformer", "deit": "deit"}[kind])


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("sounds")
    strides = {"frequency_stride": 5, "time_stride": 5}
    return folder, encoder("ast", folder, num_mel_bins=24, max_length=40, **strides)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("pictures")
    return folder, encoder("deit", folder, image_size=40)


def tokens(model: AST, features: Tensor) -> Tensor:
    """The mean of the two extra tokens, before the layers that no pre-training has."""
    caught: list[Tensor] = []
    model.norm.register_forward_hook(lambda _module, _inputs, found: caught.append(found))
    model.eval().embed(features)
    return caught[0][:, :2].mean(dim=1)


def test_it_computes_what_transformers_does(sounds: tuple[Path, Any]) -> None:
    folder, reference = sounds
    with torch.no_grad():
        expected = reference(image()[:, 0].mT).pooler_output
        torch.testing.assert_close(tokens(tiny(source=str(folder)), image()), expected, atol=1e-5, rtol=1e-4)


def test_it_reads_pictures_of_colours_as_transformers_does(pictures: tuple[Path, Any]) -> None:
    folder, reference = pictures
    colours = FeatureShape(3, 40, 40)
    with torch.no_grad():
        model = tiny(colours, stride=8, source=str(folder))
        expected = reference(image(colours)).last_hidden_state[:, :2].mean(dim=1)
        torch.testing.assert_close(tokens(model, image(colours)), expected, atol=1e-5, rtol=1e-4)


def test_grey_pictures_give_what_colours_gave(pictures: tuple[Path, Any]) -> None:
    """A grey picture shows the same value in all colours: the kernels are summed, or shared out."""
    grey, colours = FeatureShape(1, 40, 40), FeatureShape(3, 40, 40)
    one = tiny(grey, stride=8, source=str(pictures[0]))
    two = tiny(FeatureShape(2, 40, 40), stride=8, source=str(pictures[0]))
    three = tiny(colours, stride=8, source=str(pictures[0]))
    with torch.no_grad():
        expected = tokens(three, image(grey).expand(-1, 3, -1, -1))
        torch.testing.assert_close(tokens(one, image(grey)), expected, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(
            tokens(two, image(grey).expand(-1, 2, -1, -1)), expected, atol=1e-5, rtol=1e-4
        )


def timms_names(model: AST) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in model.state_dict().items() if not k.startswith(("head.", "head_norm."))}


def named_as_now(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """As transformers 5 names an AST in memory."""
    found = {}
    for key, value in state.items():
        if ".attn.qkv." in key:
            for part, rows in zip("qkv", value.chunk(3), strict=True):
                found[key.replace("blocks", "layers").replace("attn.qkv", f"attention.{part}_proj")] = rows
            continue
        name = key.replace("blocks.", "layers.").replace("attn.proj", "attention.o_proj")
        name = name.replace("norm1", "layernorm_before").replace("norm2", "layernorm_after")
        name = re.sub(r"^norm\.", "layernorm.", name)
        for old, new in [
            ("cls_token", "cls_token"),
            ("dist_token", "distillation_token"),
            ("pos_embed", "position_embeddings"),
        ]:
            name = f"embeddings.{new}" if name == old else name
        found[name.replace("patch_embed.proj", "embeddings.patch_embeddings.projection")] = value
    return found


def test_every_layout_gives_the_same_model(tmp_path: Path) -> None:
    torch.manual_seed(4)
    wide = FeatureShape(1, 48, 48)  # a square grid, as pictures have
    trained = tiny(wide)
    state = timms_names(trained)
    classes = torch.zeros(5, 12)
    plain = {**state, "head.weight": classes, "head_dist.bias": torch.zeros(5)}
    authors = {f"module.v.{key}": value for key, value in plain.items()}
    files = {
        "timm.safetensors": plain,
        "deit.pth": {"model": plain},
        "ast.pth": {**authors, "module.mlp_head.0.weight": classes, "module.mlp_head.1.weight": classes},
        "now.pt": {**named_as_now(state), "classifier.dense.weight": classes},
    }
    for name, content in files.items():
        if name.endswith(".safetensors"):
            save_file(content, tmp_path / name)  # type: ignore[arg-type]
        else:
            torch.save(content, tmp_path / name)
        torch.manual_seed(5)
        made = tiny(wide, source=str(tmp_path / name))
        assert all(torch.equal(value, state[key]) for key, value in timms_names(made).items()), name
        torch.manual_seed(5)
        assert torch.equal(made.head.weight, tiny(wide).head.weight), name  # type: ignore[arg-type]
    torch.manual_seed(6)
    renamed = (other := tiny(wide)).renamed(plain)
    assert renamed.keys() == other.state_dict().keys()
    assert torch.equal(renamed["head.weight"], other.head.weight)  # type: ignore[arg-type]


def test_positions_of_a_longer_clip_are_cut_and_of_a_shorter_one_interpolated(
    sounds: tuple[Path, Any],
) -> None:
    whole = grid(tiny(source=str(sounds[0])))
    assert whole.shape[1:] == (4, 7)
    cut = tiny(FeatureShape(1, 18, 28), source=str(sounds[0]))
    assert cut.grid == (3, 5)
    torch.testing.assert_close(grid(cut), whole[:, 1:4, 1:6])
    longer = tiny(FeatureShape(1, 24, 80), source=str(sounds[0]))
    expected = F.interpolate(whole[None], (4, 15), mode="bilinear")[0]
    torch.testing.assert_close(grid(longer), expected)


def test_resizing_keeps_a_plane_a_plane() -> None:
    """Away from the edges, bilinear interpolation of a slope is that slope."""
    slope = torch.arange(6.0)[:, None] + 10 * torch.arange(8.0)
    found = resized(slope.expand(1, 1, 6, 8), 12, 16)[0, 0]
    torch.testing.assert_close(found[1:-1].diff(dim=0), torch.full((9, 16), 0.5))
    torch.testing.assert_close(found[:, 1:-1].diff(dim=1), torch.full((12, 13), 5.0))


@pytest.mark.parametrize(
    ("positions", "rows", "columns"), [(576, 24, 24), (1212, 12, 101), (512, 8, 64), (144, 12, 12)]
)
def test_the_grids_of_released_files_are_known(
    positions: int, rows: int, columns: int, tmp_path: Path
) -> None:
    state = timms_names(tiny())
    state["pos_embed"] = torch.randn(1, 2 + positions, 12)
    torch.save(state, tmp_path / "file.pth")
    whole = state["pos_embed"][0, 2:].mT.view(12, rows, columns)
    row, column = rows // 2 - 2, columns // 2 - 3
    made = tiny(source=str(tmp_path / "file.pth"))  # reads 4 × 7 patches
    torch.testing.assert_close(grid(made), whole[:, row : row + 4, column : column + 7])


def test_weights_of_the_same_features_keep_their_grid(tmp_path: Path) -> None:
    """Sixteen positions are not taken for a square where the model itself has 2 × 8."""
    shape = FeatureShape(1, 13, 43)
    trained = tiny(shape)
    assert trained.grid == (2, 8)
    torch.save(trained.state_dict(), tmp_path / "trained.pth")
    assert torch.equal(tiny(shape, source=str(tmp_path / "trained.pth")).pos_embed, trained.pos_embed)


def damaged(state: dict[str, Tensor], fault: str) -> dict[str, Tensor]:
    kernels = state["patch_embed.proj.weight"]
    return {
        "missing": {key: value for key, value in state.items() if key != "dist_token"},
        "unexpected": {**state, "blocks.2.norm1.weight": torch.ones(12)},
        "size": {**state, "norm.weight": torch.ones(13)},
        "rank": {**state, "patch_embed.proj.weight": kernels[0]},
        "grid": {**state, "pos_embed": torch.zeros(1, 2 + 77, 12)},
    }[fault]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", r"do not fit: 1 missing \(first: dist_token\); choose another model\.source"),
        ("unexpected", r"1 unexpected \(first: blocks\.2\.norm1\.weight\)"),
        ("size", r"1 of another size \(first: norm\.weight\)"),
        ("rank", r"1 of another rank \(first: patch_embed\.proj\.weight\)"),
        ("grid", "77 positions in an unknown grid"),
    ],
)
def test_weights_that_do_not_fit_are_refused(fault: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    torch.save(damaged(timms_names(tiny()), fault), file)
    with pytest.raises(InputError, match=message) as refused:
        tiny(source=str(file))
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_folders_that_do_not_fit_are_refused(sounds: tuple[Path, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"for 3 heads; set model\.heads=3"):
        tiny(source=str(sounds[0]), heads=4)
    with pytest.raises(InputError, match=r"holds no weights; it needs model\.safetensors or pytorch_model"):
        tiny(source=str(tmp_path))
    torch.save(timms_names(tiny()), tmp_path / "pytorch_model.bin")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        tiny(source=str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"num_attention_heads": 3}))
    with pytest.raises(InputError, match="28 positions in an unknown grid"):
        tiny(FeatureShape(1, 40, 24), source=str(tmp_path))
    with pytest.raises(InputError, match=r"nowhere\.pth does not exist; set model\.source to a file"):
        tiny(source="nowhere.pth")


def test_the_hub_is_asked_for_what_is_read(
    sounds: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def snapshot(name: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((name, revision, allow_patterns))
        if name == "owner/none":
            raise OSError("no\nnetwork")
        return str(sounds[0])

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    made = tiny(source="owner/sounds", revision="v1")
    assert asked == [("owner/sounds", "v1", ["config.json", "model.safetensors"])]
    assert torch.equal(grid(made), grid(tiny(source=str(sounds[0]))))
    with pytest.raises(InputError, match=r"owner/none cannot be fetched .*OSError: no network.*=FOLDER"):
        tiny(source="owner/none")


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((1, 1, 64_600), {}, r"^AST reads a time-frequency image, not a waveform; try frontend=mel\.$"),
        ((1, 12, 126), {}, "at least 16 bins, not 12; try frontend=mel"),
        ((1, 80, 15), {}, r"at least 16 frames, not 15; lengthen data\.clip_seconds"),
        ((1, 80, 100), {"heads": 7}, r"heads=7.*model\.heads divides model\.width"),
        ((1, 80, 100), {"stride": 0}, "stride=0; all are at least 1"),
    ],
)
def test_what_it_cannot_read_is_refused(
    shape: tuple[int, int, int], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        AST(FeatureShape(*shape), **options)
