"""Parts of an untrusted notebook as HTML that is safe to open and needs no network, for the template `cells.html.j2`.

Mathematics becomes MathML. HTML in a notebook is reduced to plain structure: no scripts, frames or styles, and only
images inside the notebook. Checks of answers and cells that JupyterLab hides are
folded.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import jsonschema  # type: ignore[import-untyped]
import nh3
import pygments
from bs4 import BeautifulSoup
from math_core import LatexError, LatexToMathML
from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from sheet11.lab import frames

# an output is shown as the first of these types that it has, with what its content begins with; widgets and scripts
# are never shown
SHOWN = {
    "image/png": "iVBORw0KGgo",  # in base64
    "image/jpeg": "/9j/",
    "image/svg+xml": "",
    "text/html": "",
    "text/markdown": "",
    "text/latex": "",
    "text/plain": "",
}
LARGEST_FRAMES = 1_300_000  # characters in all frames of one figure
# pages.css has a rule for every combination of 10 settings of each of two controls
FRAMES = jsonschema.Draft202012Validator(
    json.loads(
        """{"type": "object", "required": ["controls", "fixed", "frames"], "properties": {
            "fixed": {"type": "string"},
            "controls": {"type": "array", "minItems": 2, "maxItems": 2, "items": {
                "type": "object", "required": ["name", "settings", "start"], "properties": {
                    "name": {"type": "string"},
                    "settings": {"type": "array", "maxItems": 10, "items": {"type": "string"}},
                    "start": {"type": "integer"}
                }
            }},
            "frames": {"type": "array", "maxItems": 10, "items": {
                "type": "array", "maxItems": 10, "items": {
                    "type": "object", "required": ["shows"], "properties": {
                        "shows": {"type": "string"},
                        "png": {"type": "string", "pattern": "^iVBORw0KGgo[A-Za-z0-9+/]+={0,2}$"}
                    }
                }
            }}
        }}"""
    )
)
NO_DESCRIPTION = "Figure without a description"
NARROW = 32  # characters on a phone's line; wider text scrolls and must be focusable
# without macros a formula cannot expand beyond LONGEST_FORMULA
CONVERTER = LatexToMathML(fancy_error=False, max_expansions=0)
LONGEST_FORMULA = 2000  # characters; the converter recurses, and 6000 braces overflow the stack
LONGEST_TYPESET = 20_000  # characters of text or code, embedded images aside
MOST_REPEATED = 500_000  # characters: HTML repeats tags that are not closed in each paragraph
# time of the lexers is quadratic in the length of these
LONG_RUN = re.compile(r"\s{60}|\S{1000}")
COLOURED = ("python", "python3", "ipython", "ipython3")  # languages of code within text
EMBEDDED = re.compile(r"data:image/[\w.+-]+;base64,[\w+/=]*")
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


def alternative_text(output: Mapping[str, Any], kind: str = "image/png") -> str:
    """Return the description of an image: the notebook's alternative text, else the output's plain text."""
    about = output.get("metadata", {}).get(kind)
    own = about.get("alt") if isinstance(about, Mapping) else None
    for text in (own, output["data"].get("text/plain")):
        if isinstance(text, str) and text.strip() and not text.startswith("<Figure"):
            return " ".join(text.split())[:500]
    return NO_DESCRIPTION


def shown_kind(data: Mapping[str, Any]) -> str:
    """Return the MIME type in which an output is shown, empty if there is none; images must begin like images."""
    for kind, beginning in SHOWN.items():
        content = data.get(kind)
        if isinstance(content, str) and content.startswith(beginning):
            return kind
    return ""


def figures_of_cells(cells: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the figures in the outputs of cells, as (PNG in base64, alternative text)."""
    for cell in cells:
        for output in cell.get("outputs", []):
            if shown_kind(output.get("data", {})) == "image/png":
                yield output["data"]["image/png"], alternative_text(output)


def hides(cell: Mapping[str, Any], part: str) -> bool:
    """Return whether JupyterLab hides the "source" or the "outputs" of a cell."""
    return cell["metadata"].get("jupyter", {}).get(f"{part}_hidden") is True


def turning(output: Mapping[str, Any]) -> Any:
    """Return the frames of a figure; None if there are none or they do not match the schema `FRAMES`."""
    found = output["data"].get(frames.MIME_TYPE)
    return found if FRAMES.is_valid(found) and len(repr(found)) <= LARGEST_FRAMES else None


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
        if info not in COLOURED or not _is_quick(code):
            return f"<pre{focus(code)}><code>{html.escape(code)}</code></pre>"
        return super().block_code(code, info).replace("<pre>", f"<pre{focus(code)}>", 1)

    def block_mermaidjs(self, code: str) -> str:
        return self.block_code(code)  # drawing the diagram would need a script

    def image(self, text: str, url: str, title: str | None = None) -> str:
        url = unquote(url)
        name = url.removeprefix("attachment:")
        attached = shown_kind(self.attachments.get(name, {}))
        if IMAGE.match(url) or attached.startswith("image/"):
            return super().image(text or f"Image {name[:50]}", url, title)
        return f'<a href="{html.escape(url)}">{text or html.escape(url)}</a>'


def markdown(source: str, attachments: dict[str, dict[str, str]] | None = None) -> str:
    """Return notebook Markdown as clean HTML, with mathematics as MathML; what is too long for that as it is."""
    plain = EMBEDDED.sub("", source)
    repeated = sum(map(len, re.findall("<[^<>]*", plain))) * plain.count("\n")
    if len(plain) > LONGEST_TYPESET or repeated > MOST_REPEATED:
        return f"<pre{focus(source)}>{html.escape(source)}</pre>"
    renderer = _Renderer(escape=False, exclude_anchor_links=True, attachments=attachments or {})
    text = MarkdownWithMath(renderer).render(source)
    # prevents a line that begins with the full stop after a formula
    with_stop = r"([(“]{0,3}<math>(?:(?!</math>).)*</math>[.,;:!?)”-]{1,3})"
    return clean(re.sub(with_stop, r'<span class="together">\1</span>', text))


def _is_quick(code: str) -> bool:
    """Return whether code can be coloured quickly."""
    return len(code) <= LONGEST_TYPESET and not LONG_RUN.search(code)


def _attribute(tag: str, name: str, value: str) -> str | None:
    allowed = {"src": IMAGE, "href": ADDRESS, "cite": ADDRESS}.get(name)
    return value if allowed is None or allowed.match(value) else None


def _breakable(mathml: str) -> str:
    """Split a formula after its relations, because browsers do not break MathML."""
    whole = BeautifulSoup(mathml, "html.parser")
    for relation in whole.select("math > mo"):
        if relation.text in RELATIONS:
            relation["form"] = "infix"  # keeps the spacing of a relation between two operands
            relation.insert_after("\n")
    return str(whole).replace("\n", "</math><math>")


def colours(text: str) -> str:
    """Return printed text with its colours as hues; pages.css sets their lightness."""
    return re.sub(
        r'(?<=style=")color: (rgb[^)]*\))[^"]*|background-color: [^"]*(?=")',
        r"--hue: \1",
        ansi2html(text),
    )


def highlight(source: str, language: Mapping[str, Any]) -> str:
    """Return code with the colours of its language, as in a notebook's `language_info`; without if it is too long."""
    if not _is_quick(source):
        return html.escape(source)
    name = language.get("pygments_lexer", language.get("name", "ipython3"))
    try:
        lexer = get_lexer_by_name(str(name))
    except ClassNotFound:
        lexer = TextLexer()
    return str(pygments.highlight(source, lexer, HtmlFormatter(nowrap=True)))
