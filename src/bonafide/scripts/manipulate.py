"""`bonafide manipulate`: a corpus of clips of which a region is made anew."""

from bonafide.scripts import command


def main() -> None:
    """The command."""
    command.run("manipulate", "manipulation")


if __name__ == "__main__":
    main()
