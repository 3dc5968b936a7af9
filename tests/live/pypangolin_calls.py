# SPDX-License-Identifier: Apache-2.0
"""Which of pypangolin's public functions, methods and commands were called: import it before anything of pypangolin's."""

import functools
import importlib
import inspect
import pkgutil
import sys

import click
import pypangolin
from pypangolin.cli.main import cli

called = set()


def modules():
    for module in pkgutil.walk_packages(pypangolin.__path__, "pypangolin."):
        if not f"{module.name}.".startswith("pypangolin.cli."):
            yield importlib.import_module(module.name)


def noting(name, function):
    @functools.wraps(function)
    def call(*args, **more):
        called.add(name)
        return function(*args, **more)

    return call


def watch_class(cls):
    """Its methods note that they are called; their names."""
    for name, member in list(vars(cls).items()):
        whole = f"{cls.__name__}.{name}"
        if name.startswith("_"):
            continue
        if isinstance(member, classmethod):
            setattr(cls, name, classmethod(noting(whole, member.__func__)))
        elif isinstance(member, property):
            setattr(cls, name, property(noting(whole, member.fget)))
        elif inspect.isfunction(member):
            setattr(cls, name, noting(whole, member))
        else:
            continue
        yield whole


def watch_function(function):
    """Wherever it was imported to."""
    made = noting(function.__name__, function)
    for module in [m for name, m in sys.modules.items() if name.startswith("pypangolin")]:
        if vars(module).get(function.__name__) is function:
            setattr(module, function.__name__, made)
    return function.__name__


def watch():
    for module in list(modules()):
        for name, thing in list(vars(module).items()):
            if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(thing) and not issubclass(thing, Exception) and not hasattr(thing, "model_fields"):
                yield from watch_class(thing)
            elif inspect.isfunction(thing):
                yield watch_function(thing)


def commands(group=cli, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def ran(args):
    """A call of the console script."""
    called.update(" ".join(c) for c in COMMANDS if tuple(args[: len(c)]) == c)


FUNCTIONS = set(watch())
COMMANDS = set(commands())
