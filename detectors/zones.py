"""Zones: polygons on a picture, in 0..1 of its width and height; pure geometry."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
Polygon = tuple[Point, ...]

WHOLE: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
"""The whole picture."""

EDGE = 1e-9
"""A point this near to a side lies on it: feet on the picture's lower border count."""

SMALLEST = 1e-5
"""Of the picture's area: 3 × 3 pixels of 1280 × 720. Less is a mistake of the pen."""


def turn(first: Point, second: Point, third: Point) -> float:
    """Above 0: the third lies to the right of the way from first to second, as the picture is seen; below: to the left.

    0: they lie on a line. It is twice the area of their triangle; divided by the way's length it says how far off.
    """
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])


def _between(first: Point, second: Point, point: Point) -> bool:
    """Whether `point`, on the line of a side, lies within the side."""
    return (
        min(first[0], second[0]) - EDGE <= point[0] <= max(first[0], second[0]) + EDGE
        and min(first[1], second[1]) - EDGE <= point[1] <= max(first[1], second[1]) + EDGE
    )


def sides(polygon: Sequence[Point]) -> list[tuple[Point, Point]]:
    """Its sides in order, the last back to the first point."""
    return list(zip(polygon, [*polygon[1:], polygon[0]], strict=True))


def contains(polygon: Sequence[Point], point: Point) -> bool:
    """Whether `point` lies inside or on a side."""
    inside = False
    x, y = point
    for first, second in sides(polygon):
        if abs(turn(first, second, point)) <= EDGE and _between(first, second, point):
            return True
        if (first[1] > y) != (second[1] > y):
            crossing = first[0] + (y - first[1]) * (second[0] - first[0]) / (second[1] - first[1])
            if x < crossing:
                inside = not inside
    return inside


def area(polygon: Sequence[Point]) -> float:
    """Of the picture, 0..1, whichever way round the points go."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in sides(polygon))) / 2


def _cross(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    """Whether two sides cross within both."""
    a, b = first
    c, d = second
    return (
        turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0
    )  # touching is allowed: a polygon may come back to a point


def check(polygon: Sequence[Point]) -> None:
    """Raises ValueError for what is not a zone: too few points, outside the picture, crossing itself."""
    if len(polygon) < 3:
        raise ValueError(f"a zone needs at least 3 points, this one has {len(polygon)}")
    for x, y in polygon:
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            raise ValueError(f"the point [{x:g}, {y:g}] lies outside the picture; coordinates are 0..1")
    edges = sides(polygon)
    for index, one in enumerate(edges):
        for other in edges[index + 1 :]:
            if _cross(one, other):
                raise ValueError("the zone's sides cross; list its points in order around it")
    if area(polygon) < SMALLEST:
        raise ValueError("the zone has no area; list its corners in order around it")
