"""`python predict.py …`: the same as `bonafide predict …`, from a checkout."""

from bonafide.scripts.predict import main

if __name__ == "__main__":
    main()
