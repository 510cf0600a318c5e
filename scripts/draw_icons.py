"""Draws the shapes of web/static/img/icon.svg as PNG, for where an app's icon may not be SVG.

It is run by hand, after they were changed.
"""

from pathlib import Path

from PIL import Image, ImageDraw

IMAGES = Path(__file__).parent.parent / "web" / "static" / "img"
NIGHT, LAMP = "#1b2030", "#ffb638"
#: The side of the drawing in its own units, and by how much finer it is drawn than it is kept.
SIDE, FINER = 64, 4
NOTE = [(26, 45), (26, 25.5), (41, 22.3), (41, 41)]
HEADS = [(22.5, 45), (37.5, 41.5)]


def drawn(pixels: int, *, full: bool = False, smaller: float = 1.0) -> Image.Image:
    """`full`: without round corners, as the system cuts its own; `smaller`: by how much the door is scaled."""
    picture = Image.new("RGBA", (pixels * FINER, pixels * FINER))
    draw = ImageDraw.Draw(picture)
    unit = pixels * FINER / SIDE

    def at(x: float, y: float) -> tuple[float, float]:
        middle = SIDE / 2
        return (middle + (x - middle) * smaller) * unit, (middle + (y - middle) * smaller) * unit

    def dot(x: float, y: float, radius: float, colour: str) -> None:
        draw.ellipse([at(x - radius, y - radius), at(x + radius, y + radius)], fill=colour)

    edge = pixels * FINER - 1
    draw.rounded_rectangle([0, 0, edge, edge], radius=0 if full else 16 * unit, fill=NIGHT)
    dot(32, 26, 18, LAMP)
    draw.rectangle([at(14, 26), at(50, 56)], fill=LAMP)
    draw.line([at(*point) for point in NOTE], fill=NIGHT, width=round(4 * smaller * unit))
    for point in NOTE:
        dot(*point, 2, NIGHT)
    for point in HEADS:
        dot(*point, 4.5, NIGHT)
    return picture.resize((pixels, pixels), Image.Resampling.LANCZOS)


def main() -> None:
    drawn(192).save(IMAGES / "icon-192.png", optimize=True)
    drawn(512).save(IMAGES / "icon-512.png", optimize=True)
    # A launcher may cut away all but a circle of 80 % of the side.
    drawn(512, full=True, smaller=0.8).save(IMAGES / "icon-maskable-512.png", optimize=True)
    drawn(180, full=True, smaller=0.9).save(IMAGES / "icon-180.png", optimize=True)


if __name__ == "__main__":
    main()
