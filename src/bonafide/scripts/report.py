"""`bonafide report`: what do scores say, anyone's, and is one detector better than another?"""

from bonafide.scripts import command


def main() -> None:
    """The command."""
    command.run("report", "reporting")


if __name__ == "__main__":
    main()
