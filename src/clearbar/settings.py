"""Settings, read once at the rim: environment (`CLEARBAR_…`), then `clearbar.toml` in the project, then the defaults here."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnparsedError

from clearbar.errors import SettingsError
from clearbar.project import Project

__all__ = [
    "GradingSettings",
    "LlmSettings",
    "NamedSource",
    "OidcSettings",
    "PublishSettings",
    "RedactionSettings",
    "ReportSettings",
    "RetentionSettings",
    "ReviewSettings",
    "Settings",
    "load_settings",
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class NamedSource(_Section):
    """A source that is called by name, so that its URI (and any secret in it) stays out of commands and flow parameters."""

    uri: str
    """Path, glob or SQLAlchemy URL; `env:NAME` takes it from the environment."""
    table: str | None = None
    """Table to read, one row a conversation or a turn."""
    query: str | None = None
    """Or a query in the database's own SQL."""
    map: dict[str, str] = {}
    """Where fields stand in a record, as `--map` says it: field and path."""


class RedactionSettings(_Section):
    """What personal data is taken out."""

    kinds: tuple[str, ...] = ()
    """Kinds to redact; empty means all that are known."""
    skip: tuple[str, ...] = ()
    """Kinds to leave in the text."""
    regions: tuple[str, ...] = ("US", "CA", "GB", "IE", "DE", "AT", "CH", "FR", "IT", "ES", "NL")
    """Countries (ISO 3166) whose national formats of phone numbers and ids are recognised."""
    keep: tuple[str, ...] = ()
    """Words that are never taken for a person's name: brands, products, places."""
    patterns: dict[str, str] = {}
    """Further kinds: name and regular expression (RE2's syntax, whose time is bounded)."""


class LlmSettings(_Section):
    """How an LLM is called."""

    model: str | None = None
    """`OPENAI_MODEL` works too. Without a model there is no LLM, whatever keys the environment holds: nobody pays by accident.
    Only a server that is named and serves a single model needs none."""
    base_url: str | None = None
    """Any OpenAI-compatible server; `OPENAI_BASE_URL` works too."""
    api_key: SecretStr | None = None
    """`OPENAI_API_KEY` works too."""
    mode: Literal["calls", "batch"] = "calls"
    """`batch` sends the provider a batch that is answered within a day at a lower price."""
    batch_poll: float = Field(default=30, gt=0)
    """Seconds between looks at a batch, at most."""
    batch_wait: float = Field(default=90_000, ge=0)
    """Seconds that a run waits for a batch; a later run collects it then."""
    calls: Literal["all", "groups", "each"] = "all"
    """Criteria asked in one call: all of them, those of a section, or each alone."""
    reply_mode: Literal["auto", "json_schema", "json_object", "tools", "text"] = "auto"
    """How the server is told the shape of a reply; `auto` finds out."""
    temperature: float = Field(default=0, ge=0, le=2)
    """Of a single grade; not sent to models that do not accept it."""
    seed: int = 1
    """Sent with every call, for servers that honour it."""
    votes: int = Field(default=1, ge=1, le=25)
    """Grades of each conversation, of which the majority holds."""
    vote_temperature: float = Field(default=0.7, gt=0, le=2)
    """Temperature where several votes are taken."""
    in_flight: int = Field(default=16, ge=1, le=1024)
    """Calls under way at once."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Of all processes that use the store together."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Of all processes that use the store together, estimated before each call."""
    timeout: float = Field(default=120, gt=0)
    """Seconds a call may take in all; one that took longer is tried once more with half of it."""
    stream: bool = False
    """Read replies as they are written, so that a stalled one is noticed after `idle_timeout`; costs client time for each token."""
    idle_timeout: float = Field(default=30, gt=0)
    """Seconds without a byte of a streamed reply."""
    connect_timeout: float = Field(default=5, gt=0)
    """Seconds until a connection stands."""
    attempts: int = Field(default=4, ge=1, le=20)
    """How often a call is tried in all, where trying again can help."""
    outage_patience: float = Field(default=30, ge=0)
    """Seconds that calls wait for a server that has stopped answering, before they fail."""
    lease: float = Field(default=60, gt=0)
    """Seconds after which another process may ask what a process that has died was asking."""
    context_tokens: int | None = Field(default=None, ge=2000)
    """Window of the model; from the price table where it is there, else 32,000. A longer conversation is read in parts."""
    max_parts: int = Field(default=12, ge=1)
    """A conversation of more parts is not graded."""
    max_output_tokens: int = Field(default=6000, ge=64)
    """Of one reply."""
    budget_calls: int | None = Field(default=None, ge=0)
    """Calls, after which rules grade."""
    budget_tokens: int | None = Field(default=None, ge=0)
    """Tokens in and out, after which rules grade."""
    budget_usd: float | None = Field(default=None, ge=0)
    """US dollars by the price table, after which rules grade; a model that has no price there is not asked."""
    budget_per: Literal["run", "day", "month"] = "run"
    """What the budget is for; days and months (UTC) are shared by all processes that use the store."""


class GradingSettings(_Section):
    """Who grades."""

    grader: Literal["auto", "rules", "llm", "cascade"] = "auto"
    """Who is asked first. auto: the LLM where there is one, else rules; cascade: rules where they are trusted, the LLM for the rest."""
    rubric: str = "service_bar"
    """Name of a file in `rubrics/`, or a path."""
    batch: int = Field(default=256, ge=1)
    """Conversations in one batch: a Prefect task, a transaction."""
    anchors: int = Field(default=100, ge=0)
    """Conversations of a fixed set that each nightly grades anew, to see whether the grader moves, as many as its development half holds;
    where five verdicts in a hundred flip anyway, 100 mostly show five more within ten nights, and 40 within a month; 0 watches nothing."""


class ReportSettings(_Section):
    """What reports show."""

    agents: Literal["pseudonym", "name", "hidden"] = "pseudonym"
    """How agents are shown."""
    min_group: int = Field(default=5, ge=1)
    """Figures of smaller groups are not shown."""
    quotes: bool = True
    """Whether words of conversations, and what an LLM or a person wrote about them, are shown."""
    precision: float = Field(default=0.15, gt=0, le=1)
    """A share whose interval reaches further than this to either side is called too few to say."""
    weakest: int = Field(default=3, ge=1)
    """How many weak criteria are shown with causes and steps."""
    conversations: int = Field(default=12, ge=0)
    """How many conversations to look at are shown on a page; the tables hold all."""
    parquet: bool = False
    """Whether the tables are written as Parquet, too."""
    pdf: bool = False
    """Whether each page is written as PDF, too."""


class RetentionSettings(_Section):
    """Days after which each kind of data is removed; null keeps it."""

    texts: int | None = Field(default=None, ge=1)
    """Redacted conversations."""
    audits: int | None = Field(default=None, ge=1)
    """Verdicts and scores."""
    replies: int | None = Field(default=None, ge=1)
    """An LLM's raw replies."""
    reports: int | None = Field(default=None, ge=1)
    """Report files in the project's folder."""


class PublishSettings(_Section):
    """Where reports go beyond the project's own folder."""

    folder: str | None = None
    """Folder or object-store URL (fsspec)."""
    quotes: bool = False
    """Whether words of conversations go to that folder."""
    names: bool = False
    """Whether agents' names go there, where reports show them; else pseudonyms."""
    notify: tuple[SecretStr, ...] = ()
    """Apprise URLs that are told when reports are out; they are told no figures."""
    link: str | None = None
    """Where people find the published reports; added to the notice."""


class OidcSettings(_Section):
    """Sign-in through an identity provider (OpenID Connect); local accounts go on working."""

    issuer: str
    """URL under which `/.well-known/openid-configuration` lies."""
    client_id: str
    """As the identity provider knows the room."""
    client_secret: SecretStr
    """Its secret there."""
    name: str = "your organisation"
    """What the button says."""
    scope: str = "openid profile email"
    """What is asked of the identity provider."""


class ReviewSettings(_Section):
    """Which conversations people look at, and how the reviewers' room works."""

    sample: int = Field(default=20, ge=0)
    """Conversations sampled for review in each run."""
    seed: int = 0
    """Of the sample: the same conversations and seed draw the same."""
    days: int = Field(default=30, ge=1)
    """The queue holds what was sampled in so many days."""
    double_share: float = Field(default=0.1, ge=0, le=1)
    """Share of the queue that two people review, so that their agreement is known."""
    contest_days: int = Field(default=30, ge=1)
    """Days after grading within which a verdict can be contested."""
    answer_days: int = Field(default=7, ge=1)
    """Days within which a dispute is to be decided."""
    restate: bool = True
    """Whether the room makes published reports anew when people correct something in them; else `clearbar report --restate` does."""
    note_length: int = Field(default=4000, ge=100)
    """Characters of a note."""
    session_hours: float = Field(default=12, gt=0)
    """After so long people sign in again."""
    https: bool = False
    """Whether people reach the room through a proxy that speaks TLS; cookies are then sent over TLS only."""
    oidc: OidcSettings | None = None
    """Sign-in through an identity provider."""


class Settings(BaseSettings):
    """All settings. Nested ones are written `CLEARBAR_LLM__MODEL` in the environment."""

    model_config = SettingsConfigDict(
        env_prefix="CLEARBAR_", env_nested_delimiter="__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    project: Path | None = None
    """Read by the command line; kept here so that `CLEARBAR_PROJECT` is a known setting."""
    state_dir: Path | None = None
    """Folder for store, reports and secret; `.clearbar` in the project by default. A relative one lies in the project."""
    store_url: SecretStr | None = None
    """SQLAlchemy URL; SQLite in the state folder by default."""
    sources: dict[str, NamedSource] = {}
    """Sources that are called by name."""
    default_sources: tuple[str, ...] = ("evals/conversations",)
    """What `clearbar audit` reads when no `--source` is given: names, or paths in the project."""
    settle_minutes: float = Field(default=60, ge=0)
    """A conversation changed more recently may still be open; incremental pulls wait for it."""
    look_back_hours: float = Field(default=48, ge=0)
    """Incremental pulls read so far back behind the watermark, for late changes."""
    redaction: RedactionSettings = RedactionSettings()
    grading: GradingSettings = GradingSettings()
    llm: LlmSettings = LlmSettings()
    report: ReportSettings = ReportSettings()
    retention: RetentionSettings = RetentionSettings()
    publish: PublishSettings = PublishSettings()
    review: ReviewSettings = ReviewSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over what the project's file says."""
        return env_settings, init_settings, _OpenAIEnvironment(settings_cls)


class _OpenAIEnvironment(PydanticBaseSettingsSource):
    """The variables that every OpenAI client reads; what is said in our own settings wins."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Return nothing: all is given at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the settings found."""
        names = {"api_key": "OPENAI_API_KEY", "base_url": "OPENAI_BASE_URL", "model": "OPENAI_MODEL"}
        return {"llm": {field: os.environ[name] for field, name in names.items() if os.environ.get(name)}}


_SEE: Final = "clearbar settings lists what there is"
_PLAIN: Final = {
    "extra_forbidden": "there is no such setting",
    "model_type": "it holds settings, and has no value itself",
    "model_attributes_type": "it holds settings, and has no value itself",
}
"""What pydantic says otherwise than a person would."""


def load_settings(project: Project) -> Settings:
    """Return the settings of a project, and let it use the state folder they name.

    Raises
    ------
    SettingsError
        Naming the setting that cannot be used and what was expected.
    """
    file = project.root / "clearbar.toml"
    _refuse_misspelt(os.environ)
    try:
        settings = Settings(**(tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "__".join(str(part) for part in first["loc"])
        what = _PLAIN.get(first["type"], first["msg"])
        raise SettingsError(f"setting {name!r} ({file.name} or CLEARBAR_{name.upper()}): {what}", fix=_SEE) from error
    except UnparsedError as error:  # its text names the field and holds no value
        name = "CLEARBAR_" + "".join(re.findall(r'field "(\w+)"', str(error))).upper()
        raise SettingsError(
            f"{name} cannot be read", fix="a setting of several values is written as JSON; clearbar settings says what each takes"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{file} cannot be read as TOML ({error})", fix=_SEE) from error
    if settings.state_dir is not None:
        project.use_state(settings.state_dir if project.builtin else project.root / settings.state_dir)
    return settings


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    """Refuse a variable that is nearly a setting: it would be passed over without a word. Others may be anybody's."""
    for name in environ:
        setting = name.removeprefix("CLEARBAR_").partition("__")[0].lower()
        if name.startswith("CLEARBAR_") and setting not in Settings.model_fields:
            near = difflib.get_close_matches(setting, Settings.model_fields, n=1, cutoff=0.75)
            if near:
                raise SettingsError(f"{name} is no setting", fix=f"did you mean CLEARBAR_{near[0].upper()}…? {_SEE}")
