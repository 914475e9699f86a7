"""Which templates this project makes, with which options."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from cfngen.authoring.options import options_from
from cfngen.authoring.role_settings import NONE, RoleSettings
from cfngen.cloudformation.regions import all_regions as all_regions
from cfngen.errors import BlueprintError, CfngenError, ManifestError, Problems, did_you_mean
from cfngen.paths import display_path
from cfngen.project import registry
from cfngen.project.manifest_file import KEYS as TOP_KEYS
from cfngen.project.manifest_file import OUTPUT, Reader, duplicate_tables
from cfngen.project.manifest_file import (
    ManifestSource as ManifestSource,  # what is about the file can be had from here as well
)
from cfngen.project.manifest_file import accepted_parts as accepted_parts
from cfngen.project.manifest_file import find as find
from cfngen.project.manifest_file import find_in as find_in
from cfngen.project.manifest_file import listed_templates as listed_templates
from cfngen.project.manifest_file import output_directory as output_directory
from cfngen.project.manifest_file import read_on_disk as read_on_disk
from cfngen.project.organization import role_settings_of, tags_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
KEYS = ("blueprint", "options", "regions", "after", "account", "roles", "tags")


@dataclass(frozen=True)
class TemplateConfig:
    """One template to be made: `output/NAME.yaml`.

    Attributes:
        name: of the template.
        blueprint: what makes it.
        options: the blueprint's `Options`, built and with nothing wrong; `None` for the defaults,
            for which the blueprint need not be imported, and for a blueprint that cannot be.
        table: the options as the manifest has them, for people.
        regions: where it is meant to be deployed; empty for anywhere.
        where: file and table of the manifest.
        after: the templates whose stacks are deployed before.
        account: words for the account that it goes to, if that is another than the others'.
        roles: the path and the permissions boundary of all its roles.
        tags: of its stack, which CloudFormation gives to all resources that take tags.
    """

    name: str
    blueprint: registry.InstalledBlueprint
    options: Any = None
    table: dict[str, Any] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    where: str = ""
    after: tuple[str, ...] = ()
    account: str = ""
    roles: RoleSettings = NONE
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The name of the file in the output directory."""
        return f"{self.name}.yaml"


@dataclass(frozen=True)
class Manifest:
    """The templates of one project and the directory they go to.

    `by_default` says that no manifest lists any: `templates` are then what the installed
    blueprints make with their default options, to be looked at, not to be built.
    """

    templates: dict[str, TemplateConfig]
    output: Path
    source: str
    by_default: bool = False

    def select(self, names: tuple[str, ...] = ()) -> list[TemplateConfig]:
        """Return the named templates, all of them without names.

        Raises:
            ManifestError: unknown names, all of them at once.
        """
        problems = [self._unknown(n) for n in dict.fromkeys(names) if n not in self.templates]
        if problems:
            raise ManifestError(problems)
        return [self.templates[n] for n in dict.fromkeys(names or self.templates)]

    def _unknown(self, name: str) -> str:
        templates = [t.name for t in self.templates.values() if t.blueprint.name == name]
        if templates:
            return f"{name!r} is a blueprint; the templates made of it: {', '.join(templates)}"
        have = ", ".join(self.templates) or "none"
        return (
            f"no template {name!r} in {self.source}{did_you_mean(name, self.templates)}"
            f" (available: {have})"
        )


def load(start: Path, output: Path | None = None) -> Manifest:
    """Find and read the manifest of the project around `start`.

    A manifest is the table `[tool.cfngen]` of `pyproject.toml`, or the same tables without the
    prefix `tool.cfngen` in `cfngen.toml`. Without either, or where it has no `templates`, every
    installed blueprint is one template with its default options, which `list` and `show` can
    show; who writes or deploys templates calls `missing_manifest.require_templates` first.

    Args:
        start: the directory to start from; the nearest parent with a manifest wins.
        output: where to write, instead of the manifest's `output` (default: `output`).

    Raises:
        ManifestError: everything that is wrong with it, each with file, table and key.
    """
    return read(find(start), output)


def read(source: ManifestSource, output: Path | None = None) -> Manifest:
    """Read a manifest that was found, as `load` does.

    Raises:
        ManifestError: as `load`.
    """
    installed, missing = registry.search()
    problems = [*source.problems, *duplicate_tables(source)]
    readers = [_Reader(path, installed) for path, _ in source.tables]
    read_ = [reader.read(table) for reader, (_, table) in zip(readers, source.tables, strict=True)]
    problems += [problem for reader in readers for problem in reader.problems] + missing
    if problems:
        raise ManifestError(problems + [doubt for reader in readers for doubt in reader.doubts])
    templates, directory = read_[0] if read_ else (None, OUTPUT)
    by_default = templates is None
    tables = source.tables
    shown = display_path(tables[0][0]) if tables else "the installed blueprints"
    if templates is None:
        names = {name.replace("_", "-"): entry for name, entry in installed.items()}
        templates = {n: TemplateConfig(n, entry, where="by default") for n, entry in names.items()}
    return Manifest(templates, output or source.root / directory, shown, by_default)


def template_names(start: Path) -> list[str]:
    """Return what the templates are called, quickly and without complaints, for completion."""
    source = find(start)
    table = source.tables[0][1] if source.tables else {}
    templates = table.get("templates") if isinstance(table, dict) else None
    if isinstance(templates, dict):
        return list(templates)
    return [name.replace("_", "-") for name in registry.search()[0]]


class _Reader(Reader):
    """Reads the tables of one file and keeps every problem it meets.

    `doubts` are options that could not be looked at, because importing the blueprint failed. They
    stop only a build of that template, which shows the traceback.
    """

    def __init__(self, source: Path, installed: dict[str, registry.InstalledBlueprint]) -> None:
        super().__init__(source)
        self.installed = installed
        self.doubts: list[str] = []
        self.default_roles = NONE
        self.default_tags: dict[str, str] = {}

    def read(self, table: Any) -> tuple[dict[str, TemplateConfig] | None, Path]:
        """Return the templates, `None` if none are listed, and the directory for them."""
        if not isinstance(table, dict):
            self.problem((), "must be a table")
            return None, OUTPUT
        self.unknown_keys((), table, TOP_KEYS)
        templates = self.templates(table)
        self.default_roles = role_settings_of(self, (), table.get("roles", {}), NONE)
        self.default_tags = tags_of(self, (), table.get("tags", {}))
        entries = None if templates is None else self.entries(templates)
        self.accepted(table.get("review"))
        return entries, self.output(table.get("output", str(OUTPUT)))

    def entries(self, templates: dict[str, Any]) -> dict[str, TemplateConfig]:
        entries: dict[str, TemplateConfig] = {}
        folded: dict[str, str] = {}
        for name, content in templates.items():
            where = ("templates", name)
            if not NAME.match(name):
                self.problem(
                    where,
                    f"{name!r} cannot name a file in the output directory: use letters, digits,"
                    " '.', '_' and '-', at most 100, and begin with a letter or digit",
                )
            elif (other := folded.setdefault(name.casefold(), name)) != name:
                self.problem(where, f"is the same file as {other!r} where case does not count")
            if not isinstance(content, dict):
                self.problem(where, 'must be a table, such as { blueprint = "backlog_proxy" }')
            elif entry := self.entry(name, where, content):
                entries[name] = entry
        self.order({name: entry.after for name, entry in entries.items()}, list(templates))
        return entries

    def entry(
        self, name: str, where: tuple[str, ...], content: dict[str, Any]
    ) -> TemplateConfig | None:
        self.unknown_keys(where, content, KEYS)
        blueprint = self.blueprint(where, content.get("blueprint"))
        table = content.get("options", {})
        options = None
        if not isinstance(table, dict):
            self.problem(where, "options: must be a table")
        elif table and blueprint:
            options = self.options(where, blueprint, table)
        regions = self.regions(where, content.get("regions", []))
        after = self.after(where, content.get("after", []))
        account = self.account(where, content.get("account"))
        roles = role_settings_of(self, where, content.get("roles", {}), self.default_roles)
        tags = self.default_tags | tags_of(self, where, content.get("tags", {}))
        at = self.at(*where)
        if not blueprint:
            return None
        return TemplateConfig(
            name, blueprint, options, table, regions, at, after, account, roles, tags
        )

    def blueprint(self, where: tuple[str, ...], wanted: Any) -> registry.InstalledBlueprint | None:
        if not isinstance(wanted, str):
            self.problem(
                where, "blueprint: must name one" + ("" if wanted is None else ", as text")
            )
        elif wanted not in self.installed:
            self.problem(where, f"blueprint: {registry.unknown(wanted, self.installed)}")
        else:
            return self.installed[wanted]
        return None

    def options(
        self,
        where: tuple[str, ...],
        blueprint: registry.InstalledBlueprint,
        table: dict[str, Any],
    ) -> Any:
        """Return the options that a table describes, `None` if it does not."""
        try:
            options_type = blueprint.load().options_type
            try:
                return options_from(options_type, table)
            except Problems as error:
                for problem in error.problems:
                    self.problem(where, f"options.{problem}")
        except BlueprintError as error:
            if error.__cause__ is None:
                self.problem(where, f"blueprint: {error}")
            else:  # its module fails, which is of interest to those who build it
                self.doubts.append(
                    f"{self.at(*where)} options: not checked, since the blueprint {blueprint}"
                    f" cannot be imported: {error}"
                )
        except CfngenError as error:
            self.problem(where, f"blueprint: {error}")
        return None

    def regions(self, where: tuple[str, ...], regions: Any) -> tuple[str, ...]:
        if not isinstance(regions, list) or not all(isinstance(r, str) for r in regions):
            self.problem(where, 'regions: must be a list of names, such as ["us-east-1"]')
            return ()
        existing = all_regions() if regions else ()
        for region in regions:
            if existing and region not in existing:
                self.problem(
                    where, f"regions: no AWS region {region!r}{did_you_mean(region, existing)}"
                )
        return tuple(regions)

    def after(self, where: tuple[str, ...], after: Any) -> tuple[str, ...]:
        if not isinstance(after, list) or not all(isinstance(name, str) for name in after):
            self.problem(where, 'after: must be a list of templates, such as ["build-network"]')
            return ()
        return tuple(dict.fromkeys(after))

    def account(self, where: tuple[str, ...], account: Any) -> str:
        if account is None:
            return ""
        description = account.strip() if isinstance(account, str) else ""
        if not description or len(description) > 100 or not description.isprintable():
            self.problem(
                where,
                "account: must be a few words for people, on one line, such as"
                ' "the account that is mirrored to"',
            )
        return description

    def order(self, after: dict[str, tuple[str, ...]], listed: list[str]) -> None:
        """Complain of templates that come after ones that are not listed, or after themselves."""
        for name, before in after.items():
            for other in before:
                if other not in listed:
                    hint = did_you_mean(other, listed)
                    self.problem(("templates", name), f"after: no template {other!r}{hint}")
        try:
            TopologicalSorter(after).prepare()
        except CycleError as error:
            _, *circle = reversed(error.args[1])
            self.problem(
                ("templates", circle[-1]),
                f"after: circular dependency: {' after '.join((circle[-1], *circle))}",
            )
