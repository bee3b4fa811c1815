"""params.yaml as YAML 1.2 has it."""

import re
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import InputError


class Yaml(yaml.SafeLoader):
    """PyYAML reads 1e-3 as text, unlike YAML 1.2 and DVC."""


Yaml.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)[eE][-+]?\d+$"), list("-+.0123456789")
)


def read_yaml(path: Path, what: str) -> dict[str, Any]:
    """A mapping. Raises InputError that names the file and says `what` was expected."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=Yaml)
    except FileNotFoundError:
        raise InputError(f"{path}: expected {what}, found no file.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a mapping of sections, found {type(values).__name__}.")
    return values
