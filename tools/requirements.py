"""What an environment needs, read from pyproject.toml and constraints.txt. Runs on a bare Python.

python tools/requirements.py book              the names of one extra, for pip
python tools/requirements.py --check-python    fail with a sentence when this Python is too old
python tools/requirements.py --pins            rewrite constraints.txt from the running environment
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# Exact versions of everything that the make targets install: the one place where versions are pinned.
# Rewrite after a change of pyproject.toml: make pins
"""
NOT_PINNED = {"dlf", "pip", "setuptools", "wheel"}


def extra(name: str) -> list[str]:
    """Return the requirements of one extra."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"][name])


def normal(name: str) -> str:
    """Return a package name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    """Return the versions of constraints.txt by normalized name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {normal(name): version.strip() for name, version in pairs}


def write_pins() -> None:
    """Rewrite constraints.txt: versions that are installed, and the old pins of what is not (other extras, other
    systems)."""
    installed = {normal(d.metadata["Name"]): d.version.split("+")[0] for d in metadata.distributions()}
    pins = {**pinned(), **{name: version for name, version in installed.items() if name not in NOT_PINNED}}
    (ROOT / "constraints.txt").write_text(
        HEADER + "".join(f"{n}=={v}\n" for n, v in sorted(pins.items())), encoding="utf-8"
    )


def main(arguments: list[str]) -> int:
    if arguments == ["--check-python"]:
        if sys.version_info < (3, 11):  # noqa: UP036  (this file also runs on the Python that is too old)
            print(
                f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=python3.11 ...",
                file=sys.stderr,
            )
            return 1
    elif arguments == ["--pins"]:
        write_pins()
    else:
        print(" ".join(r for name in arguments for r in extra(name)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
