"""clearbar audits customer-service conversations against a rubric, and says how far its own grades can be trusted.

Importing this package reads no environment, no file and no network, and pulls in neither Prefect nor any LLM library.
"""

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for, and not before: it stands in a file."""
    if name != "__version__":
        raise AttributeError(f"module 'clearbar' has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - costs more than all of this package

    try:
        return version("clearbar")
    except PackageNotFoundError:  # run from a bare source tree
        return "0"
