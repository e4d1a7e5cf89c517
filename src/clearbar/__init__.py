"""clearbar audits customer-service conversations against a rubric, and says how far its own grades can be trusted.

Importing this package reads no environment, no file and no network, and pulls in neither Prefect nor any LLM library.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("clearbar")
except PackageNotFoundError:  # run from a bare source tree
    __version__ = "0"

__all__ = ["__version__"]
