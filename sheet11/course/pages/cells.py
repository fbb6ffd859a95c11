"""Cells of an untrusted notebook as HTML that is safe to open and needs no network.

Mathematics becomes MathML. HTML in a notebook is reduced to plain structure: no scripts, frames or styles, and only
images inside the notebook. Checks of answers are folded.
"""

import functools
import html
import itertools
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jinja2
import jsonschema  # type: ignore[import-untyped]
import nh3
import pygments
from bs4 import BeautifulSoup
from math_core import LatexError, LatexToMathML
from nbconvert.exporters import TemplateExporter
from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from sheet11.course.tasks import is_check
from sheet11.lab import frames

TEMPLATES = Path(__file__).with_name("templates")

# an output is shown as the first of these types that it has; widgets and scripts are never shown
IMAGES = ["image/png", "image/jpeg", "image/svg+xml"]
SHOWN = [*IMAGES, "text/html", "text/markdown", "text/latex", "text/plain"]
BEGINNING = {"image/png": "iVBORw0KGgo", "image/jpeg": "/9j/"}  # in base64
MOST_FRAMES = 100  # frames of one figure; pages.css has a rule for each
LARGEST_FRAMES = 1_300_000  # characters in all frames of one figure
FRAMES = jsonschema.Draft202012Validator(
    json.loads(
        """{"type": "array", "items": {
            "type": "object", "required": ["control", "frames"], "properties": {
                "control": {"type": "string"},
                "frames": {"type": "array", "items": {
                    "type": "object", "required": ["setting"], "properties": {
                        "setting": {"type": "string"},
                        "shows": {"type": "string"},
                        "png": {"type": "string", "pattern": "^iVBORw0KGgo[A-Za-z0-9+/]+={0,2}$"}
                    },
                    "dependentRequired": {"png": ["shows"]}
                }}
            }
        }}"""
    )
)
NO_DESCRIPTION = "Figure without a description"
NARROW = 32  # characters on a phone's line; wider text scrolls and must be focusable
# without macros a formula cannot expand beyond LONGEST_FORMULA
CONVERTER = LatexToMathML(fancy_error=False, max_expansions=0)
LONGEST_FORMULA = 2000  # characters; the converter recurses, and 6000 braces overflow the stack
RELATIONS = list("=≠≤≥≈∝∈→←⟶<>")  # a formula can be broken after these

MATHML = set(
    "math mrow mi mn mo mtext mspace mpadded mphantom mstyle merror menclose msub msup msubsup munder mover"
    " munderover mmultiscripts mprescripts mfrac msqrt mroot mtable mtr mtd".split()
)
MATHML_ATTRIBUTES = set(
    "display displaystyle scriptlevel mathvariant form stretchy symmetric largeop movablelimits minsize maxsize"
    " lspace rspace accent accentunder linethickness notation columnspan rowspan width height depth voffset"
    " style".split()
)
STYLES = set("margin-left padding-left padding-right text-align justify-items width color".split())
# a safe scheme, or a relative address
ADDRESS = re.compile(r"https?://|mailto:|[^:]*$", re.IGNORECASE)
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,", re.IGNORECASE)


def cells_html(notebook: NotebookNode) -> str:
    """Return all cells and their outputs as an HTML fragment."""
    language = notebook.metadata.get("language_info", {})
    resources = {"lexer": language.get("pygments_lexer") or language.get("name") or "ipython3"}
    body, _ = _exporter().from_notebook_node(notebook, resources)
    return body


def alternative_text(output: Mapping[str, Any], kind: str = "image/png") -> str:
    """Return the description of an image: the notebook's alternative text, else the output's plain text."""
    about = output.get("metadata", {}).get(kind)
    own = about.get("alt") if isinstance(about, Mapping) else None
    for text in (own, output["data"].get("text/plain")):
        if isinstance(text, str) and text.strip() and not text.startswith("<Figure"):
            return " ".join(text.split())[:500]
    return NO_DESCRIPTION


def shown_kinds(data: Mapping[str, Any]) -> list[str]:
    """Return the MIME types that can be shown, best first; images only with the right first bytes."""
    return [
        kind
        for kind in SHOWN
        if isinstance(data.get(kind), str) and data[kind].startswith(BEGINNING.get(kind, ""))
    ]


def figures_of_cells(cells: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the figures in the outputs of cells, as (PNG in base64, alternative text)."""
    for cell in cells:
        for output in cell.get("outputs", []):
            if "image/png" in shown_kinds(output.get("data", {})):
                yield output["data"]["image/png"], alternative_text(output)


def turning(output: Mapping[str, Any]) -> tuple[str, list[Any]] | None:
    """Return a name for the radio buttons of a figure with frames, and the numbered settings of every control.

    Returns None if there are no frames, or they do not match the schema `FRAMES`.
    """
    found = output["data"].get(frames.MIME_TYPE)
    if not FRAMES.is_valid(found) or len(repr(found)) > LARGEST_FRAMES:
        return None
    numbers = itertools.count(1)
    controls = []
    for control in found:
        settings = [{"number": next(numbers), **frame} for frame in control["frames"]]
        controls.append((control["control"], settings))
    if next(numbers) > MOST_FRAMES + 1:
        return None
    return f"settings-{zlib.crc32(repr(found).encode()):08x}", controls


def drop_frames(notebook: NotebookNode) -> None:
    """Remove the frames, which only the page needs, and keep the figures."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(frames.MIME_TYPE, None)


def clean(text: str) -> str:
    """Remove from HTML everything that runs, contacts another host, or moves out of its place on the page."""
    cleaned = nh3.clean(
        text,
        tags=nh3.ALLOWED_TAGS - {"area", "map"} | MATHML,
        attributes=nh3.ALLOWED_ATTRIBUTES
        | {"*": {"class"}}
        | dict.fromkeys(MATHML, MATHML_ATTRIBUTES),
        tag_attribute_values={tag: {"tabindex": {"0"}} for tag in ("div", "span", "pre")},
        filter_style_properties=STYLES,
        url_schemes={"http", "https", "mailto", "data"},
        attribute_filter=_attribute,
    )
    return re.sub(r'<img(?![^>]* alt="[^"])', f'<img alt="{NO_DESCRIPTION}"', cleaned)


def formula(latex: str, display: bool) -> str:
    """Return LaTeX as MathML, or unchanged if it cannot be converted."""
    try:
        if len(latex) > LONGEST_FORMULA:
            raise LatexError("too long")
        mathml = CONVERTER.convert_with_local_state(latex, displaystyle=display)
    except LatexError:
        return f"<code>{html.escape(latex)}</code>"
    if display:
        return f'<span class="display"{focus(latex)}>{mathml}</span>'
    return _breakable(mathml) if len(latex) > NARROW else mathml


def focus(text: str) -> str:
    """Return the attribute that makes text wider than a phone scrollable with the keyboard."""
    return ' tabindex="0"' if max(map(len, text.splitlines()), default=0) > NARROW else ""


class _Renderer(IPythonRenderer):
    """Renderer of notebook Markdown with MathML, and only with images from inside the notebook."""

    def inline_math(self, body: str) -> str:
        return formula(body, display=False)

    def block_math(self, body: str) -> str:
        return formula(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

    def table(self, text: str) -> str:
        return f'<div class="scroll" tabindex="0"><table>{text}</table></div>'

    def block_code(self, code: str, info: str | None = None) -> str:
        return super().block_code(code, info).replace("<pre>", f"<pre{focus(code)}>", 1)

    def block_mermaidjs(self, code: str) -> str:
        return self.block_code(code)  # drawing the diagram would need a script

    def image(self, text: str, url: str, title: str | None = None) -> str:
        url = unquote(url)
        name = url.removeprefix("attachment:")
        if IMAGE.match(url) or any(kind in self.attachments.get(name, {}) for kind in IMAGES):
            return super().image(text or f"Image {name[:50]}", url, title)
        return f'<a href="{html.escape(url)}">{text or html.escape(url)}</a>'


def _markdown(source: str, attachments: dict[str, dict[str, str]] | None = None) -> str:
    renderer = _Renderer(escape=False, exclude_anchor_links=True, attachments=attachments or {})
    text = MarkdownWithMath(renderer).render(source)
    # prevents a line that begins with the full stop after a formula
    with_stop = r"([(“]{0,3}<math>(?:(?!</math>).)*</math>[.,;:!?)”-]{1,3})"
    return clean(re.sub(with_stop, r'<span class="together">\1</span>', text))


def _attribute(tag: str, name: str, value: str) -> str | None:
    allowed = {"src": IMAGE, "href": ADDRESS, "cite": ADDRESS}.get(name)
    return value if allowed is None or allowed.match(value) else None


def _breakable(mathml: str) -> str:
    """Split a formula after its relations, because browsers do not break MathML."""
    whole = BeautifulSoup(mathml.removeprefix("<math>").removesuffix("</math>"), "html.parser")
    for relation in whole.find_all("mo", string=RELATIONS, recursive=False):
        relation["form"] = "infix"  # keeps the spacing of a relation between two operands
        relation.insert_after("\n")
    return "".join(f"<math>{piece}</math>" for piece in whole.decode_contents().split("\n"))


def _colours(text: str) -> str:
    """Return printed text with its colours as hues; pages.css sets their lightness."""
    return re.sub(
        r'(?<=style=")color: (rgb[^)]*\))[^"]*|background-color: [^"]*(?=")',
        r"--hue: \1",
        ansi2html(text),
    )


def _highlight(source: str, language: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = TextLexer()
    return str(pygments.highlight(source, lexer, HtmlFormatter(nowrap=True)))


@functools.cache
def _exporter() -> TemplateExporter:
    exporter = TemplateExporter(
        template_file="cells.html.j2", extra_loaders=[jinja2.FileSystemLoader(TEMPLATES)]
    )
    exporter.environment.autoescape = True
    exporter.environment.filters |= {
        "filter_data_type": lambda data: shown_kinds(data)[:1],
        "alternative_text": alternative_text,
        "is_check": is_check,
        "turning": turning,
        "markdown": _markdown,
        "clean": clean,
        "colours": _colours,
        "highlight": _highlight,
        "focus": focus,
    }
    return exporter
