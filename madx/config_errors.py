"""A wrong configuration in one line: what is wrong, where, and the nearest valid name."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from madx.languages import nearest

SOURCE_VALUES = {"miniature", "local", "hub", "pretrained", "made"}


def first_line(error: ValidationError, model: type[BaseModel]) -> str:
    """The most telling of pydantic's complaints about settings of this model, without the place where they stand."""
    complaints = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    first = complaints[0]
    # pydantic puts the value of `source` into the path; the user wrote only the keys
    place = ".".join(str(part) for k, part in enumerate(first["loc"]) if k == 0 or part not in SOURCE_VALUES)
    more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        return f"unknown key {place!r}{nearest(key, _keys_beside(first['loc'], model))}{more}"
    if first["type"] == "missing":
        return f"missing key {place!r}{more}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{place + ': ' if place else ''}{message}{more}"


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
