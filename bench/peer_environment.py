"""BlenderProc from PyPI in an environment of its own, outside of the repository: its packages contradict ours."""

import subprocess
from pathlib import Path

from pipeline.cache import cache_folder

PACKAGES = (
    *("bpy==4.2.0", "blenderproc==2.8.0", "numpy<2"),
    # what BlenderProc installs into its Blender at the first start: DefaultConfig.default_pip_packages of 2.8.0
    *("wheel", "pyyaml==6.0.1", "imageio==2.34.1", "gitpython==3.1.43", "scikit-image==0.23.2", "scipy==1.13.1"),
    *("pypng==0.20220715.0", "matplotlib==3.9.0", "pytz==2024.1", "h5py==3.11.0", "Pillow==10.3.0"),
    *("opencv-contrib-python==4.10.0.82", "scikit-learn==1.5.0", "python-dateutil==2.9.0.post0", "rich==13.7.1"),
    *("trimesh==4.4.0", "pyrender==0.1.45"),
)
FOLDER = cache_folder() / "bench" / "blenderproc-2.8.0"


def python_of(folder: Path) -> Path:
    """Python of the environment, which is made when it is not there."""
    python, done = folder / "bin" / "python", folder / ".done"
    if not done.exists():
        print(f"Installing BlenderProc into {folder} (about 2 GB) ...", flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        uv = ["sh", str(Path(__file__).parents[1] / "tools" / "uv.sh")]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", "3.11", str(folder)], check=True)
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES], check=True)
        done.touch()
    return python
