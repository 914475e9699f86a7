"""Templates of a git revision, a directory or a file, in pairs that belong together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from cfngen.cloudformation.source import Source
from cfngen.errors import CfngenError
from cfngen.paths import display_path
from cfngen.project import manifest
from cfngen.project.revisions import acceptance, arguments
from cfngen.project.revisions.arguments import Argument, argument
from cfngen.project.revisions.deployed import as_printed, lacks_transform
from cfngen.project.revisions.emptiness import one_sided, refuse_nothing
from cfngen.project.revisions.pairing import names, paired, stem
from cfngen.project.revisions.side import Location, Side, list_side, path_in_tree, read
from cfngen.project.revisions.unseen import allowed, left_behind, left_out, unseen
from cfngen.review.change_set import ChangeSet
from cfngen.review.comparison import NOTHING_MORE, ComparisonFacts
from cfngen.review.deployed import DeployedStack
from cfngen.review.model import LeftOut

MAX_NAMED = 5  # templates that have another name


@dataclass(frozen=True)
class Comparison:
    """The templates of both sides, with one name for those that belong together.

    `left_out`, `facts` and `notes` say what was not compared, and more about the rest: see
    `cfngen.review.model.Review`. `accepted` are the parts that the project accepts without
    inspection, each with its reason.
    """

    labels: tuple[str, str]
    base: dict[str, Source]
    head: dict[str, Source]
    left_out: tuple[LeftOut, ...] = ()
    facts: ComparisonFacts = NOTHING_MORE  # beside the texts that cannot be read
    notes: tuple[str, ...] = ()
    accepted: dict[str, str] = field(default_factory=dict)
    allowed: tuple[tuple[str, str], ...] = ()  # files that `accepted` covers here, with reasons
    locations: tuple[Location, ...] = ()  # where the templates of base and of head are, or head's
    renamed: tuple[str, ...] = ()  # templates whose file has another name in base
    stacks: dict[str, DeployedStack] = field(default_factory=dict)  # that run, by template
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)  # of CloudFormation, likewise


def pair(base: str, head: str | None, here: Path) -> Comparison:
    """Return the templates of both sides of a review.

    Args:
        base: a file, a directory, a git revision, or a file or directory in one as `REVISION:PATH`;
            `A...B` is what B has changed since it left A, and then says what head is (the working
            tree, with nothing for B).
        head: likewise; the working tree without one.
        here: where the project is looked for. A revision stands for the output directory that the
            project has in it; beside a directory or a file, for that directory or file in it.
            Behind `A...B`, a directory or file is that of B.

    Raises:
        CfngenError: one of them cannot be found, both cannot be compared, or there is no template
            on either side.
    """
    first, second = arguments.sides(base, head, here)
    if first.is_file or (second and second.is_file):
        return _compare_files(first, second, here)
    if first.path is None and (second is None or second.path is None):
        return _compare_outputs(first, second, here)
    if second is None:
        directory = manifest.output_directory(manifest.find(here))
        second = argument(display_path(directory)) if directory.is_dir() else None
        if second is None:
            raise CfngenError(
                f"{display_path(directory)}/: no such directory; run `cfngen build` first"
            )
    return _compare_directories(
        arguments.directory(first, second, here), arguments.directory(second, first, here)
    )


def _compare_outputs(base: Argument, head: Argument | None, here: Path) -> Comparison:
    """Compare the project's output directories, and look at the one that was abandoned."""
    locations = arguments.outputs(base, head, here)
    compared = _compare_directories(*locations)
    behind = tuple(left_behind(*locations))
    facts = replace(compared.facts, uncompared=(*compared.facts.uncompared, *behind))
    return replace(compared, facts=facts)


def _compare_directories(base: Location, head: Location) -> Comparison:
    """Compare two directories."""
    old, new = list_side(base), list_side(head)
    read(old, new)
    refuse_nothing(old, new)
    pairs = paired(old.texts, new.texts, (base.label, head.label))
    both = [(before, after) for after, before in pairs.pairs.items()]
    used = set(pairs.pairs.values())
    # What has become of a template whose place a link has taken, say, nobody sees.
    both += [(path, "") for path in old.texts if path not in used and path not in new.others]
    both += [("", path) for path in new.texts if path not in pairs.pairs and path not in old.others]
    called = names(both)
    deployed = [called[pair] for pair in both if pair[0] in old.deployed]
    accepted = {} if deployed else acceptance.accepted(base, head)
    compared = Comparison(
        (base.label, head.label),
        {called[pair]: old.source(pair[0]) for pair in both if pair[0]},
        {called[pair]: new.source(pair[1]) for pair in both if pair[1]},
        left_out(old, new),
        ComparisonFacts(
            uncompared=tuple(unseen(old, new, pairs.ambiguous, accepted)),
            empty=tuple(one_sided(old, new)),
        ),
        (*_notes(old, new, both), *acceptance.newly_accepted(head, accepted)),
        accepted,
        allowed(old, new, accepted),
        (base, head),
        tuple(called[paths] for paths in both if all(paths) and stem(paths[0]) != stem(paths[1])),
    )
    return _with_deployed(compared, deployed)


def _notes(old: Side, new: Side, both: list[tuple[str, str]]) -> list[str]:
    """Return what has moved: the output directory, and templates with another path in it."""
    notes = []
    old_location, new_location = old.location, new.location
    if (
        old_location.in_revision
        and old_location.tree.top == new_location.tree.top
        and old_location.directory != new_location.directory
    ):
        notes.append(
            f"the output directory was {old_location.shown} and is {new_location.shown} now"
        )
    renamed = [
        f"{before} is {after} now"
        for before, after in sorted(both)
        if before and after and stem(before) != stem(after)
    ]
    if renamed:
        notes.append(
            f"{_some(renamed)}: a stack that is named after its template"
            " would be a new one, and the old one would stay"
        )
    return notes


def _some(named: list[str]) -> str:
    more = f" and {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
    return f"{', '.join(named[:MAX_NAMED])}{more}"


def _compare_files(base: Argument, head: Argument | None, here: Path) -> Comparison:
    """Compare two files with each other, whatever they are called."""
    if head is None:
        raise CfngenError(
            f"{base.text}: a file is compared with a file or a revision, a directory with a"
            " directory or a revision; name what to compare it with"
        )
    (old, is_deployed), (new, _) = arguments.file(base, head), arguments.file(head, base)
    name = stem(Path(new.file).name)
    locations = _around(base, head, here), _around(head, base, here)
    accepted = {} if is_deployed else acceptance.accepted(*locations)
    compared = Comparison(
        (base.text, head.text),
        {name: old},
        {name: new},
        notes=tuple(acceptance.newly_accepted(locations[1], accepted)),
        accepted=accepted,
        locations=locations,
    )
    return _with_deployed(compared, [name] if is_deployed else [])


def _with_deployed(compared: Comparison, names: list[str]) -> Comparison:
    """Return a comparison in which base has some templates as CloudFormation printed them.

    No manifest or waiver stands beside those: head's would be taken for what base has.
    """
    if not names:
        return compared
    head, printed, transformed = dict(compared.head), [], []
    for name in names:
        if name in head:
            if lacks_transform(compared.base[name].text, head[name].text):
                transformed.append(name)
            text = as_printed(head[name].text, compared.base[name].text)
            printed += [name] if text != head[name].text else []
            head[name] = replace(head[name], text=text)
    notes = list(compared.notes)
    if printed:
        notes.append(
            f"{_some(printed)}: get-template prints ? for letters outside of ASCII; they were not"
            " compared"
        )
    if transformed:
        notes.append(
            f"{_some(transformed)}: no Transform in {compared.labels[0]}, so it may be what one has"
            " made; let get-template print it with --template-stage Original"
        )
    return replace(compared, head=head, notes=tuple(notes), locations=compared.locations[-1:])


def _around(given: Argument, other: Argument, here: Path) -> Location:
    """Return the directory of a file; for a revision, that of the other's file in it."""
    path = given.path or other.path
    directory = path.absolute().parent if path else here
    tree = given.tree(directory)
    return Location(given.text, tree, path_in_tree(tree, directory), arguments.project(tree, here))
