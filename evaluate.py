"""`python evaluate.py …`: the same as `bonafide evaluate …`, from a checkout."""

from bonafide.scripts.evaluate import main

if __name__ == "__main__":
    main()
