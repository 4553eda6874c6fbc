"""Layer 5 of XLS-R-300m from an encoder cut to 5 layers, against running all 24 and picking that state.

Random weights in the published geometry; nothing is fetched.
Run: `.venv/bin/python benchmarks/xlsr_layer5.py`
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch
import transformers
from torch import Tensor

from bonafide.frontends.stem import normalized
from bonafide.frontends.transformer import Transformer

SAMPLE_RATE, SAMPLES, LAYER, BATCH = 16_000, 64_600, 5, 2
WARM_UP, REPEATS = 1, 7
XLSR: dict[str, Any] = {
    "model_type": "wav2vec2",
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "conv_bias": True,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
}


def seconds(run: Callable[[], Tensor]) -> float:
    start = perf_counter()
    if run().is_cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


@torch.inference_mode()
def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(2)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(XLSR), encoding="utf-8")
        cut = Transformer(SAMPLE_RATE, source=folder, layers=LAYER, weights="random").eval().to(device)
    model: Any = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**XLSR))
    whole = model.eval().to(device)
    kept = whole.state_dict()
    cut.encoder.load_state_dict({name: kept[name] for name in cut.encoder.state_dict()})
    waveform = 0.1 * torch.randn(BATCH, SAMPLES, device=device)

    def all_layers() -> Tensor:
        states = whole(normalized(waveform, None, "transformers"), output_hidden_states=True).hidden_states
        picked: Tensor = states[LAYER]
        return picked.transpose(1, 2)

    def needed_layers() -> Tensor:
        found: Tensor = cut(waveform)[:, 0]
        return found

    difference = float((all_layers() - needed_layers()).abs().max())
    if difference != 0.0:
        raise SystemExit(f"the two sides differ by {difference:g}")

    # The sides take turns, and the ratio is taken turn by turn, so that a busy machine hits both alike.
    turns = [(seconds(needed_layers), seconds(all_layers)) for _ in range(WARM_UP + REPEATS)]
    fast, slow = zip(*turns[WARM_UP:], strict=True)

    weights = [sum(weight.numel() for weight in side.parameters()) for side in (cut.encoder, whole)]
    print(
        f"torch {torch.__version__}, transformers {transformers.__version__} on {device}, "
        f"torch.set_num_threads({torch.get_num_threads()})"
    )
    print(
        f"XLS-R-300m, layer {LAYER}, {BATCH} clips of {SAMPLES} samples, "
        f"median of {REPEATS} turns after {WARM_UP}"
    )
    print(f"  5 layers built    {1e3 * median(fast):8.0f} ms   {weights[0]:11,} parameters")
    print(f"  24 layers run     {1e3 * median(slow):8.0f} ms   {weights[1]:11,} parameters")
    print(f"  difference of the features   {difference:g}")
    print(f"  ratio, 24 layers / 5         {median(s / f for f, s in zip(fast, slow, strict=True)):.3f}")


if __name__ == "__main__":
    main()
