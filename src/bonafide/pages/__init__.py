"""HTML pages that need nothing else, no network, no files beside them, no script; all have `style.css`."""
