"""The table of all configuration keys, generated from their types, so that it cannot go stale."""

from __future__ import annotations

import types
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from madx.config import Study


def key_table() -> str:
    """Markdown: one row a key, in the order of the configuration file: name, kind of value, meaning."""
    lines = ["| key | value | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in _rows(Study, "", {})]
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], prefix: str, listed: dict[tuple, str], left_out: Collection[str] = ()):
    """The rows of a model's keys and of those below. listed: models that have their rows already, and where."""
    for name, field in model.model_fields.items():
        if name in left_out:
            continue
        path, models = f"{prefix}{name}", tuple(_models(field.annotation))
        keyed = "dict" in str(field.annotation) and models
        again = listed.get(models)
        kind = f"as `{again}`" if again else "keys below" if models else _kind(field)
        yield path, kind, (field.description or _summary(models)).replace("|", "or")
        if again or not models:
            continue
        listed[models] = path
        below = f"{path}{'.<name>' if keyed else ''}"
        shared = _shared_keys(models) if len(models) > 1 else ()
        if shared:  # keys that all of several models have stand once
            yield from _rows(models[0], f"{below}.", listed, models[0].model_fields.keys() - shared)
        for of in models:
            variant = _variant(of)
            yield from _rows(of, f"{below}{f'[{variant}]' if variant else ''}.", listed, shared)


def _shared_keys(models: Sequence[type[BaseModel]]) -> set[str]:
    """Keys that mean the same in all of several models."""
    meanings = [{name: (str(f.annotation), f.description) for name, f in m.model_fields.items()} for m in models]
    return {name for name, meaning in meanings[0].items() if all(other.get(name) == meaning for other in meanings)}


def _summary(models: Sequence[type[BaseModel]]) -> str:
    return " / ".join((model.__doc__ or "").strip().splitlines()[0] for model in models if model.__doc__)


def _variant(model: type[BaseModel]) -> str:
    """The value of `source` or `kind` that chooses this model, where several are possible."""
    field = model.model_fields.get("source") or model.model_fields.get("kind")
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
        literal = get_args(arguments[0]) if get_origin(arguments[0]) is Literal else ()
        key = "split" if "test" in literal else "category" if literal else "name"
        return f"{_words(arguments[1])} by {key}"
    names = {int: "integer", float: "number", str: "text", bool: "true or false", type(None): "null"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))
