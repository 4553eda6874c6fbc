"""`bonafide prepare`: downloads, indexes and audits a corpus."""

from bonafide.scripts import command


def main() -> None:
    """The command."""
    command.run("prepare", "preparation")


if __name__ == "__main__":
    main()
