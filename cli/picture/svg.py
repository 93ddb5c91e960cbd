"""Elements of SVG as text: what is drawn with, and one style for light and dark pages."""

import re
from xml.sax.saxutils import escape, quoteattr

CHARACTER = 7.25
"""Width of a character of 12 px in a monospaced face."""
LINE = 18.0

STYLE = """
svg { --page: #ffffff; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --box: #f6f8fa; --mark: #0969da;
  --good: #1a7f37; --bad: #cf222e; --open: #9a6700; }
@media (prefers-color-scheme: dark) {
  svg { --page: #0d1117; --ink: #e6edf3; --quiet: #9198a1; --line: #3d444d; --box: #151b23; --mark: #4493f8;
    --good: #3fb950; --bad: #f85149; --open: #d29922; }
}
text { font: 12px ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", Consolas, monospace; fill: var(--ink); }
.page { fill: var(--page); stroke: var(--line); }
.title { font-weight: 700; font-size: 16px; }
.head { font-weight: 700; }
.small, .quiet { fill: var(--quiet); }
.small { font-size: 10.5px; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
.edge { fill: none; stroke: var(--quiet); stroke-width: 1.2; }
.indirect { stroke-dasharray: 5 4; }
.tip { fill: var(--quiet); }
.box { fill: var(--page); stroke: var(--quiet); }
.input { fill: var(--box); stroke: var(--line); }
.placed { stroke: var(--mark); stroke-width: 2.5; }
.rule { stroke: var(--line); }
.claimed { fill: var(--mark); fill-opacity: .13; }
.bound { stroke: var(--mark); stroke-width: 1.5; }
.holds { fill: var(--good); stroke: var(--good); }
.refuted { fill: var(--bad); stroke: var(--bad); }
.unsupported, .inconclusive { fill: var(--open); stroke: var(--open); }
text.holds, text.refuted, text.unsupported, text.inconclusive { stroke: none; font-weight: 700; }
.range { stroke-width: 3; stroke-linecap: round; }
.cell { fill: var(--mark); stroke: var(--line); }
.chosen { fill: none; stroke: var(--ink); stroke-width: 2.5; }
.none { fill: none; stroke: var(--line); stroke-dasharray: 3 3; }
.hot { fill: #ffffff; }
"""

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(x: float, y: float, content: str, kind: str = "") -> str:
    """A line of text whose baseline starts at a point; whatever XML cannot hold is shown as `?`."""
    return f"<text{_at(x=x, y=y)}{_class(kind)}>{escape(clean(content))}</text>"


def text_upwards(x: float, y: float, content: str, kind: str = "") -> str:
    """A line of text that starts at a point and runs upwards."""
    turned = f' transform="rotate(-90 {_number(x)} {_number(y)})"'
    return f"<text{_at(x=x, y=y)}{turned}{_class(kind)}>{escape(clean(content))}</text>"


def rectangle(
    x: float, y: float, width: float, height: float, kind: str, radius: float = 0.0, opacity: float = 1.0
) -> str:
    """A rectangle by its upper left corner."""
    faint = "" if opacity == 1.0 else _at(fill_opacity=opacity)
    return f"<rect{_at(x=x, y=y, width=width, height=height)}{_at(rx=radius) if radius else ''}{_class(kind)}{faint}/>"


def line(x: float, y: float, to_x: float, to_y: float, kind: str) -> str:
    """A straight line."""
    return f"<line{_at(x1=x, y1=y, x2=to_x, y2=to_y)}{_class(kind)}/>"


def dot(x: float, y: float, radius: float, kind: str) -> str:
    """A filled circle by its middle."""
    return f"<circle{_at(cx=x, cy=y, r=radius)}{_class(kind)}/>"


def arrow(points: list[tuple[float, float]], kind: str = "edge") -> str:
    """A curve through points from the left to the right, level at each, with a tip at the last one."""
    (x, y), *others = points
    (end_x, end_y) = points[-1]
    path = [f"M{_number(x)} {_number(y)}"]
    for to_x, to_y in others:
        half = (x + to_x) / 2
        path.append("C" + " ".join(map(_number, (half, y, half, to_y, to_x, to_y))))
        x, y = to_x, to_y
    tip = _tip((end_x, end_y), (end_x - 7, end_y - 3.5), (end_x - 7, end_y + 3.5))
    return f'<path d="{"".join(path)}"{_class(kind)}/>{tip}'


def returning_arrow(start: tuple[float, float], end: tuple[float, float], lowest: float, kind: str) -> str:
    """A curve that leaves a point downwards, runs as low as `lowest`, and comes up to another one, where its tip is."""
    (x, y), (to_x, to_y) = start, end
    below = (lowest - (y + to_y) / 8) / 0.75
    path = f"M{_number(x)} {_number(y)}C" + " ".join(map(_number, (x, below, to_x, below, to_x, to_y)))
    tip = _tip((to_x, to_y), (to_x - 3.5, to_y + 7), (to_x + 3.5, to_y + 7))
    return f'<path d="{path}"{_class(kind)}/>{tip}'


def _tip(*corners: tuple[float, float]) -> str:
    points = " ".join(f"{_number(x)},{_number(y)}" for x, y in corners)
    return f'<polygon points="{points}" class="tip"/>'


def moved(x: float, y: float, content: list[str]) -> str:
    """Elements in a group whose origin is at a point."""
    return "\n".join([f'<g transform="translate({_number(x)} {_number(y)})">', *content, "</g>"])


def drawing(width: float, height: float, title: str, description: str, content: list[str]) -> str:
    """A whole document."""
    size = f'width="{_number(width)}" height="{_number(height)}" viewBox="0 0 {_number(width)} {_number(height)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(clean(title))}>',
            f"<title>{escape(clean(title))}</title>",
            f"<desc>{escape(clean(description))}</desc>",
            f"<style>{STYLE}</style>",
            *content,
            "</svg>",
            "",
        ]
    )


def clean(content: str) -> str:
    """Text without characters that XML has no way to write."""
    return _NO_XML.sub("?", content)


def width_of(content: str) -> float:
    """The width of a line of text."""
    return len(content) * CHARACTER


def _at(**values: float) -> str:
    return "".join(f' {name.replace("_", "-")}="{_number(value)}"' for name, value in values.items())


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:g}"
