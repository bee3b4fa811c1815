"""Where work that outlives a run of the pipeline is kept: outside of the workspace, shared by its temporary copies."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """SYNTH2REAL_STORE, or the user's cache folder."""
    return Path(os.environ.get("SYNTH2REAL_STORE") or user_cache_path("synth2real"))


def key_of(facts: Any) -> str:
    """A name, 64 hexadecimal digits, for what was made of these facts: anything that JSON has, keys in any order."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
