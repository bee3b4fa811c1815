"""Put a preset in the place of params.yaml: `python -m pipeline.preset dice --set benchmark.folder=my_photos`.

params.yaml stays the only configuration. What somebody wrote there is never lost: it is replaced only when its very
bytes can be had back, from a preset or from git.
"""

import argparse
import hashlib
import subprocess
from pathlib import Path

from pipeline.edit import differences, with_value
from pipeline.errors import InputError, lookup, run
from pipeline.params import load_params

MENTIONED = 5  # keys that the message about edits lists


def use(name: str, settings: list[str], params: Path, folder: Path) -> bool:
    """Write the preset `name` of `folder` over `params`, with settings such as `render.train=200`.

    False if `params` is that already. Raises InputError, and leaves `params` as it is, for an unknown preset or key, a
    value that does not fit, and edits in `params` that are neither in a preset nor in git.
    """
    presets = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    preset = lookup(presets, name, "PRESET")
    text = preset.read_bytes().decode("utf-8")
    for setting in settings:
        text = with_value(text, setting, str(preset))
    if params.exists() and params.read_bytes() == text.encode():
        return False
    _check_that_nothing_is_lost(params, list(presets.values()))
    _replace(params, text, preset)
    return True


def _check_that_nothing_is_lost(params: Path, presets: list[Path]) -> None:
    if not params.exists() or any(path.read_bytes() == params.read_bytes() for path in presets) or _in_git(params):
        return
    raise InputError(
        f"{params}: expected one of the presets or a version that git has, found edits ({_edits(params, presets)}). "
        f"Keep them with `cp {params} presets/mine.yaml` or `git commit {params}`, then run this again."
    )


def _edits(params: Path, presets: list[Path]) -> str:
    """What differs from the preset that is nearest."""
    near, keys = min(((path, differences(params, path)) for path in presets), key=lambda pair: len(pair[1]))
    more = f" and {len(keys) - MENTIONED} more" if len(keys) > MENTIONED else ""
    return f"against {near}: {', '.join(keys[:MENTIONED]) or 'comments or layout'}{more}"


def _in_git(path: Path) -> bool:
    """Whether some commit holds these very bytes as this file."""
    data = path.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    line = ["git", "log", "--all", "-1", "--format=%h", f"--find-object={blob}", "--", path.name]
    try:
        done = subprocess.run(line, cwd=path.resolve().parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git
        return False
    return done.returncode == 0 and bool(done.stdout.strip())


def _replace(params: Path, text: str, preset: Path) -> None:
    """Checks the new parameters before they take the place of the old."""
    part = params.with_name(f".{params.name}.part")
    part.write_bytes(text.encode())
    try:
        load_params(part)
        part.replace(params)
    except InputError as error:
        raise InputError(str(error).replace(str(part), str(preset))) from None
    finally:
        part.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of a file in presets/, without .yaml")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="values other than the preset's")
    args = parser.parse_args()
    changed = use(args.name, args.set, Path("params.yaml"), Path("presets"))
    other = f" with {', '.join(args.set)}" if args.set else ""
    print(f"params.yaml: {'now' if changed else 'already'} the preset {args.name}{other}")


if __name__ == "__main__":
    run(main)
