"""Tables for DVC's plots, with stable bytes."""

import csv
import io
from pathlib import Path
from typing import Any


def write_rows(path: Path, header: tuple[str, str], rows: list[tuple[Any, Any]]) -> None:
    """Two columns under their names."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    path.write_text(text.getvalue(), encoding="utf-8")
