"""Numbers with their nouns, for whatever a person reads."""

__all__ = ["plural"]


def plural(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 team`, `2 teams`, `1,204 criteria`.

    Parameters
    ----------
    count
        How many.
    one, many
        The noun, with what follows it where that changes, too; `many` by default is `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
