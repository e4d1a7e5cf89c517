"""Values that are worked out when they are first read, and then kept."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["Once"]

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Measures on first reading and leaves the value in the instance, where the next reading finds it directly."""

    def __init__(self, measure: Callable[[Any], Value]) -> None:
        self._measure = measure
        self._name = measure.__name__

    def __get__(self, instance: object, owner: type) -> Value:
        value = instance.__dict__[self._name] = self._measure(instance)
        return value
