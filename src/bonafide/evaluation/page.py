"""A report as one HTML page."""

from bonafide.evaluation.document import Document
from bonafide.pages import rendering


def report(document: Document) -> str:
    """The page.

    Raises:
        InputError: a figure cannot be read.
    """
    return rendering.render(
        "evaluation",
        "report.html.j2",
        document=document,
        places={section.title: place for place, section in enumerate(document.sections) if place},
        images={file: rendering.image(file) for file in document.figures},
    )
