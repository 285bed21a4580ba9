"""The boundaries at which a process may die, read from the code: nobody keeps a list of them."""

import ast
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import keepline.flows
from keepline.flows.steps import BOUNDARIES

FLOWS = Path(str(keepline.flows.__file__)).parent
KINDS = {"transaction_step": "transaction", "network_step": "network"}

# Alipay keeps no way to pay and tells of no dispute. Their stories are told at the sandbox;
# test_charges.py has the rest.
AT_THE_SANDBOX_ALONE = ("save_method.", "forget_method.", "follow_disputes.", "answer_dispute.")


def boundaries() -> list[str]:
    """Every name that KEEPLINE_CRASH_AT may have in the flows."""
    return sorted(
        f"{step}:{boundary}" for step, kind in steps().items() for boundary in BOUNDARIES[kind]
    )


def without_twins(names: Sequence[str]) -> list[str]:
    """Of each transaction one of two: dead before it, or before its commit. By turns."""
    twins = [name for name in names if name.endswith(":uncommitted")]
    dropped = {
        name if place % 2 else name.replace(":uncommitted", ":before")
        for place, name in enumerate(twins)
    }
    return [name for name in names if name not in dropped]


def boundaries_at_providers() -> list[str]:
    """Those of the flows that speak to a provider, or hear of it: to all others, every provider is
    the same."""
    return sorted(
        f"{step}:{boundary}"
        for step, kind in steps("switchboard.payments(").items()
        if not step.startswith(AT_THE_SANDBOX_ALONE)
        for boundary in BOUNDARIES[kind]
    )


def steps(word: str = "") -> dict[str, str]:
    """Step -> transaction or network, in the files that have the word."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(FLOWS.rglob("*.py"))]
    return {
        step: kind for text in texts if word in text for step, kind in _steps_of(ast.parse(text))
    }


def _steps_of(module: ast.Module) -> Iterator[tuple[str, str]]:
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    kind = KINDS.get(node.func.id)
                    if kind:
                        yield from ((name, kind) for name in _names(node.args[0], function))


def _names(argument: ast.expr, function: ast.FunctionDef) -> list[str]:
    """A constant, or an f-string over names that the function sets to constants."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    assert isinstance(argument, ast.JoinedStr), f"line {argument.lineno}: a step's name is a text"
    parts = [_values(part, function) for part in argument.values]
    return ["".join(chosen) for chosen in product(*parts)]


def _values(part: ast.expr, function: ast.FunctionDef) -> list[str]:
    if isinstance(part, ast.Constant):
        return [str(part.value)]
    assert isinstance(part, ast.FormattedValue)
    assert isinstance(part.value, ast.Name), f"line {part.lineno}: give the step's word a name"
    found = [
        str(node.value)
        for statement in ast.walk(function)
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == part.value.id
        for node in _results(statement.value)
    ]
    assert found, f"line {part.lineno}: {part.value.id} is never set to a text"
    return found


def _results(value: ast.expr) -> Iterator[ast.Constant]:
    if isinstance(value, ast.IfExp):
        yield from _results(value.body)
        yield from _results(value.orelse)
    elif isinstance(value, ast.Constant):
        yield value
