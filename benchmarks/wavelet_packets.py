"""A level of wavelet packets for all bands at once, against ptwt's tree node by node.

Run: `.venv/bin/python benchmarks/wavelet_packets.py`
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from ptwt.conv_transform import wavedec
from ptwt.packets import WaveletPacket
from torch import Tensor

from bonafide.frontends.packet_tree import PacketTree

CLIPS, SAMPLES = 32, 22_050
TREES = (("sym5", 8, 31), ("haar", 8, 31), ("haar", 14, 3))  # wavelet, level, turns


def node_by_node(waveform: Tensor, tree: PacketTree) -> Tensor:
    """`[batch, time]` → `[batch, 2**level, frames]`, every node by a convolution of its own."""
    nodes = WaveletPacket(waveform, tree.wavelet, mode="reflect", maxlevel=tree.level)
    return torch.stack([nodes[path] for path in tree.paths], dim=1)


def level_by_level(waveform: Tensor, tree: PacketTree) -> Tensor:
    """The same with all nodes of a level as the batch of one `ptwt.wavedec`."""
    nodes = waveform[:, None]
    for _ in range(tree.level):
        halves = wavedec(nodes.flatten(0, 1), tree.wavelet, mode="reflect", level=1)
        nodes = torch.stack(halves, dim=1).view(len(waveform), -1, halves[0].shape[-1])
    return nodes[:, tree.band.argsort()]


def seconds(compute: Callable[[Tensor], Tensor], waveform: Tensor) -> float:
    start = perf_counter()
    compute(waveform)
    if waveform.is_cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


@torch.inference_mode()
def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(2)
    torch.backends.cudnn.allow_tf32 = False  # for equal results: ptwt convolves
    device = "cuda" if torch.cuda.is_available() else "cpu"
    waveform = torch.randn(CLIPS, SAMPLES, device=device)
    print(f"torch {torch.__version__} on {device}, torch.set_num_threads({torch.get_num_threads()})")
    print(f"all packets of {CLIPS} clips of {SAMPLES} samples; medians in ms; ratios to ptwt node by node")
    for wavelet, level, repeats in TREES:
        tree = PacketTree(wavelet, level).to(device)
        sides: list[Callable[[Tensor], Tensor]] = [
            tree,
            lambda clips, tree=tree: level_by_level(clips, tree),  # type: ignore[misc]
            lambda clips, tree=tree: node_by_node(clips, tree),  # type: ignore[misc]
        ]
        wanted = sides[-1](waveform)
        for side in sides[:-1]:
            torch.testing.assert_close(side(waveform), wanted, atol=1e-5, rtol=1e-5)
        # The sides take turns, and the ratio is taken turn by turn, so that a busy machine hits all alike.
        turns = [[seconds(side, waveform) for side in sides] for _ in range(repeats)]
        names = ("time first", "ptwt.wavedec level by level", "ptwt.WaveletPacket node by node")
        for place, name in enumerate(names):
            took, ratio = median(turn[place] for turn in turns), median(t[-1] / t[place] for t in turns)
            print(f"  {wavelet} level {level:2}  {name:32}{1e3 * took:10.2f}   {ratio:7.1f}×")


if __name__ == "__main__":
    main()
