"""`python train.py …`: the same as `bonafide train …`, from a checkout."""

from bonafide.scripts.train import main

if __name__ == "__main__":
    main()
