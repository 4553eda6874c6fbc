"""Contrastive language-audio pretraining: how alike a sound and a sentence are.

Wu et al. (2023), "Large-scale contrastive language-audio pretraining", https://arxiv.org/abs/2211.06687; the
networks are those of transformers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from bonafide.audio.resample import resample
from bonafide.manipulation.pretrained import checkpoint
from bonafide.manipulation.pretrained.quiet import quiet
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

_FILES = ["config.json", "preprocessor_config.json", "tokenizer*.json", "vocab.json", "merges.txt"]
_FILES += ["special_tokens_map.json"]


@final
class Clap:
    """Sounds and sentences as directions in one space.

    Args:
        model: a `transformers.ClapModel`.
        tokenizer: of its text branch.
        extractor: a `transformers.ClapFeatureExtractor`.
    """

    def __init__(self, model: Any, tokenizer: Any, extractor: Any) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.extractor = extractor

    @staticmethod
    def require(weights: str, revision: str | None, setting: str) -> Path:
        """Fetches what is not there yet, and gives the file of the weights.

        Raises:
            InputError: it cannot be had.
        """
        return checkpoint.single(weights, revision, _FILES, setting)[1]

    @classmethod
    def loaded(cls, weights: str, revision: str | None, device: torch.device, setting: str) -> Self:
        """From a folder or the hub.

        Raises:
            InputError: it cannot be had, or is no CLAP.
        """
        folder, file = checkpoint.single(weights, revision, _FILES, setting)
        from transformers import AutoTokenizer, ClapFeatureExtractor, ClapModel  # noqa: PLC0415

        try:
            with quiet():
                load: Any = ClapModel.from_pretrained
                model, report = load(
                    folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
                )
                tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
                extractor = ClapFeatureExtractor.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # transformers refuses a foreign folder in many ways
            said = " ".join(str(error).split())[:200]
            raise InputError(
                f"{weights} cannot be read as a CLAP model ({said}); name one such as {setting}="
                "laion/clap-htsat-unfused"
            ) from error
        missing = sorted(report["missing_keys"])
        if missing:
            raise InputError(
                f"{file} lacks {len(missing)} weights of a CLAP model (first: {missing[0]}); name one such "
                f"as {setting}=laion/clap-htsat-unfused"
            )
        return cls(model.to(device), tokenizer, extractor)

    @property
    def scale(self) -> float:
        """By which similarities were multiplied in training before they became probabilities."""
        return float(self.model.logit_scale_a.detach().exp())

    @property
    def longest(self) -> float:
        """Seconds of sound that the model hears at once."""
        return float(self.extractor.nb_max_samples / self.extractor.sampling_rate)

    @torch.no_grad()
    def sound(self, clips: Sequence[Waveform], sample_rate: int) -> Tensor:
        """`[clips, size]`, of length 1; of a clip longer than `longest` only its middle is heard."""
        rate, most = self.extractor.sampling_rate, self.extractor.nb_max_samples
        heard = []
        for clip in clips:
            wave = resample(clip, sample_rate, rate)
            first = max(len(wave) - most, 0) // 2  # the extractor would take a random piece
            heard.append(wave[first : first + most])
        found = self.extractor(heard, sampling_rate=rate, return_tensors="pt")
        features = found["input_features"].to(self.model.device, torch.float32)
        longer = torch.zeros(
            len(clips), 1, dtype=torch.bool, device=features.device
        )  # it would call one longer
        output = self.model.get_audio_features(features, is_longer=longer)
        embedding: Tensor = output.pooler_output
        return torch.nn.functional.normalize(embedding, dim=-1)

    @torch.no_grad()
    def words(self, sentences: Sequence[str]) -> Tensor:
        """`[sentences, size]`, of length 1."""
        found = self.tokenizer(list(sentences), return_tensors="pt", padding=True, truncation=True)
        found = found.to(self.model.device)
        output = self.model.get_text_features(found["input_ids"], attention_mask=found["attention_mask"])
        embedding: Tensor = output.pooler_output
        return torch.nn.functional.normalize(embedding, dim=-1)

    def similarity(self, clips: Sequence[Waveform], sample_rate: int, sentences: Sequence[str]) -> Waveform:
        """Cosine of every clip with every sentence, `[clips, sentences]`."""
        return np.asarray((self.sound(clips, sample_rate) @ self.words(sentences).T).cpu(), np.float32)
