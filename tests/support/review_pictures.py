"""Draws the pictures of docs/reviewing.md: a review as a page, and as a comment on GitHub.

`python tests/support/review_pictures.py [CHROMIUM]` writes them; it needs markdown-it-py. The
comment is drawn with the rules of GitHub's style sheet that matter here, and without its diagram,
which GitHub draws by itself.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "review"
PICTURES = ROOT / "docs" / "pictures"
DAY = "2026-12-01"
# Width and height of each, in CSS pixels.
SIZES = {"page": (1100, 850), "comment": (900, 700)}
DIAGRAM = re.compile(r"^```mermaid\n.*?^```\n\n_.*?_\n", re.M | re.S)
# In place of a font of emoji, which not every machine has.
SIGN = '<svg viewBox="0 0 16 16" width="1em" height="1em" style="vertical-align: -.12em">{}</svg>'
SIGNS = {
    "⛔": '<circle cx="8" cy="8" r="8" fill="#d1242f"/><path d="M3 6.5h10v3H3z" fill="#fff"/>',
    "⚠️": '<path d="M8 1l8 14H0z" fill="#f5b301"/><path d="M7 6h2v5H7zm0 6h2v2H7z"/>',
}
STYLE = """\
body { margin: 24px; background: #fff; color: #1f2328; line-height: 1.5;
  font: 14px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; }
.comment > header { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px;
  border-radius: 6px 6px 0 0; color: #59636e; }
.comment > header b { color: #1f2328; }
.comment > div { padding: 8px 16px; }
h3 { font-size: 1.25em; margin: 12px 0; }
a { color: #0969da; text-decoration: none; }
code { background: #818b981f; border-radius: 6px; padding: .2em .4em; white-space: break-spaces;
  font: 85% ui-monospace, "Liberation Mono", monospace; }
table { border-collapse: collapse; margin-bottom: 16px; }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; vertical-align: top; }
tr:nth-child(2n) { background: #f6f8fa; }
"""
BOT = "<header><b>github-actions</b> bot commented</header>"


def reviewed(output_format: str) -> str:
    """Return the review of the example in a format."""
    command = [Path(sys.executable).parent / "cfngen", "review", "before", "after"]
    done = subprocess.run(
        [*command, "--date", DAY, "--format", output_format],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def comment_page(markdown: str) -> str:
    """Return a comment's text as a page that looks like GitHub's."""
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    body = renderer.render(DIAGRAM.sub("", markdown))
    for emoji, drawing in SIGNS.items():
        body = body.replace(emoji, SIGN.format(drawing))
    return (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
        f"<div class=comment>{BOT}<div>{body}</div></div>"
    )


def draw(chromium: str, html: str, picture: Path, size: tuple[int, int]) -> None:
    """Draw a page."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html, "utf-8")
        subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--force-device-scale-factor=1", f"--user-data-dir={folder}/profile",
                f"--window-size={size[0]},{size[1]}", f"--screenshot={picture}", page.as_uri(),
            ],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip


def main(chromium: str) -> None:
    """Draw both."""
    PICTURES.mkdir(exist_ok=True)
    pages = {"page": reviewed("html"), "comment": comment_page(reviewed("markdown"))}
    for name, html in pages.items():
        draw(chromium, html, PICTURES / f"review-{name}.png", SIZES[name])


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else shutil.which("chromium") or "chromium")
