"""What every enhancer promises: a regenerated clip of better sound."""

from abc import abstractmethod

from bonafide.manipulation.stage import Stage, Waveform


class Enhancer(Stage):
    """Restores what an inpainter could not make, such as the band above its sample rate."""

    @abstractmethod
    def enhance(self, waveform: Waveform, sample_rate: int, seed: int) -> Waveform:
        """The clip enhanced, at the same rate.

        Args:
            waveform: `[time]`, mono float32, full scale 1: the whole regenerated clip.
            sample_rate: Hz.
            seed: decides all randomness.

        Returns:
            `[time]`, as long as `waveform`.
        """
