"""docs/settings.md."""

from dataclasses import fields

from keepline.config.elements import Elements
from keepline.config.environment import Environment
from keepline.config.values import PREFIX

HEAD = """# Settings

Keepline is told by environment variables. An empty variable counts as unset; a value that cannot be
understood stops every command with a sentence. This page is made by `keepline docs settings`.

| variable | what it means | default |
|---|---|---|
"""


def page() -> str:
    """The table of KEEPLINE_* variables."""
    rows = []
    in_groups = {each.name for each in fields(Elements)}  # read last, however they are inherited
    for each in sorted(fields(Environment), key=lambda one: one.name in in_groups):
        default = each.metadata["shown"] or f"`{each.metadata['default']}`"
        rows.append(f"| `{PREFIX}{each.name.upper()}` | {each.metadata['says']} | {default} |\n")
    return HEAD + "".join(rows)
