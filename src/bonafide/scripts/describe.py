"""`bonafide describe`: what does a front end make of these recordings?"""

from bonafide.scripts import command


def main() -> None:
    """The command."""
    command.run("describe", "description")


if __name__ == "__main__":
    main()
