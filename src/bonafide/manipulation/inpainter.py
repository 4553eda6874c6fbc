"""What every inpainter promises: a clip whose region is new."""

from abc import abstractmethod

from bonafide.manipulation.stage import Stage, Waveform


class Inpainter(Stage):
    """Makes the region of a clip anew."""

    @property
    def masked(self) -> bool:
        """Whether the region is silenced before `fill` sees the clip.

        True for what fills a gap; False for what changes the region's own sound (a vocoder, a reversal).
        """
        return True

    @property
    def needs_caption(self) -> bool:
        """Whether a clip without a caption cannot be filled."""
        return False

    def chosen(self, seed: int) -> "Inpainter":
        """The inpainter that does the work for a seed: itself, unless it is a mixture."""
        del seed
        return self

    def account(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, seed: int
    ) -> dict[str, str]:
        """What the manifest should tell of this very clip, such as the recording that its region is from.

        The arguments are those of `fill`.
        """
        del masked, sample_rate, start, end, seed
        return {}

    @abstractmethod
    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """The whole clip with its region regenerated; outside it may differ too, the splicer takes care.

        Args:
            masked: `[time]`, mono float32, full scale 1; the region is 0, unless `masked` is False.
            sample_rate: Hz.
            start: first sample of the region.
            end: sample behind its last.
            caption: what is heard in the clip; `""` if nobody said.
            seed: decides all randomness.

        Returns:
            `[time]`, as long as `masked`.

        Raises:
            InputError: the clip cannot be filled; the reason, in one line, goes to the user and the next clip
                is done.
        """
