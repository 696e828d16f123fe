"""Which errors of something that fails again and again are worth a line in the log."""

__all__ = ["Outage"]

_MOST = 5  # some texts differ with every try


class Outage:
    """Remembers what was said since it last worked: each text is news once, and not more than a few are.

    A broker may first be away and then refuse the password: who reads the log shall see both, and not each try.
    """

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self._said: set[str] = set()

    def is_news(self, text: str) -> bool:
        """Whether to log it; asked once for each failure."""
        if text in self._said or len(self._said) >= _MOST:
            return False
        self._said.add(text)
        return True

    def over(self) -> None:
        """It works again."""
        self._said.clear()
