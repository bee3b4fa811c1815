"""Where work that outlives a run of the pipeline is kept: outside of the workspace, shared by its temporary copies."""

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """SYNTH2REAL_STORE, or the user's cache folder."""
    return Path(os.environ.get("SYNTH2REAL_STORE") or user_cache_path("synth2real"))
