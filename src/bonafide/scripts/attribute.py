"""`bonafide attribute`: what does a trained detector listen to?"""

from bonafide.scripts import command
from bonafide.scripts.evaluate import with_data_of_run


def main() -> None:
    """The command."""
    command.run("attribute", "attributing", with_data_of_run)


if __name__ == "__main__":
    main()
