"""Writes MLAAD and M-AILABS in miniature."""

from collections.abc import Sequence
from pathlib import Path

from tests.corpora.miniature import _write, voice

HEADER = (
    "path|original_file|language|is_original_language|duration|training_data|model_name|architecture"
    "|transcript"
)
READERS = {
    "de_DE": ("female/eva_k/grune_haus", "mix/altes_haus"),
    "en_UK": ("female/elizabeth_klett/wives_and_daughters",),
    "en_US": ("male/elliot_miller/pirates_of_ersatz", "female/judy_bieber/dorothy_and_wizard_oz"),
}
LANGUAGES = {"de": ("de_DE",), "en": ("en_UK", "en_US"), "fi": ("en_US",)}
"""Of the spoofs, with where their texts come from: what M-AILABS does not speak is translated."""

MODELS = {
    "griffin_lim": "griffin_lim",
    "tts_models_multilingual_xtts_v2": "XTTS v2",
    "Cartesia.ai (Sonic-3)": "Sonic 3",
}
RATE = 16_000


def originals(locale: str, each: int) -> list[str]:
    """Paths of recordings as `original_file` writes them."""
    return [
        f"{locale}/by_book/{place}/wavs/{place.rpartition('/')[2]}_{number:02}_f{number:06}.wav"
        for place in READERS[locale]
        for number in range(1, each + 1)
    ]


def write(
    root: Path, languages: Sequence[str] = tuple(LANGUAGES), each: int = 6, seconds: float = 0.3
) -> Path:
    """`fake/` with three models a language, and `real/` with the locales; returns `root`.

    Transcripts hold quotes that do not close; paths come in their three forms; locales hold a stub of macOS.
    """
    samples = int(seconds * RATE)
    locales = {locale for language in languages for locale in LANGUAGES[language]}
    for locale in sorted(locales):
        for original in originals(locale, each):
            _write(root / "real" / original, voice(original, RATE, samples), RATE)
        book = (root / "real" / original).parent
        (book / "._stub.wav").write_bytes(b"macOS")
        (book.parent / "metadata.csv").write_text("id|text|normalised text\n", encoding="utf-8")
    for language in languages:
        files = [name for locale in LANGUAGES[language] for name in originals(locale, each)]
        for form, (model, title) in enumerate(MODELS.items()):
            folder = f"fake/{language}/{model}"
            rows = [HEADER + ("|reference_speaker" if form == 2 else "")]
            for number, original in enumerate(files):
                name = original.rpartition("/")[2]
                _write(root / folder / name, voice(original, RATE, samples, model), RATE)
                path = (f"./{folder}/{name}", f"{folder}/{name}", name)[form]
                text = 'now", he said' if number % 2 else '"Go'
                row = f"{path}|{original}|{language}|True|{seconds}|{language}|{title}|{title}|{text}"
                rows.append(row + ("|somebody" if form == 2 else ""))
            (root / folder / "meta.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root
