"""The keys that the apps' calls of `record` write into `before` and `after`, read from their source."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

from django.conf import settings

from labeling.actions.erasure import Consequences
from labeling.actions.rules import RULES
from training.actions.round_plans import FIELDS as PLAN
from training.models import FIGURES
from training.versions.servers import PreparedServer

Function = ast.FunctionDef

EXPRESSIONS = {
    "{rule: getattr(campaign, rule) for rule in RULES}": set(RULES),
    "{rule: getattr(campaign, rule) for rule in changes}": set(RULES),
    "cleaned(changes)": set(RULES),
    "{rule: value for rule, value in changes.items() if getattr(campaign, rule) != value}": set(RULES),
    "recount.rule['before']": {"verdict_rule", "verdict_threshold"},
    "{name: getattr(webhook, name) for name, value in wanted.items() if getattr(webhook, name) != value}": {
        "url",
        "event_types",
        "is_active",
    },
    "{name: wanted[name] for name in before}": {"url", "event_types", "is_active"},
    "{name: at.isoformat() for name, at in times.items() if at is not None}": {"passed_at", "restarted_at"},
    "asdict(self)": {each.name for each in fields(Consequences)},
    "_limits(current)": set(FIGURES),
    "_limits(gate)": set(FIGURES),
    "{name: before[name] for name in sorted(changed)}": set(PLAN),
    "{name: after[name] for name in sorted(changed)}": set(PLAN),
    "asdict(one)": {each.name for each in fields(PreparedServer)},
}
"""Values whose keys the source does not spell out, as it writes them."""


class UnknownKeys(AssertionError):
    """The keys of an expression cannot be read from the source: name them in EXPRESSIONS."""


@dataclass
class Module:
    """A source file that records events."""

    path: Path
    tree: ast.Module

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


def recorded_keys() -> dict[str, set[str]]:
    """The keys by file, over all calls of `record` in both apps. Raises UnknownKeys."""
    sources = [path for app in ("labeling", "training") for path in sorted(Path(settings.BASE_DIR, app).rglob("*.py"))]
    modules = [Module(path, ast.parse(path.read_text())) for path in sources if "migrations" not in path.parts]
    keys: dict[str, set[str]] = {}
    for module in modules:
        for function in module.functions:
            for call in _calls(function, "record"):
                reader = _Reader(modules, module)
                for value in (one.value for one in call.keywords if one.arg in ("before", "after")):
                    reader.read(value, function)
                keys.setdefault(str(module.path.relative_to(settings.BASE_DIR)), set()).update(reader.keys)
    return keys


def _calls(function: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


class _Reader:
    """Collects the keys of expressions, following names, parameters and calls."""

    def __init__(self, modules: list[Module], module: Module) -> None:
        self.modules, self.module, self.keys = modules, module, set[str]()
        self._seen: set[tuple[str, int]] = set()

    def read(self, value: ast.expr, function: Function) -> None:
        """Adds the keys of a mapping. function: the one that the expression is in."""
        text = ast.unparse(value)
        if (text, id(function)) in self._seen:
            return
        self._seen.add((text, id(function)))
        if text in EXPRESSIONS:
            self.keys |= EXPRESSIONS[text]
        elif isinstance(value, ast.Dict):
            self._read_dict(value, function)
        elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr):
            self._read_all([value.left, value.right], function)
        elif isinstance(value, ast.IfExp):
            self._read_all([value.body, value.orelse], function)
        elif isinstance(value, ast.BoolOp):
            self._read_all(value.values, function)
        elif isinstance(value, ast.DictComp):
            self._read_comprehension(value, function)
        elif isinstance(value, ast.Name):
            self._read_all(self._origins(value.id, function), function)
        elif isinstance(value, ast.Call):
            self._read_call(value)
        elif not (isinstance(value, ast.Constant) and value.value is None):
            raise UnknownKeys(text)

    def _read_all(self, values: list[ast.expr], function: Function) -> None:
        for one in values:
            self.read(one, function)

    def _read_dict(self, value: ast.Dict, function: Function) -> None:
        for key, inner in zip(value.keys, value.values, strict=True):
            if key is None:
                self.read(inner, function)
                continue
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                raise UnknownKeys(ast.unparse(value))
            self.keys.add(key.value)
            if isinstance(inner, ast.ListComp):
                self.read(inner.elt, function)
            elif isinstance(inner, ast.Dict) or ast.unparse(inner).startswith("verdict_as_json("):
                self.read(inner, function)

    def _read_comprehension(self, value: ast.DictComp, function: Function) -> None:
        """`{name: ... for name in names}`, where the function has spelled out the names."""
        [loop] = value.generators
        if not isinstance(loop.iter, ast.Name) or ast.unparse(loop.target) != ast.unparse(value.key):
            raise UnknownKeys(ast.unparse(value))
        for origin in self._origins(loop.iter.id, function):
            names = ast.literal_eval(origin)
            self.keys |= set(names)

    def _read_call(self, value: ast.Call) -> None:
        name = value.func.attr if isinstance(value.func, ast.Attribute) else ast.unparse(value.func)
        if name == "dict":
            raise UnknownKeys(ast.unparse(value))
        here = [(self.module, one) for one in self.module.functions if one.name == name]
        found = here or [(module, one) for module in self.modules for one in module.functions if one.name == name]
        if len(found) != 1:
            raise UnknownKeys(ast.unparse(value))
        [(module, function)] = found
        reader = _Reader(self.modules, module)
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                reader.read(node.value, function)
        self.keys |= reader.keys

    def _origins(self, name: str, function: Function) -> list[ast.expr]:
        """The values that a function assigns to a name. Those that callers give for a parameter are read at once."""
        values = list(_assigned(function, name))
        arguments = function.args
        parameters = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        if name in {*parameters, *(one.arg for one in arguments.kwonlyargs)}:
            for caller in self.module.functions:
                for call in _calls(caller, function.name):
                    given = {one.arg: one.value for one in call.keywords}
                    given |= dict(zip(parameters, call.args, strict=False))
                    if name in given:
                        reader = _Reader(self.modules, self.module)
                        reader._seen = self._seen
                        reader.read(given[name], caller)
                        self.keys |= reader.keys
        elif not values:
            raise UnknownKeys(f"{name} in {function.name}")
        return values


def _assigned(function: Function, name: str) -> Iterator[ast.expr]:
    """The values that a function assigns to a name, or puts into it under a key."""
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and node.value is not None and ast.unparse(node.target) == name:
            yield node.value
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if ast.unparse(target) == name:
                    yield node.value
                elif isinstance(target, ast.Subscript) and ast.unparse(target.value) == name:
                    yield ast.Dict([target.slice], [node.value])
