"""`bonafide predict`: how genuine are these recordings, and where are they not?"""

from bonafide.scripts import command


def main() -> None:
    """The command."""
    command.run("predict", "prediction")


if __name__ == "__main__":
    main()
