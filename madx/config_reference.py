"""The table of all configuration keys, generated from their types, so that it cannot go stale."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from madx.config import Study


def key_table() -> str:
    """Markdown: one row a key, in the order of the configuration file: name, kind of value, meaning."""
    lines = ["| key | value | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in _rows(Study, "")]
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], prefix: str):
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        models = _models(field.annotation)
        keyed = "dict" in str(field.annotation) and models
        yield path, "keys below" if models else _kind(field), (field.description or _summary(models)).replace("|", "or")
        for below in models:
            variant = _variant(below)
            yield from _rows(below, f"{path}{'.<name>' if keyed else ''}{f'[{variant}]' if variant else ''}.")


def _summary(models: list[type[BaseModel]]) -> str:
    return " / ".join((model.__doc__ or "").strip().splitlines()[0] for model in models if model.__doc__)


def _variant(model: type[BaseModel]) -> str:
    """The value of `source` that chooses this model, where several are possible."""
    field = model.model_fields.get("source")
    return str(get_args(field.annotation)[0]) if field else ""


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is Literal:
        return []
    return [model for part in get_args(annotation) for model in _models(part)]


def _kind(field: FieldInfo) -> str:
    return _words(field.annotation)


def _words(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(part) for part in arguments))
    if origin is tuple:
        return f"list of {_words(arguments[0])}"
    if origin is dict:
        key = "category" if get_origin(arguments[0]) is Literal else "name"
        return f"{_words(arguments[1])} by {key}"
    names = {int: "integer", float: "number", str: "text", bool: "true or false", type(None): "null"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))
