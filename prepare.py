"""`python prepare.py …`: the same as `bonafide prepare …`, from a checkout."""

from bonafide.scripts.prepare import main

if __name__ == "__main__":
    main()
