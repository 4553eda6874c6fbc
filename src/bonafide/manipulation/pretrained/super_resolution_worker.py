"""What runs in AudioSR's own environment: a line of JSON for every clip, by AudioSR's documented functions.

It imports nothing of Bonafide, and runs on any Python that AudioSR does.
"""

import json
import os
import sys


def main() -> None:
    """Answers every line of the standard input by one on the standard output, until there are no more."""
    settings = json.loads(sys.argv[1])
    replies = os.fdopen(os.dup(1), "w")  # what AudioSR prints goes to the standard error instead
    os.dup2(2, 1)
    sys.path.pop(0)  # this folder, whose names could hide those of packages

    import audiosr  # noqa: PLC0415 - after the above
    import numpy as np  # noqa: PLC0415

    model = audiosr.build_model(model_name=settings["model"], device=settings["device"])
    for line in sys.stdin:
        task = json.loads(line)
        waveform = audiosr.super_resolution(
            model,
            task["given"],
            seed=task["seed"],
            ddim_steps=settings["steps"],
            guidance_scale=settings["guidance"],
            latent_t_per_second=12.8,
        )
        np.save(task["made"], np.asarray(waveform, dtype="float32").reshape(-1), allow_pickle=False)
        replies.write("{}\n")
        replies.flush()


if __name__ == "__main__":
    main()
