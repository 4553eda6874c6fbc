"""`bonafide describe`: what sets the systems of a corpus apart? What does a front end make of recordings?"""

from bonafide.scripts import command


def main() -> None:
    """The command."""
    command.run("describe", "description")


if __name__ == "__main__":
    main()
