"""Arrays, a line for each clip, and figures of attributions."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation.summary import Picture
from bonafide.explain.detector.means import Maps
from bonafide.figures import attribution as figures
from bonafide.figures.style import save
from bonafide.frontends.legend import Legend
from bonafide.types import BONAFIDE, SPOOF
from bonafide.whole import whole

if TYPE_CHECKING:
    from bonafide.scripts.jobs.explaining import Look

Array = NDArray[np.float64]


def arrays(folder: Path, maps: Maps, systems: Mapping[str, Maps], times: Array, axes: Legend) -> None:
    """Mean maps, and the margins of all clips and of each system."""
    for name, values in (
        ("attribution", maps.attribution),
        ("absolute", maps.absolute),
        ("mean_images", maps.image),
    ):
        _save(folder / f"{name}.npy", values)
    found: dict[str, Any] = {"rows": maps.rows, "columns": maps.columns, "times": times}
    found |= {} if axes.hertz is None else {"hertz": axes.hertz.numpy()}
    found |= {f"rows_{system}": own.rows for system, own in systems.items()}
    found |= {f"columns_{system}": own.columns for system, own in systems.items()}
    with whole(folder / "margins.npz") as file, file.open("wb") as stream:
        np.savez_compressed(stream, **found)


def published(folder: Path, look: "Look", maps: Maps) -> None:
    """The three arrays under the names of Gasenzer and Wolter's code, `[bins, frames]` of one channel."""
    target = {BONAFIDE: "0", SPOOF: "1"}.get(look.cfg.samples, "01")
    stem = f"{Path(look.cfg.run).name}_x{look.cfg.amount}_target-{target}"
    last = look.last.double().numpy()
    for name, values in (
        ("integrated_gradients", maps.attribution.sum(0)),
        ("mean_images", maps.image[0] if len(maps.image) == 1 else maps.image),
        ("last_image", last[0] if len(last) == 1 else last),
    ):
        _save(folder / f"{stem}_{name}.npy", values)


def _save(path: Path, values: Array) -> None:
    with whole(path) as file, file.open("wb") as stream:
        np.save(stream, values.astype(np.float32), allow_pickle=False)


def clips(path: Path, look: "Look") -> None:
    """What is known of each clip."""
    with whole(path) as file, file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(type(look.rows[0])._fields)
        writer.writerows([*row[:-1], "" if np.isnan(row.due) else row.due] for row in look.rows)


def pictures(
    folder: Path, labels: Mapping[str, Maps], systems: Mapping[str, Maps], times: Array, axes: Legend
) -> list[Picture]:
    """Mean maps of each class, and the margins of the systems."""
    names = {BONAFIDE: "bona fide", SPOOF: "spoofs"}
    found = []
    for label, maps in labels.items():
        mean = figures.Mean(
            maps.attribution, maps.image, maps.rows, maps.rows_error, maps.columns, maps.columns_error
        )
        title = f"{maps.clips:,} clips: {names[label]}"
        file = folder / "figures" / f"mean_{label}.png"
        save(figures.panels(mean, times, axes, title=title), file)
        found.append(Picture(file, f"Mean attribution over {title}; blue speaks for the output", broad=True))
    if next(iter(systems.values())).rows.size > 1:
        margins = {
            "bona fide" if name == "-" else name: (maps.rows, maps.rows_error)
            for name, maps in systems.items()
        }
        file = folder / "figures" / "systems.png"
        save(figures.systems(margins, axes), file)
        found.append(
            Picture(
                file, f"Attribution by {axes.rows}, mean of each system with its standard error", broad=True
            )
        )
    return found
