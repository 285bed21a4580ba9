"""docs/flows.md: one row a flow, read from the first lines of its file."""

import ast
from pathlib import Path

import keepline.flows

HEAD = """# Flows

A flow is one use case: it takes plain values, returns a plain result, and is the only place where
rooms meet. Portal, API, counter, jobs and commands all call the same ones. Each is one file,
`src/keepline/flows/VERB.py`. This page is made by `keepline docs flows`.

| flow | action | what it does |
|---|---|---|
"""
PARTS = {"errors", "steps", "sale", "wake", "letters", "limits", "line_at_network"}  # shared pieces


def page() -> str:
    """The table of flows."""
    folder = Path(str(keepline.flows.__file__)).parent
    files = sorted(f for f in folder.glob("*.py") if f.stem not in PARTS | {"__init__"})
    return HEAD + "".join(_row(file) for file in files)


def _row(file: Path) -> str:
    module = ast.parse(file.read_text(encoding="utf-8"))
    action = ""
    for node in module.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ACTION":
            action = f"`{ast.literal_eval(node.value)}`"
    says = (ast.get_docstring(module) or "").split("\n\n")[0].replace("\n", " ")
    says = says.removeprefix(f"{action}: ")
    return f"| `{file.stem}` | {action} | {says} |\n"
