"""The fact sheet counts what is there, and says where rates are mixed."""

import io

import numpy as np
import pyarrow as pa
import pytest
from rich.console import Console
from tests.data.listing import of

from bonafide.data import facts
from bonafide.data.manifest import Manifest
from bonafide.types import BONAFIDE, SPOOF, Utterance

ROWS = [Utterance(f"real/{n}.wav", f"u{n}", "lj", "-", f"s{n % 2}", BONAFIDE) for n in range(4)] + [
    Utterance(f"fake/{n}.wav", f"u{n}", "lj", "melgan", "-", SPOOF) for n in range(4)
]
SECONDS = [1, 2, 3, 10, 1, 1, 1, 1]
PARTS = np.array(["train", "train", "validation", "test"] * 2, dtype=object)


@pytest.fixture
def manifest() -> Manifest:
    """Four recordings of two speakers, and four spoofs of which one has another rate."""
    found = of(ROWS, [seconds * 16_000 for seconds in SECONDS])
    rates = pa.array([16_000] * 5 + [24_000] + [16_000] * 2, pa.int64())
    place = found.table.schema.get_field_index("sample_rate")
    return found._replace(table=found.table.set_column(place, found.table.schema.field(place), rates))


def test_every_recording_is_counted_once(manifest: Manifest) -> None:
    genuine, fake = facts.sheet(manifest, PARTS)
    assert (genuine.corpus, genuine.system, fake.system) == ("lj", "-", "melgan")
    assert genuine.files == fake.files == {"train": 2, "validation": 1, "test": 1}
    assert (genuine.speakers, fake.speakers) == (2, 0)
    assert genuine.hours == pytest.approx(16 / 3600)
    assert genuine.seconds == (1, 2.5, 10)
    assert fake.rates == {16_000: 3, 24_000: 1}


def test_mixed_rates_are_said_with_the_first_file_of_the_rarer_one(manifest: Manifest) -> None:
    (said,) = facts.mixed_rates(manifest, facts.sheet(manifest, PARTS))
    assert "melgan has mixed sample rates: 1 files at 24,000 Hz, the first is fake/1.wav" in said


def test_the_table_ends_in_a_sum(manifest: Manifest) -> None:
    screen = Console(file=io.StringIO(), width=140)
    screen.print(facts.table(facts.sheet(manifest, PARTS)))
    last = screen.file.getvalue().splitlines()[-2]  # type: ignore[attr-defined]
    assert last.split()[1:-1] == ["all", "│", "│", "4", "│", "2", "│", "2", "│", "│", "0.01", "│", "│"]
