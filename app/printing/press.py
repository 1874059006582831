"""The press: a process of its own that sets one document, because the typesetter keeps what it has set in memory.

Run by its path: `python press.py < order.json > document.pdf`. The order names the layout, the font folders and the data.
"""

import json
import resource
import sys
from pathlib import Path

import typst

LAYOUTS = Path(__file__).parent / "layouts"
MEMORY = 3 << 30
"""Bytes of address space (the font files are mapped into it)."""


def main() -> int:
    """Set the document; 1 with the typesetter's message on the error channel when it cannot."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    order = json.load(sys.stdin.buffer)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=order["folders"])
    layout, inputs = order["layout"], {"data": json.dumps(order["data"])}
    if order["mark"]:
        layout, inputs = "marked", {**inputs, "layout": f"/{layout}.typ", "mark": order["mark"]}
    compiler = typst.Compiler(LAYOUTS / f"{layout}.typ", root=LAYOUTS, font_paths=fonts, sys_inputs=inputs)
    try:
        if order["format"] == "png":
            made = compiler.compile(format="png", ppi=100)
        else:
            made = compiler.compile(format="pdf", timestamp=order["made_at"], pdf_tags=order["tags"])
    except typst.TypstError as error:
        sys.stderr.write(error.message)
        return 1
    pages = made if isinstance(made, list) else [made or b""]  # pictures come one a page; the first is what is looked at
    sys.stdout.buffer.write(pages[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
