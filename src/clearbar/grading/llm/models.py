"""Which model a server serves, where a server was named and no model."""

import asyncio
from collections.abc import Callable

from clearbar.errors import GraderUnavailableError
from clearbar.grading.llm.access import check_access
from clearbar.grading.llm.client import Client
from clearbar.grading.llm.dialect import endpoint
from clearbar.grading.llm.faults import classify
from clearbar.grading.llm.probe import PROBE_SECONDS, unavailable
from clearbar.settings import LlmSettings

__all__ = ["find_model"]

SHOWN = 10
"""Models that are listed where there is a choice."""


def find_model(settings: LlmSettings, note: Callable[[str], None]) -> LlmSettings:
    """Return the settings with the one model that the named server serves; as they are where a model is set, or no server is named.

    A key alone names no server: nothing is asked, and nothing is sent, until a model is set.

    Parameters
    ----------
    note
        Called with a line that says which model was found.

    Raises
    ------
    GraderUnavailableError
        If the server's address or the key cannot be one, or it serves several models or none, or cannot be asked; in one line.
    """
    check_access(settings)
    if settings.model or settings.base_url is None:
        return settings
    names = asyncio.run(_served(settings))
    where = endpoint(settings)
    if not names:
        raise GraderUnavailableError(f"the LLM server at {where} lists no model", fix="set CLEARBAR_LLM__MODEL or --model")
    if len(names) > 1:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise GraderUnavailableError(
            f"the LLM server at {where} serves {len(names)} models: {', '.join(names[:SHOWN])}{more}",
            fix="choose one by CLEARBAR_LLM__MODEL or --model",
        )
    note(f"no model was set; {where} serves {names[0]!r} alone, so that one is asked")
    return settings.model_copy(update={"model": names[0]})


async def _served(settings: LlmSettings) -> list[str]:
    """Return the names of the models that a server lists, each once, in its order."""
    client = Client(settings)
    client.prepare()
    try:
        async with asyncio.timeout(min(PROBE_SECONDS, settings.timeout)):
            listed = await client.api.models.list()
        return list(dict.fromkeys(" ".join(str(model.id).split())[:200] for model in listed.data or ()))
    except Exception as error:
        raise unavailable(classify(error), settings) from error
    finally:
        await client.close()
