"""`python manipulate.py …`: the same as `bonafide manipulate …`, from a checkout."""

from bonafide.scripts.manipulate import main

if __name__ == "__main__":
    main()
