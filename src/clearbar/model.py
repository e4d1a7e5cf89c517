"""What every noun of clearbar shares: immutability, strictness, a canonical byte form and a digest."""

import hashlib
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

__all__ = ["Model", "canonical_json", "digest"]


class Model(BaseModel):
    """A frozen value with no unknown fields, whose validation errors never repeat the value they refuse."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


def canonical_json(value: Any) -> bytes:
    """Return the one byte form of a JSON-like value: sorted keys, no spaces, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """Return the SHA-256 of `canonical_json(value)` as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
