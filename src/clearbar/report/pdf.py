"""A page as PDF."""

from clearbar.errors import UsageError

__all__ = ["to_pdf"]


def to_pdf(html: str) -> bytes:
    """Return a page as PDF, in its print style.

    Raises
    ------
    UsageError
        If the libraries that set its text are not on this machine.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 - takes a second to load
    except OSError as error:
        fix = "on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0; or leave PDF out"
        raise UsageError("no PDF can be made: Pango, which sets its text, is not installed", fix=fix) from error

    return bytes(HTML(string=html, base_url=None, url_fetcher=_refuse).write_pdf())


def _refuse(url: str, *_: object, **__: object) -> object:
    """Fetch nothing: a page refers to nothing outside itself."""
    raise ValueError(f"a report asks for {url!r}")
