"""A wrong configuration in one line: what is wrong, where, and the nearest valid name."""

from __future__ import annotations

import re

from pydantic import BaseModel, ValidationError

from madx.languages import nearest

# what pydantic puts into a path beside the keys: the kinds of value that were tried, and the value of a discriminator
KINDS = re.compile(r"(constrained-)?(int|str|tuple)|(dict|tuple|literal|function-\w+)\[.*|\[key\]")

OF_A_KEY = "[key]"  # ends the path where not a value but its key is wrong
DISCRIMINATORS = ("source", "kind")  # keys whose value says which model the others are of


def first_line(error: ValidationError, model: type[BaseModel]) -> str:
    """The most telling of pydantic's complaints about settings of this model, without the place where they stand."""
    complaints = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    first = complaints[0]
    schema = model.model_json_schema()
    (place, beside), *rest = (_follow(complaint["loc"], schema) for complaint in complaints)
    others = len({other for other, _ in rest} - {place})
    more = f" (and {others} more)" if others else ""
    if first["type"] == "extra_forbidden":
        return f"unknown key {place!r}{nearest(str(first['loc'][-1]), beside)}{more}"
    if first["type"] == "union_tag_not_found":
        return f"missing key '{place}.{first['ctx']['discriminator'].strip(chr(39))}'{more}"
    if first["type"] == "union_tag_invalid":
        key, known = (first["ctx"][name] for name in ("discriminator", "expected_tags"))
        return f"{place}.{key.strip(chr(39))}: {first['ctx']['tag']!r} is none of {known}{more}"
    if first["type"] == "missing":
        return f"missing key {place!r}{more}"
    message = first["msg"].removeprefix("Value error, ")
    if first["loc"][-1:] == (OF_A_KEY,):
        return f"unknown key {place!r}; {message.replace('Input should be', 'expected')}{more}"
    return f"{place + ': ' if place else ''}{message}{more}"


def _follow(location: tuple, schema: dict) -> tuple[str, list[str]]:
    """The keys of a path as the user wrote them, and the names of all keys that are valid where it ends."""
    keys, here = [], [schema]
    for k, part in enumerate(location):
        members = [mapping for mapping in here if part in {_below(mapping, key).get("const") for key in DISCRIMINATORS}]
        if members:  # the value of `source` or `kind` stands in the path, and tells which of several models is meant
            here = members
            continue
        if not KINDS.fullmatch(str(part)):
            keys.append(str(part))
        if k < len(location) - 1:
            below = [found for mapping in here for found in _models_in(_below(mapping, part), schema["$defs"])]
            here = below or here
    return ".".join(keys), [key for mapping in here for key in mapping.get("properties", {})]


def _below(mapping: dict, key: object) -> dict:
    """The schema of a key's value."""
    by_pattern = next(iter(mapping.get("patternProperties", {}).values()), None)
    return mapping.get("properties", {}).get(key) or by_pattern or mapping.get("additionalProperties") or {}


def _models_in(schema: dict, definitions: dict) -> list[dict]:
    """Object schemas that a (possibly nested) schema refers to."""
    found = []
    if "$ref" in schema:
        found.append(definitions[schema["$ref"].rsplit("/", 1)[-1]])
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found += _models_in(option, definitions)
    mapping = {"properties", "patternProperties", "additionalProperties"} & schema.keys()
    return found or ([schema] if mapping else [])
