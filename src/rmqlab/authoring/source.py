"""The text of a lab.py: its solution regions, its calls of `lab.check`, and what a learner gets instead.

Pure text and syntax trees, standard library alone: the checks use it in a learner's kernel.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - dataclasses read annotations
from typing import TYPE_CHECKING

from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
LEARNER = "### LEARNER:"


@dataclass(frozen=True, slots=True)
class Region:
    """One stretch of solution.

    Attributes:
        first: The line of the BEGIN marker, from 1.
        last: The line of the END marker.
        indent: What stands before the markers.
        solution: The solution's lines, dedented, without `### LEARNER:` lines.
        learner: The lines that the learner gets instead, dedented.
        exercise: The exercise that it belongs to: that of the next `lab.check` below it.
    """

    first: int
    last: int
    indent: str
    solution: tuple[str, ...]
    learner: tuple[str, ...]
    exercise: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of `lab.check("NN.k", ...)`, `lab.hint` or `lab.solution` in the source."""

    method: str
    exercise: str
    line: int


@dataclass(frozen=True, slots=True)
class LabText:
    """A parsed lab.py."""

    path: Path
    lines: tuple[str, ...]
    regions: tuple[Region, ...]
    calls: tuple[Call, ...]

    @property
    def checks(self) -> tuple[Call, ...]:
        """Return the calls of `lab.check`, in order."""
        return tuple(call for call in self.calls if call.method == "check")

    def regions_of(self, exercise_id: str) -> tuple[Region, ...]:
        """Return the solution regions of one exercise, in order."""
        return tuple(region for region in self.regions if region.exercise == exercise_id)

    def solution(self, exercise_id: str) -> str:
        """Return the solution of one exercise as a learner would type it."""
        return "\n\n".join("\n".join(region.solution) for region in self.regions_of(exercise_id))

    def with_regions(self, choose: Callable[[Region], Sequence[str]]) -> str:
        """Return the source with each region, markers included, replaced by the lines that `choose` gives."""
        out: list[str] = []
        at = 0
        for region in self.regions:
            out += self.lines[at : region.first - 1]
            out += [region.indent + line if line else "" for line in choose(region)]
            at = region.last
        return "\n".join([*out, *self.lines[at:]]) + "\n"


def read_lab(path: Path) -> LabText:
    """Parse a lab.py.

    Raises:
        CourseError: With file and line, for a missing file, a syntax error, or markers that do not pair up.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(f"{path}:1: there is no such file. A lab's notebook is written there.") from None
    lines = tuple(text.splitlines())
    try:
        tree = ast.parse(text)
    except SyntaxError as broken:
        raise CourseError(f"{path}:{broken.lineno}: {broken.msg}. Mend the syntax.") from None
    calls = tuple(sorted(_calls(tree), key=lambda call: call.line))
    pairs = tuple(_marker_pairs(path, lines))
    regions = tuple(
        _region(path, lines, calls, pair, _names_read_first(tree, pair[1], pairs)) for pair in pairs
    )
    return LabText(path=path, lines=lines, regions=regions, calls=calls)


def _calls(tree: ast.AST) -> Iterator[Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="lab"), attr="check" | "hint" | "solution" as method),
                args=[ast.Constant(value=str(exercise)), *_],
            ):
                yield Call(method=method, exercise=exercise, line=node.lineno)


def _marker_pairs(path: Path, lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    opened = 0
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if stripped == BEGIN:
            if opened:
                raise CourseError(
                    f"{path}:{number}: a solution begins inside the one of line {opened}. Close it first."
                )
            opened = number
        elif stripped == END:
            if not opened:
                raise CourseError(
                    f"{path}:{number}: {END!r} without a {BEGIN!r} above it. Add it or remove this line."
                )
            yield opened, number
            opened = 0
        elif stripped.startswith("### ") and ("SOLUTION" in stripped or "LEARNER" in stripped):
            if not (opened and stripped.startswith(LEARNER)):
                raise CourseError(
                    f"{path}:{number}: {stripped!r} is no marker here. Write {BEGIN!r}, {END!r}, or "
                    f"between them {LEARNER!r}."
                )
        elif opened and line.startswith("# %%"):
            raise CourseError(
                f"{path}:{number}: a cell begins inside the solution of line {opened}. "
                f"Write {END!r} above it."
            )
    if opened:
        raise CourseError(f"{path}:{opened}: this solution has no end. Write {END!r} below it.")


def _region(
    path: Path, lines: Sequence[str], calls: Sequence[Call], pair: tuple[int, int], needed: AbstractSet[str]
) -> Region:
    first, last = pair
    exercise = next((call.exercise for call in calls if call.method == "check" and call.line > last), None)
    if exercise is None:
        raise CourseError(
            f'{path}:{first}: this solution belongs to no exercise. Write lab.check("NN.k", ...) below it.'
        )
    marker = lines[first - 1]
    between = textwrap.dedent("\n".join(lines[first : last - 1])).splitlines()
    solution = tuple(line for line in between if not line.strip().startswith(LEARNER))
    if not any(line.strip() for line in solution):
        raise CourseError(f"{path}:{first}: this solution is empty. Write it between the markers.")
    written = tuple(
        line.strip().removeprefix(LEARNER).removeprefix(" ")
        for line in between
        if line.strip().startswith(LEARNER)
    )
    return Region(
        first=first,
        last=last,
        indent=marker[: len(marker) - len(marker.lstrip())],
        solution=solution,
        learner=written or _placeholder(path, first, solution, needed),
        exercise=exercise,
    )


def _placeholder(
    path: Path, first: int, solution: Sequence[str], needed: AbstractSet[str]
) -> tuple[str, ...]:
    """Return `name = ...` for each name that the solution makes and later code needs, else `...`."""
    try:
        made = tuple(dict.fromkeys(_made_names(ast.parse("\n".join(solution)).body)))
    except SyntaxError:
        raise CourseError(
            f"{path}:{first}: a solution must be whole statements. Move the markers around them."
        ) from None
    return tuple(f"{name} = ..." for name in made if name in needed) or ("...",)


def _names_read_first(tree: ast.AST, after: int, pairs: Sequence[tuple[int, int]]) -> frozenset[str]:
    """Return the names that code below a line reads before it binds them, other solutions aside."""
    events: list[tuple[int, int, str, bool]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=context):
                events.append((node.lineno, node.col_offset, name, isinstance(context, ast.Load)))
            case ast.arg(arg=name) | ast.alias(name=name, asname=None) | ast.alias(asname=str(name)):
                events.append((node.lineno, node.col_offset, name, False))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                # A comprehension reads its name to the left of the `for` that binds it.
                events += [
                    (node.lineno, node.col_offset, target.id, False)
                    for generator in node.generators
                    for target in ast.walk(generator.target)
                    if isinstance(target, ast.Name)
                ]
    first: dict[str, bool] = {}
    for line, _, name, reads in sorted(events):
        if line > after and not any(begin < line < end for begin, end in pairs):
            first.setdefault(name, reads)
    return frozenset(name for name, reads in first.items() if reads)


def _made_names(body: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case _:
                # Names bound anywhere in the statement, those of comprehensions aside: they do not leave it.
                inner = {
                    id(target)
                    for node in ast.walk(statement)
                    if isinstance(node, ast.comprehension)
                    for target in ast.walk(node.target)
                }
                for node in ast.walk(statement):
                    if (
                        isinstance(node, ast.Name)
                        and isinstance(node.ctx, ast.Store)
                        and id(node) not in inner
                    ):
                        yield node.id
