"""Loading without the bars and remarks of the libraries: the pipeline has a bar of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec


@contextmanager
def quiet() -> Iterator[None]:
    """transformers, and diffusers where it is installed, say nothing below an error until the end."""
    names = [name for name in ("transformers", "diffusers") if find_spec(name) is not None]
    found = [import_module(f"{name}.utils.logging") for name in names]
    before = [(each, each.get_verbosity(), each.is_progress_bar_enabled()) for each in found]
    for each in found:
        each.set_verbosity_error()
        each.disable_progress_bar()
    try:
        yield
    finally:
        for each, verbosity, bar in before:
            each.set_verbosity(verbosity)
            if bar:
                each.enable_progress_bar()
