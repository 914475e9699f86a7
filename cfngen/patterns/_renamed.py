"""What functions that made classes of parameters return now: the same classes, decided."""

from __future__ import annotations

from typing import Any

from cfngen.authoring.parameters import Parameters, parameter


def decided(parameters: type[Parameters], options: Any) -> type[Parameters]:
    """Return the parameters that a template has with these options, as a class without predicates.

    Such a class is declared without options, and others inherit from it.
    """
    parameters_by_name: dict[str, parameter] = {}
    for each in parameters.all():
        for chosen in each.chosen(options):
            given: dict[str, Any] = {"description": chosen.description, **chosen.attributes}
            values = {k: value(options) if callable(value) else value for k, value in given.items()}
            parameters_by_name[chosen.name] = parameter(
                group=chosen.group, label=chosen.label, **values
            )
    return type(parameters.__name__, (Parameters,), parameters_by_name)
