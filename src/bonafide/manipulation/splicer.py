"""What every splicer promises: the original with its region replaced."""

from abc import abstractmethod

from bonafide.manipulation.stage import Stage, Waveform


class Splicer(Stage):
    """Puts a regenerated region into the original."""

    @property
    def untouched(self) -> bool:
        """Whether every sample outside the region is the original's; to the very bit."""
        return True

    def finish(self, waveform: Waveform, sample_rate: int) -> Waveform:
        """What both sides of a pair go through when all regions are in: nothing, unless the splicer says so.

        Args:
            waveform: `[time]`, mono float32, full scale 1: the manipulated clip, or its recording.
            sample_rate: Hz.

        Returns:
            `[time]`, as long as `waveform`.
        """
        del sample_rate
        return waveform

    @abstractmethod
    def splice(
        self, original: Waveform, regenerated: Waveform, start: int, end: int, sample_rate: int
    ) -> Waveform:
        """The clip with one region replaced.

        Args:
            original: `[time]`, mono float32, full scale 1.
            regenerated: `[time]`, the whole clip as the inpainter and the enhancer left it.
            start: first sample of the region.
            end: sample behind its last.
            sample_rate: Hz.

        Returns:
            `[time]`, as long as `original`.
        """
