"""The lineage of versions as a drawing: generations from left to right, siblings below each other, no line crossing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from training.models import ModelVersion

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 224, 52, 48, 16, 4
NAME_CHARACTERS = 22
MOST_NODES = 200
"""A larger drawing would give no overview; the table beside it has all versions."""


@dataclass(frozen=True, slots=True)
class Node:
    """A version in its box. x, y: its upper left corner, pixels."""

    version: ModelVersion
    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def name(self) -> str:
        name = self.version.name
        return name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"

    @property
    def text_x(self) -> int:
        return self.x + 12

    @property
    def name_y(self) -> int:
        return self.y + 22

    @property
    def figure_y(self) -> int:
        return self.y + 40


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing, in pixels. edges: SVG paths from parents to children."""

    nodes: list[Node]
    edges: list[str]
    width: int
    height: int


def draw_lineage(versions: Sequence[ModelVersion]) -> Drawing:
    """Places versions in rows; one whose parent is missing begins a line. Each leaf has its own row."""
    kept = sorted(versions, key=lambda version: version.pk)[-MOST_NODES:]
    present = {version.pk for version in kept}
    children: dict[int | None, list[ModelVersion]] = defaultdict(list)
    for version in kept:
        children[version.parent_id if version.parent_id in present else None].append(version)
    nodes: dict[int, Node] = {}
    row = 0
    # Depth first without recursion: a line of a hundred rounds is a hundred levels deep.
    waiting = [(version, 0, False) for version in reversed(children[None])]
    while waiting:
        version, depth, continues = waiting.pop()
        row += not continues and bool(nodes)
        nodes[version.pk] = _node(version, depth, row)
        below = children[version.pk]
        waiting += [(child, depth + 1, number == 0) for number, child in reversed(list(enumerate(below)))]
    width = max((node.x for node in nodes.values()), default=0) + WIDTH + MARGIN
    edges = [_edge(nodes[node.version.parent_id], node) for node in nodes.values() if node.version.parent_id in nodes]
    return Drawing(list(nodes.values()), edges, width, (row + 1) * (HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN)


def _node(version: ModelVersion, depth: int, row: int) -> Node:
    return Node(version, MARGIN + depth * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))


def _edge(parent: Node, child: Node) -> str:
    start, end = parent.x + WIDTH, child.x
    middle, above, below = (start + end) // 2, parent.y + HEIGHT // 2, child.y + HEIGHT // 2
    return f"M{start} {above} C{middle} {above} {middle} {below} {end} {below}"
