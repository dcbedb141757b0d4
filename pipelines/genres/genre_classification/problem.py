"""What ends a command: one sentence for the person who has to do something about it."""


class Problem(Exception):
    """The message is the whole of what is said."""


def first_line(error: BaseException) -> str:
    """The reason in one line: what libraries say may be a page."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")
