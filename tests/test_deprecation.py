"""Names of the last release go on working, and say what they are called now."""

from __future__ import annotations

import pytest

import cfngen
from cfngen import Template, allow
from cfngen.deprecation import renamed_keywords


@renamed_keywords(why="reason")
def note(reason: str = "") -> str:
    """Return a reason."""
    return reason


def test_an_old_keyword_is_taken_with_a_warning_that_says_the_new_one() -> None:
    """Whoever upgrades learns what to write, and nothing breaks before they do."""
    with pytest.warns(DeprecationWarning, match=r"note\(why=\) is now note\(reason=\)") as caught:
        assert note(why="It is so.") == "It is so."
    assert caught[0].filename == __file__  # the line that has to change, not ours
    assert note(reason="It is so.") == "It is so."


def test_both_names_at_once_are_refused() -> None:
    """No value is dropped without a word."""
    with pytest.raises(TypeError, match="both why= and reason="):
        note(reason="a", why="b")


def test_policies_and_templates_take_their_old_keywords() -> None:
    """The reason of a statement and of a resource had two names; both go on working."""
    from troposphere.sns import Topic

    with pytest.warns(DeprecationWarning, match="reason="):
        statement = allow("sns:ListTopics", on="*", because="There is no narrower ARN.")
    assert statement.reason == "There is no narrower ARN."
    t = Template("Test.")
    with pytest.warns(DeprecationWarning, match="reason="):
        t.add(Topic("News"), why="It carries news.")
    assert t.reasons == {"News": "It carries news."}


def test_an_earlier_name_of_the_package_is_the_new_one_with_a_warning() -> None:
    """`from cfngen import draw` goes on working; the caller's line is the one that is named."""
    with pytest.warns(
        DeprecationWarning, match=r"cfngen\.draw is now cfngen\.synthesize"
    ) as caught:
        from cfngen import draw
    assert {warning.filename for warning in caught} == {__file__}
    assert draw is cfngen.synthesize
    assert "draw" not in cfngen.__all__


def test_patterns_go_by_their_earlier_names_for_one_release() -> None:
    """A function, a class, an attribute and a keyword: the old name warns and means the same."""
    from cfngen.patterns import windows

    with pytest.warns(DeprecationWarning, match=r"windows\.gatekeeper is now .*stage_schedules"):
        assert windows.gatekeeper is windows.stage_schedules
    with pytest.warns(DeprecationWarning, match=r"is now .*StageSchedules"):
        assert windows.Gatekeeper is windows.StageSchedules
    window = windows.Window("UTC", "01:00-05:00")
    with pytest.warns(DeprecationWarning, match=r"Window\.shut is now Window\.min_gap"):
        assert window.shut == window.min_gap == 20 * 60
    with pytest.raises(AttributeError, match="no attribute 'gatekeepers'"):
        windows.gatekeepers  # noqa: B018 - reading it is the test


def test_functions_that_made_classes_of_parameters_go_on_making_them() -> None:
    """A blueprint written for the last release declares the same, and learns what to write."""
    from cfngen.patterns.image_stacks import image_stack_questions, published_image
    from cfngen.patterns.pushes import repositories_question
    from cfngen.patterns.tasks import TaskOptions, task_questions

    options = TaskOptions(network="own", spot=True)
    with pytest.warns(DeprecationWarning, match=r"repositories_parameter\(\)") as caught:
        source = repositories_question("build")
    with pytest.warns(DeprecationWarning, match="TaskParameters") as of_tasks:
        task = task_questions(options, "tool-image")
    with pytest.warns(DeprecationWarning, match="ImageStackParameters") as of_images:
        image = image_stack_questions("tool-image", "arm64")
    with pytest.warns(DeprecationWarning, match=r"published_image\(\)") as of_one:
        published = published_image("tool-image", "arm64")
    assert {w.filename for w in (*caught, *of_tasks, *of_images, *of_one)} == {__file__}
    t = Template("Test.")
    t.declare(published)
    assert t.parameters["ImageParameter"].Default == "/cfngen/tool-image/arm64"
    t = Template("Test.")
    p = t.declare(type("Params", (source, *task), {}))
    assert list(t.parameters) == ["Repositories", "VpcCidr", "AvailabilityZones", "ImageParameter"]
    assert t.parameters["ImageParameter"].Default == "/cfngen/tool-image/arm64"
    assert "tool-image.yaml" in t.parameters["ImageParameter"].Description
    assert p.Repositories.to_dict() == {"Ref": "Repositories"}
    t = Template("Test.")
    t.declare(image)
    assert list(t.parameters) == ["ImageRevision", "ImageParameter", "LogDays"]
    assert t.parameters["ImageParameter"].Default == "/cfngen/tool-image/arm64"
