"""`python attribute.py …`: the same as `bonafide attribute …`, from a checkout."""

from bonafide.scripts.attribute import main

if __name__ == "__main__":
    main()
