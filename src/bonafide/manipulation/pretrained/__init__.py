"""Stages that other people's networks do: latent diffusion, super-resolution, grounding by text.

Each is chosen by name and only then imported; what it needs beyond Bonafide (a package, weights) is asked for
in one line. Weights come from a folder or from the Hugging Face hub, as tensors only: no code of a repository
is run. `checkpoint` finds them, `clap` compares sound with words, `latent_diffusion` inpaints.
To add one: a file here with a `@final class … (Inpainter)`, and its YAML beside the others of its stage.
"""
