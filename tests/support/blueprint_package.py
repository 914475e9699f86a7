"""Makes little third-party blueprint packages on disk, as an installer would leave them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# A template cfn-lint finds nothing in.
BUCKET = '''
"""Keeps things in a bucket."""

from troposphere.s3 import Bucket

from cfngen import Template, blueprint


@blueprint
def {name}() -> Template:
    """Keep things in a bucket."""
    template = Template()
    template.add(Bucket("Things"), reason="Where things are kept.")
    return template
'''

# One with options of every shape a manifest can hold.
SHAPES = '''
"""Takes options of every shape."""

from dataclasses import dataclass
from typing import Literal

from troposphere import Tags
from troposphere.s3 import Bucket

from cfngen import Template, blueprint, option


@dataclass(frozen=True)
class Zone:
    """One of several parts."""

    kind: Literal["public", "private"] = option("Who may come in", default="private")
    size: int = 24


@dataclass(frozen=True)
class Options:
    """Decided at build time."""

    cache: Literal["s3", "efs"] = option("Where the cache is kept", default="s3")
    count: int = 1
    label: str | int = "plain"
    main: Zone = Zone()
    zones: tuple[Zone, ...] = ()

    def __post_init__(self) -> None:
        if self.count > 9:
            raise ValueError("count: at most 9")


@blueprint
def {name}(options: Options) -> Template:
    """Show the options it was given."""
    template = Template()
    template.add(Bucket("Things", Tags=Tags(Label=str(options), Cache=options.cache)))
    return template
'''

# cfn-lint finds an error in what line 12 adds.
FAULTY = '''
"""Has an error that cfn-lint finds."""

from troposphere.s3 import Bucket

from cfngen import Template, blueprint


@blueprint
def {name}() -> Template:
    """Keep a bucket in a way that there is not."""
    template = Template()
    template.add(Bucket("Things", DeletionPolicy="Hold", UpdateReplacePolicy="Retain"))
    return template
'''

# cfn-lint finds a warning, on the parameter that line 17 declares.
UNUSED = '''
"""Asks what it does not use."""

from troposphere.s3 import Bucket

from cfngen import Parameters, Template, blueprint, parameter


class Params(Parameters):
    Unused = parameter("Nobody needs to know")


@blueprint
def {name}() -> Template:
    """Ask for nothing."""
    template = Template()
    template.add(Bucket("Things"))
    template.declare(Params)
    return template
'''


def source(pattern: str, name: str) -> str:
    """Return the text of a blueprint under a name."""
    return pattern.lstrip("\n").replace("{name}", name)


def package(
    site: Path,
    blueprints: Mapping[str, str],
    *,
    distribution: str = "acme-blueprints",
    module: str = "acme_blueprints",
    entry_point: str | None = None,
    files: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Put a package of blueprints and its metadata into a folder of `sys.path`, and return it.

    Args:
        site: the folder, as `site-packages` would be.
        blueprints: names of folders and the texts of `blueprint.py` in them, in which `{name}`
            stands for the folder's name.
        distribution: what the package is installed as.
        module: what the package is imported as.
        entry_point: what the entry point names, if not the package.
        files: more files of the package, such as payloads.
    """
    contents: dict[str, str | bytes] = {"__init__.py": '"""Blueprints of a third party."""\n'}
    contents |= {f"{name}/__init__.py": "" for name in blueprints}
    contents |= {f"{name}/blueprint.py": source(text, name) for name, text in blueprints.items()}
    contents |= files or {}
    metadata = f"{distribution.replace('-', '_')}-1.0.dist-info"
    everything = {f"{module}/{path}": content for path, content in contents.items()} | {
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n",
        f"{metadata}/entry_points.txt": f"[cfngen.blueprints]\nacme = {entry_point or module}\n",
    }
    for path, content in everything.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return site / module


def project(root: Path, manifest: str, name: str = "cfngen.toml") -> Path:
    """Make a project with a manifest and return its folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(textwrap.dedent(manifest), encoding="utf-8")
    return root


def environment(*sites: Path, **more: str) -> dict[str, str]:
    """Return an environment in which the packages of these folders are installed."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "AWS"))}
    own.pop("NO_COLOR", None)
    own.pop("GITHUB_WORKSPACE", None)
    return own | {"PYTHONPATH": os.pathsep.join(map(str, sites))} | more


def cfngen(
    *arguments: str, cwd: Path, sites: tuple[Path, ...] = (), **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in a process of its own."""
    env = environment(*sites, **more.pop("env", {}))
    command = [sys.executable, "-c", "import sys; from cfngen.cli import main; sys.exit(main())"]
    return subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        env=env,
        text=True,
        encoding="utf-8",
        capture_output=True,
        timeout=120,
        check=False,
        **more,
    )


def snapshot(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Return everything in a folder with content, time and inode, to see what has been touched."""
    seen: dict[str, tuple[Any, ...]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        name = str(path.relative_to(folder))
        # The time of a folder tells of files that came and went; its entries tell what is left.
        when = None if path.is_dir() else status.st_mtime_ns
        seen[name] = (content, when, status.st_ino, status.st_mode)
    return seen
