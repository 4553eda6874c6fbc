"""`python describe.py …`: the same as `bonafide describe …`, from a checkout."""

from bonafide.scripts.describe import main

if __name__ == "__main__":
    main()
