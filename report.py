"""`python report.py …`: the same as `bonafide report …`, from a checkout."""

from bonafide.scripts.report import main

if __name__ == "__main__":
    main()
