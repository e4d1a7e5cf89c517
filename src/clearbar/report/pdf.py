"""A page as PDF."""

__all__ = ["to_pdf"]


def to_pdf(html: str) -> bytes:
    """Return a page as PDF, in its print style."""
    from weasyprint import HTML  # noqa: PLC0415 - takes a second to load

    return bytes(HTML(string=html, base_url=None, url_fetcher=_refuse).write_pdf())


def _refuse(url: str, *_: object, **__: object) -> object:
    """Fetch nothing: a page refers to nothing outside itself."""
    raise ValueError(f"a report asks for {url!r}")
