"""The error tree."""

from __future__ import annotations

import pytest

import rsm.hardware.faults
from rsm import errors
from rsm.errors import RsmError


def tree(root: type[RsmError]) -> list[type[RsmError]]:
    """The class and everything below it."""
    return [root, *(each for child in root.__subclasses__() for each in tree(child))]


@pytest.mark.parametrize("error", tree(RsmError), ids=lambda error: error.__name__)
def test_every_error_says_who_can_act_and_has_a_windows_code(error: type[RsmError]) -> None:
    """Each class carries its NTMS code and names the actor, and explains itself."""
    assert isinstance(error.code, errors.Code)
    assert isinstance(error.actor, errors.Actor)
    assert error.__doc__


@pytest.mark.parametrize("module", [errors, rsm.hardware.faults])
def test_the_drawn_tree_names_every_class(module: object) -> None:
    """The picture in the module's docstring is the tree that is there."""
    names = {each.__name__ for each in tree(RsmError) if each.__module__ == getattr(module, "__name__", "")}
    assert all(name in str(module.__doc__) for name in names)
