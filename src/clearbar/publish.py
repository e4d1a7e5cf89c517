"""Reports put where others find them, and those told who asked to be; a failure here is told and loses nothing."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from clearbar.errors import ClearbarError, ErasedError
from clearbar.model import Model
from clearbar.plural import plural
from clearbar.report.files import Content, Register, part_of, render_files, write_content, write_files
from clearbar.report.inputs import Difference
from clearbar.report.model import TeamReport
from clearbar.report.sharing import shareable
from clearbar.report.words import period_words
from clearbar.settings import PublishSettings

__all__ = ["Published", "Send", "publish", "withdraw"]

Send = Callable[[str, str, str], bool]
"""Tells one address a title and a text; returns whether it arrived."""


class Published(Model):
    """What publishing came to."""

    places: tuple[str, ...] = ()
    """What was put into the shared folder: paths, or addresses of an object store without credentials; `withdraw` removes them."""
    told: int = 0
    """How many addresses were told."""
    faults: tuple[str, ...] = ()
    """What went wrong, a line each; without addresses, which may hold secrets."""


def publish(
    reports: Sequence[TeamReport],
    settings: PublishSettings,
    *,
    differences: Sequence[Difference] | None = None,
    send: Send | None = None,
    register: Register | None = None,
) -> Published:
    """Put a copy of the reports into the shared folder and tell those who asked.

    The copy holds neither words of conversations nor agents' names unless the settings say so. The reports in the project's own
    folder are not touched, so that nothing is lost when this fails.

    Parameters
    ----------
    reports
        As they were written for the project.
    settings
        Where to, what may be shown there, and whom to tell.
    differences
        Teams that can be told apart; null where nobody tested.
    send
        How an address is told; by Apprise where not given.
    register
        Hears of the files; where it refuses, what was put is withdrawn and its error raised.
    """
    places: list[str] = []
    faults = []
    if settings.folder is not None:
        shared = [shareable(report, quotes=settings.quotes, names=settings.names) for report in reports]
        try:
            # One by one: what lies there already can be withdrawn, also where the next file fails.
            places.extend(_put(render_files(shared, differences=differences), settings.folder, register or Register()))
        except ErasedError:
            raise
        except Exception as error:  # noqa: BLE001 - object stores raise what they like, and none of it may cost the report
            faults.append(
                f"the reports were not copied to the shared folder ({_without_secrets(error)}); they are in the project's own folder"
            )
    told = 0
    for place, address in enumerate(settings.notify, start=1):
        try:
            arrived = (send or _send)(address.get_secret_value(), "Service audit", _notice(reports, settings))
            why = "it did not arrive"
        except Exception as error:  # noqa: BLE001 - as above
            arrived, why = False, _without_secrets(error)
        told += arrived
        if not arrived:
            faults.append(f"publish.notify: address {place} of {len(settings.notify)} was not told ({why})")
    return Published(places=tuple(places), told=told, faults=tuple(faults))


def withdraw(place: str) -> bool:
    """Remove a published file, as erasure asks; False where it is out of reach. What is not there any more counts as removed."""
    try:
        if "://" not in place:
            path = Path(place)
            for left in (path, part_of(path)):  # the second where a process was killed that wrote it
                left.unlink(missing_ok=True)
            return True
        from fsspec.core import url_to_fs  # noqa: PLC0415 - as below

        store, path = url_to_fs(place)
        if store.exists(path):
            store.rm_file(path)
    except Exception:  # noqa: BLE001 - object stores raise what they like
        return False
    return True


def _notice(reports: Sequence[TeamReport], settings: PublishSettings) -> str:
    """Return who may now read what; no figure, since a chat is a shared place, too."""
    period = period_words(reports[0].period) if reports else ""
    where = f"\n{settings.link}" if settings.link else ""
    return f"Reports for {plural(len(reports), 'team')} are out ({period}).{where}"


def _put(files: Mapping[str, Content], folder: str, register: Register) -> Iterator[str]:
    """Write files and yield where each lies."""
    if "://" not in folder:
        yield from (path.as_posix() for path in write_files(files, Path(folder).expanduser().absolute(), register))
        return
    from fsspec.core import url_to_fs  # noqa: PLC0415 - only those who publish to a store need it

    store, root = url_to_fs(folder)
    places = {f"{root.rstrip('/')}/{name}": content for name, content in files.items()}
    urls = [str(store.unstrip_protocol(place)) for place in places]
    register.announce(urls)
    try:
        for url, (place, content) in zip(urls, places.items(), strict=True):
            store.makedirs(place.rsplit("/", 1)[0], exist_ok=True)
            with store.open(place, "wb") as file:
                write_content(content, file)
            yield url
    finally:
        _confirm(urls, register)


def _confirm(urls: Sequence[str], register: Register) -> None:
    """Withdraw what was put if the register refuses it now: a distant store cannot be written while everything else waits."""
    try:
        with register.settling():
            pass
    except ErasedError:
        for url in urls:
            withdraw(url)
        raise


def _send(address: str, title: str, text: str) -> bool:
    import apprise  # noqa: PLC0415 - a second to load

    with _silenced("apprise"):
        service = apprise.Apprise()
        if not service.add(address):
            raise ClearbarError("Apprise does not know this kind of address")
        return bool(service.notify(title=title, body=text))


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Keep a library's log quiet: it may name addresses."""
    logger = logging.getLogger(name)
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _without_secrets(error: Exception) -> str:
    """Return what kind of fault it was; messages of stores and services may repeat an address."""
    if isinstance(error, ClearbarError):
        return error.what
    if isinstance(error, ImportError) and error.name is None:
        return str(error)
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or type(error).__name__
