"""`clearbar review`: the reviewers' room."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearbar.cli.options import JsonOption, ProjectOption, open_project, print_json, table, warn
from clearbar.errors import UsageError
from clearbar.plural import plural
from clearbar.project import Project
from clearbar.settings import Settings

if TYPE_CHECKING:
    import uvicorn

    from clearbar.store import Person, Store

__all__ = ["register"]

review = typer.Typer(help="Run the reviewers' room, and say who may enter it.", invoke_without_command=True)
user = typer.Typer(help="Add, change and list people.", no_args_is_help=True)
review.add_typer(user, name="user")
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What they sign in with.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(review, name="review", rich_help_panel="Review")


@review.callback()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="Port to listen on; 0 takes a free one.")] = 8400,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="TLS certificate (PEM).", show_default=False)
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Its private key (PEM).", show_default=False)] = None,
    project: ProjectOption = None,
) -> None:
    """Run the reviewers' room until it is interrupted."""
    if context.invoked_subcommand is None:
        _serve(host, port, certificate, key, project)


def _serve(host: str, port: int, certificate: Path | None, key: Path | None, project: Path | None) -> None:
    import uvicorn

    from clearbar.pipeline.workspace import open_store
    from clearbar.review import create_app

    where, settings = open_project(project)
    if bool(certificate) != bool(key):
        raise UsageError("--certificate and --key go together", fix="give both or neither")
    if certificate:
        settings = settings.model_copy(update={"review": settings.review.model_copy(update={"https": True})})
    if host not in LOCAL and not settings.review.https:
        fix = "give --certificate and --key, or set CLEARBAR_REVIEW__HTTPS=true behind a proxy that speaks TLS"
        raise UsageError(f"--host {host}: passwords would travel in clear", fix=fix)
    with open_store(where, settings) as store:
        if not store.people():
            warn("nobody can sign in yet: clearbar review user add NAME --role admin")
        listening = _listen(host, port)
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(where, settings, store),
                host=host,
                port=port,
                ssl_certfile=certificate,
                ssl_keyfile=key,
                server_header=False,
                log_level="warning",
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=5,
            )
        )
        with listening, _restating(where, settings, store):
            _load(server.config)
            shown = f"[{host}]" if ":" in host else host
            typer.echo(f"the reviewers' room: {'https' if certificate else 'http'}://{shown}:{listening.getsockname()[1]} (Ctrl+C ends it)")
            with suppress(KeyboardInterrupt):  # how it is ended
                server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything is started, so that whoever began this is told at once if another holds it."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        why = (error.strerror or "it is not known").partition(" (")[0]
        fix = "end what listens there, or take another --port (0 takes a free one)"
        raise UsageError(f"--host {host} --port {port} cannot be listened on: {why}", fix=fix) from error


def _load(config: "uvicorn.Config") -> None:
    try:
        config.load()
    except OSError as error:  # an SSLError is one, too
        fix = "both are files in PEM form, the key without a password"
        raise UsageError(f"--certificate and --key cannot be used: {error.strerror or 'they do not go together'}", fix=fix) from error


@contextmanager
def _restating(where: Project, settings: Settings, store: "Store") -> Iterator[None]:
    """Restate outdated reports beside the server, in processes of their own: pages do not wait for them."""
    from clearbar.pipeline.restating import Restater, anything_to_restate

    def work() -> bool:
        command = [sys.executable, "-m", "clearbar", "report", "--restate", "--project", str(where.root)]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False).returncode == 0  # noqa: S603

    if not settings.review.restate:
        yield
        return
    with Restater(lambda: anything_to_restate(store), work):
        yield


@user.command("add")
def add(
    name: NameArgument,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="admin, lead, reviewer, team_lead, agent, auditor or viewer.")
    ] = "reviewer",
    shown: Annotated[str, typer.Option("--shown", metavar="WORDS", help="What others read.", show_default=False)] = "",
    team: Annotated[
        list[str] | None, typer.Option("--team", metavar="TEAM", help="Whose conversations they see (repeatable); * is all.")
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", metavar="PSEUDONYM", help="Who they are, for agents.", show_default=False)] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="First line is the password; else it is asked for.")
    ] = None,
    sso: Annotated[
        str | None, typer.Option("--sso", metavar="SUBJECT", help="Subject at the identity provider, instead of a password.")
    ] = None,
    project: ProjectOption = None,
) -> int:
    """Add a person, or give one another role, teams or password."""
    from clearbar.pipeline.workspace import open_store
    from clearbar.review.accounts import Accounts
    from clearbar.store import StaffRole

    where, settings = open_project(project)
    if role not in set(StaffRole):
        raise UsageError(f"--role {role!r} is none", fix=f"there is: {', '.join(StaffRole)}")
    password = None if sso else _password(password_file)
    with open_store(where, settings) as store:
        accounts = Accounts(store, hours=settings.review.session_hours)
        person = accounts.add(
            name,
            role=StaffRole(role),
            password=password,
            shown=shown,
            teams=tuple(team or ()),
            agent=agent,
            subject=sso,
            by="command line",
        )
        notes = list(_slips(person, store.teams()))
    typer.echo(f"{person.name}: {person.role}, teams {', '.join(person.teams) or 'none'}")
    for note in notes:
        warn(f"note: {note}")
    return 0


def _slips(person: "Person", known: Sequence[str]) -> Iterator[str]:
    """Tell what would leave a person before empty pages."""
    from clearbar.review.access import Right, may
    from clearbar.store import ALL_TEAMS, StaffRole

    if not person.teams and person.role is not StaffRole.AGENT and may(person, Right.FIGURES):
        yield "without a team they see no conversation: give --team TEAM, or --team '*' for all"
    for team in person.teams:
        if team != ALL_TEAMS and team not in known:
            yield f"no stored conversation is of team {team!r} yet; there is: {', '.join(map(repr, known)) or 'none'}"


@user.command("list")
def list_people(as_json: JsonOption = False, project: ProjectOption = None) -> int:
    """List people with role and teams."""
    from clearbar.pipeline.workspace import open_store

    where, settings = open_project(project)
    with open_store(where, settings) as store:
        people = store.people()
    if as_json:
        print_json([person.model_dump(mode="json") for person in people])
        return 0
    if not people:
        typer.echo("nobody yet: clearbar review user add NAME --role admin")
        return 0
    rows = [(one.name, one.shown, one.role, ", ".join(one.teams), one.agent or "", "" if one.active else "locked out") for one in people]
    table("", ("name", "shown", "role", "teams", "agent", ""), rows, right=())
    return 0


@user.command("lock")
def lock(name: NameArgument, project: ProjectOption = None) -> int:
    """Lock a person out and end their sessions; what they said stays, and what they had open goes to others."""
    from clearbar.pipeline.workspace import open_store
    from clearbar.review.accounts import Accounts

    where, settings = open_project(project)
    with open_store(where, settings) as store:
        given = Accounts(store, hours=settings.review.session_hours).lock(name, by="command line")
    if given is None:
        raise UsageError(f"there is nobody named {name!r}", fix="see: clearbar review user list")
    typer.echo(f"{name} is locked out" + (f"; {plural(given, 'review')} they had open can go to others" if given else ""))
    return 0


def _password(file: Path | None) -> str:
    if file is None:
        if not sys.stdin.isatty():
            raise UsageError("no password was given", fix="run this in a terminal, where it is asked for, or name --password-file FILE")
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    try:
        return file.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError) as error:
        raise UsageError(f"--password-file {file} cannot be read", fix="name a file whose first line is the password") from error
