"""What calls cost, by a table in the project; a model that is not in it is counted in tokens only."""

from datetime import date
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from clearbar.errors import GraderUnavailableError, ProjectError
from clearbar.model import Model
from clearbar.settings import LlmSettings
from clearbar.verdict import Usage

__all__ = ["Price", "Prices", "load_prices"]

MILLION = 1_000_000
STALE_DAYS = 120
"""Days after which prices are said to be old."""
HOW = "and set as_of in prompts/prices.yaml"


class Price(Model):
    """US dollars for a million tokens, and the model's window in tokens."""

    input: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    """Of input that the provider had cached; as `input` where it is left out."""
    output: float = Field(ge=0)
    context: int | None = Field(default=None, gt=0)


class Prices(Model):
    """Prices by name of the model; a name that ends in `*` stands for all that begin so."""

    as_of: date | None = None
    """When the prices were last compared with the providers' pages."""
    batch_discount: float = Field(default=0.5, ge=0, le=1)
    """Share that is taken off for batches."""
    models: dict[str, Price] = {}

    def of(self, model: str) -> Price | None:
        """Return the price of a model: its own, else that of the longest pattern that fits, else None."""
        if model in self.models:
            return self.models[model]
        fitting = [name for name in self.models if name.endswith("*") and model.startswith(name[:-1])]
        return self.models[max(fitting, key=len)] if fitting else None

    def stale(self, model: str, today: date) -> str | None:
        """Say that a model's price was not compared with the provider's for long, or never; None where it was, or is unknown anyway."""
        if self.of(model) is None:
            return None
        if self.as_of is None:
            return f"prices are of no stated day: compare them with your provider's {HOW}"
        days = (today - self.as_of).days
        return f"prices are {days} days old ({self.as_of}): compare them with your provider's {HOW}" if days > STALE_DAYS else None

    def check_budget(self, settings: LlmSettings) -> None:
        """Make sure that a budget in dollars can be kept.

        Raises
        ------
        GraderUnavailableError
            If there is one, and the model has no price: calls would cost nothing that counts towards it.
        """
        if settings.budget_usd is not None and self.of(settings.model or "") is None:
            raise GraderUnavailableError(
                f"the model {settings.model!r} has no price, so a budget in dollars cannot be kept",
                fix="add its price to prompts/prices.yaml (0 where it costs nothing), or set llm.budget_tokens instead of llm.budget_usd",
            )

    def cost(self, model: str, usage: Usage, *, batch: bool = False) -> float | None:
        """Return the dollars that a usage costs, or None where the price is unknown."""
        price = self.of(model)
        if price is None:
            return None
        cached = price.input if price.cached is None else price.cached
        fresh = max(0, usage.input_tokens - usage.cached_tokens)
        dollars = (fresh * price.input + usage.cached_tokens * cached + usage.output_tokens * price.output) / MILLION
        return round(dollars * (1 - self.batch_discount if batch else 1), 8)


def load_prices(file: Path) -> Prices:
    """Return the price table; an empty one if there is no file.

    Raises
    ------
    ProjectError
        If the file is no price table.
    """
    if not file.is_file():
        return Prices()
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        return Prices.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ProjectError(f"{file}: {field}: {first['msg']}", fix="see the comment at its head") from error
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file} cannot be read as YAML", fix="see the comment at its head") from error
