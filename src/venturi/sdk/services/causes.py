"""Why something did not answer, in the words of what failed first. Knows no service and no library."""

from __future__ import annotations


def innermost(error: BaseException) -> str:
    """Client libraries wrap a refused socket three times."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return str(error) or type(error).__name__
