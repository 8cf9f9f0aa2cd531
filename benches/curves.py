#!/usr/bin/env python3
"""Draws what grows, and what it costs, from what `cargo bench` has estimated: benches/curves.py > docs/growth.svg"""

import json
from pathlib import Path

CRITERION = Path(__file__).parent.parent / "target" / "criterion"

# Title, what is on the x axis, and the folders of Criterion with a point each.
CURVES = [
    ("configured pools", "pools", "growth/pools", [1, 2, 5, 10]),
    ("remembered services", "services, asked about in turn", "growth/services", [10, 100, 1000, 10_000]),
    ("size of the token", "KiB more", "growth/token, KiB more", [1, 2, 4, 8, 16, 32]),
    ("size of the event", "KiB more", "growth/event, KiB more", [1, 2, 4, 8, 16, 32]),
]
WIDTH, HEIGHT, MARGIN = 330, 200, 46


def median(folder: str, point: int) -> float:
    """Microseconds."""
    path = CRITERION / folder / str(point) / "new" / "estimates.json"
    return json.loads(path.read_text())["median"]["point_estimate"] / 1000


def curve(index: int, title: str, axis: str, folder: str, points: list[int]) -> str:
    values = [median(folder, point) for point in points]
    top = max(values) * 1.2
    is_logarithmic = points[-1] > 1000
    steps = [index_ / (len(points) - 1) for index_ in range(len(points))]
    share = steps if is_logarithmic else [point / points[-1] for point in points]
    left, upper = (index % 2) * WIDTH + MARGIN, (index // 2) * HEIGHT + 34
    wide, high = WIDTH - MARGIN - 24, HEIGHT - 78
    at = [(left + x * wide, upper + high - value / top * high) for x, value in zip(share, values)]
    parts = [
        f'<text class="title" x="{left}" y="{upper - 12}">{title}, microseconds</text>',
        f'<path class="axis" d="M{left} {upper}v{high}h{wide}"/>',
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in at)}"/>',
        f'<text x="{left + wide}" y="{upper + high + 30}" text-anchor="end">{axis}</text>',
    ]
    for (x, y), point, value in zip(at, points, values):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
        if point >= 4 or len(points) < 6:
            parts.append(f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{value:.1f}</text>')
            parts.append(f'<text x="{x:.1f}" y="{upper + high + 15}" text-anchor="middle">{point:,}</text>')
    return "\n".join(parts)


def main() -> None:
    rows = (len(CURVES) + 1) // 2
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {rows * HEIGHT}" '
          'font-family="sans-serif" font-size="11">')
    print("<style>text{fill:#57606a}.title{font-weight:bold;font-size:13px}.axis{fill:none;stroke:#8c959f}"
          "polyline{fill:none;stroke:#0969da;stroke-width:2}circle{fill:#0969da}"
          "@media(prefers-color-scheme:dark){text{fill:#9198a1}polyline{stroke:#4493f8}circle{fill:#4493f8}}</style>")
    print("<title>Microseconds for a decision, by what grows</title>")
    for index, (title, axis, folder, points) in enumerate(CURVES):
        print(curve(index, title, axis, folder, points))
    print("</svg>")


main()
