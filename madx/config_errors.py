"""A wrong configuration in one line: what is wrong, where, and the nearest valid name."""

from __future__ import annotations

import re

from pydantic import BaseModel, ValidationError

from madx.languages import nearest

# what pydantic puts into a path beside the keys: the value of `source`, and the kinds of value that were tried
SOURCE_VALUES = {"miniature", "local", "hub", "pretrained", "made"}
KINDS = re.compile(r"(constrained-)?(int|str|tuple)|(dict|tuple|literal|function-\w+)\[.*")


def first_line(error: ValidationError, model: type[BaseModel]) -> str:
    """The most telling of pydantic's complaints about settings of this model, without the place where they stand."""
    complaints = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    first = complaints[0]
    place = _place(first["loc"])
    others = len({_place(complaint["loc"]) for complaint in complaints}) - 1
    more = f" (and {others} more)" if others else ""
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        return f"unknown key {place!r}{nearest(key, _keys_beside(first['loc'], model))}{more}"
    if first["type"] == "missing":
        return f"missing key {place!r}{more}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{place + ': ' if place else ''}{message}{more}"


def _place(location: tuple) -> str:
    """The keys of a path, as the user wrote them."""
    keys = [str(part) for k, part in enumerate(location) if k == 0 or part not in SOURCE_VALUES]
    return ".".join(key for key in keys if not KINDS.fullmatch(key))


def _keys_beside(location: tuple, model: type[BaseModel]) -> list[str]:
    """Names of the keys that are valid where an unknown one stood."""
    schema = model.model_json_schema()
    definitions = schema["$defs"]
    here = [schema]
    for part in location[:-1]:
        candidates = []
        for mapping in here:
            by_pattern = next(iter(mapping.get("patternProperties", {}).values()), None)
            below = mapping.get("properties", {}).get(part) or by_pattern or mapping.get("additionalProperties") or {}
            candidates += _models_in(below, definitions)
        here = candidates or here
    return [key for mapping in here for key in mapping.get("properties", {})]


def _models_in(schema: dict, definitions: dict) -> list[dict]:
    """Object schemas that a (possibly nested) schema refers to."""
    found = []
    if "$ref" in schema:
        found.append(definitions[schema["$ref"].rsplit("/", 1)[-1]])
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found += _models_in(option, definitions)
    mapping = {"properties", "patternProperties", "additionalProperties"} & schema.keys()
    return found or ([schema] if mapping else [])
