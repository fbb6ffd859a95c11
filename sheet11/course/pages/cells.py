"""The cells of a notebook as HTML that is safe to open, whoever wrote the notebook, and that needs no network.

Mathematics becomes MathML. What a notebook brings along as HTML is cut down to plain structure: no scripts, no frames,
no styles, and no images but those that are inside the notebook.
"""

import base64
import functools
import html
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import nh3
import pygments
from math_core import LatexError, LatexToMathML
from nbconvert.exporters import TemplateExporter
from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from sheet11.lab import frames

TEMPLATES = Path(__file__).with_name("templates")

# of what an output offers, the first that it has is shown; widgets and scripts are not among them
IMAGES = ["image/png", "image/jpeg", "image/svg+xml"]
SHOWN = [*IMAGES, "text/html", "text/markdown", "text/latex", "text/plain"]
BEGINNING = {"image/png": "iVBORw0KGgo", "image/jpeg": "/9j/"}  # in base64
PNG = re.compile(BEGINNING["image/png"] + "[A-Za-z0-9+/]+={0,2}")
MOST_FRAMES = 100  # of one figure; pages.css has a rule for each
LARGEST_FRAMES = 1_300_000  # characters of all that belong to one figure
NO_DESCRIPTION = "Figure without a description"
NARROW = 32  # characters that fit on a line of a phone; what is wider scrolls by itself and must take the focus
LONGEST_FORMULA = (
    2000  # characters; the converter recurses, and 6000 opening braces overflow the stack
)
RELATIONS = "=≠<>≤≥≈∝∈→←⟶"

MATHML = {
    *(
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "mspace",
        "mpadded",
        "mphantom",
        "mstyle",
        "merror",
        "menclose",
    ),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts"),
    *("mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd"),
}
MATHML_ATTRIBUTES = {
    *(
        "display",
        "displaystyle",
        "scriptlevel",
        "mathvariant",
        "form",
        "stretchy",
        "symmetric",
        "largeop",
    ),
    *(
        "movablelimits",
        "minsize",
        "maxsize",
        "lspace",
        "rspace",
        "accent",
        "accentunder",
        "linethickness",
        "notation",
    ),
    *("columnspan", "rowspan", "width", "height", "depth", "voffset", "style"),
}
STYLES = {
    "margin-left",
    "padding-left",
    "padding-right",
    "text-align",
    "justify-items",
    "width",
    "color",
}
ADDRESS = re.compile(r"https?://|mailto:|[^:]*$", re.IGNORECASE)  # a known scheme, or none
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,", re.IGNORECASE)


def cells_html(notebook: NotebookNode) -> str:
    """All cells, with what the code cells have put out, as a fragment of a page."""
    language = notebook.metadata.get("language_info", {})
    resources = {"lexer": language.get("pygments_lexer") or language.get("name") or "ipython3"}
    body, _ = _exporter().from_notebook_node(notebook, resources)
    return body


def alternative_text(output: Mapping[str, Any], kind: str = "image/png") -> str:
    """What an image shows, in words: what the notebook says for it, else the text beside it, if that says anything."""
    said = output.get("metadata", {}).get(kind, {})
    text = said.get("alt") if isinstance(said, Mapping) else None
    beside = output.get("data", {}).get("text/plain")
    if isinstance(beside, str) and beside.startswith("<"):  # "<Figure size …>"
        beside = None
    for candidate in (text, beside):
        if isinstance(candidate, str) and candidate.strip():
            return " ".join(candidate.split())[:500]
    return NO_DESCRIPTION


def shown_kinds(data: Mapping[str, Any]) -> list[str]:
    """The MIME types that could be shown, the best first; an image is one only if it begins like one."""
    return [
        kind
        for kind in SHOWN
        if isinstance(data.get(kind), str) and data[kind].startswith(BEGINNING.get(kind, ""))
    ]


def figures_of_cells(cells: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The figures that cells have put out, as (PNG in base64, what it shows)."""
    for cell in cells:
        for output in cell.get("outputs", []):
            if "image/png" in shown_kinds(output.get("data", {})):
                yield output["data"]["image/png"], alternative_text(output)


class Setting(NamedTuple):
    """One setting of a control, and the picture that it turns to: none for the setting at the start."""

    name: str
    number: int
    shows: str
    png: str | None


def turning(output: Mapping[str, Any]) -> tuple[str, list[tuple[str, list[Setting]]]] | None:
    """For a figure that comes with frames, a name for its radio buttons, and the settings of every control.

    None if there are no frames, or anything about them is odd.
    """
    controls, number, size = [], 0, 0
    try:
        for control in output["data"][frames.MIME_TYPE]:
            settings = []
            for frame in control["frames"]:
                number += 1
                png = frame.get("png")
                size += len(png or "")
                if (
                    number > MOST_FRAMES
                    or size > LARGEST_FRAMES
                    or not (png is None or PNG.fullmatch(png))
                ):
                    return None
                shows = _text(frame.get("shows", NO_DESCRIPTION), 500)
                settings.append(Setting(_text(frame["setting"], 40), number, shows, png))
            controls.append((_text(control["control"], 40), settings))
    except (AttributeError, KeyError, TypeError):  # no list of objects that hold texts
        return None
    return f"settings-{zlib.crc32(repr(controls).encode()):08x}", controls


def drop_frames(notebook: NotebookNode) -> None:
    """Leave only the figures at the start: the frames are for the page."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(frames.MIME_TYPE, None)


def clean(text: str) -> str:
    """HTML without anything that runs, asks another host, or leaves its place on the page."""
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
    """LaTeX as MathML; as it stands if it cannot be converted."""
    try:
        if len(latex) > LONGEST_FORMULA:
            raise LatexError("too long")
        mathml = _converter().convert_with_local_state(latex, displaystyle=display)
    except LatexError:
        return f"<code>{html.escape(latex)}</code>"
    if display:
        return f'<span class="display"{focus(latex)}>{mathml}</span>'
    return _breakable(mathml) if len(latex) > NARROW else mathml


def focus(text: str) -> str:
    """The attribute that lets the keyboard scroll what is wider than a phone."""
    return ' tabindex="0"' if max(map(len, text.splitlines()), default=0) > NARROW else ""


class _Renderer(IPythonRenderer):
    """Markdown of notebooks, with MathML, and with images from inside the notebook only."""

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
        return self.block_code(code)  # drawing it would take a script

    def image(self, text: str, url: str, title: str | None = None) -> str:
        name = url.removeprefix("attachment:")
        if IMAGE.match(url) or any(kind in self.attachments.get(name, {}) for kind in IMAGES):
            return super().image(text or f"Image {name[:50]}", url, title)
        return f'<a href="{html.escape(url)}">{text or html.escape(url)}</a>'


def _markdown(source: str, attachments: dict[str, dict[str, str]] | None = None) -> str:
    renderer = _Renderer(escape=False, exclude_anchor_links=True, attachments=attachments or {})
    text = MarkdownWithMath(renderer).render(source)
    together = r'<span class="together">\1</span>'  # else a line could begin with the full stop behind a formula
    return clean(
        re.sub(r"([(“]{0,3}<math>(?:(?!</math>).)*</math>[.,;:!?)”-]{1,3})", together, text)
    )


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {value!r:.60}")
    return value[:most]


def _attribute(tag: str, name: str, value: str) -> str | None:
    allowed = {"src": IMAGE, "href": ADDRESS, "cite": ADDRESS}.get(name)
    return value if allowed is None or allowed.match(value) else None


def _breakable(mathml: str) -> str:
    """The formula as several, one after another, each ending with a relation: browsers do not break one by itself."""
    pieces, element, depth = [""], "", 0
    for tag, text in re.findall(
        r"(<[^>]+>)([^<]*)", mathml.removeprefix("<math>").removesuffix("</math>")
    ):
        element += tag + text
        depth += 0 if tag.endswith("/>") else -1 if tag.startswith("</") else 1
        if depth == 0:
            mo = re.fullmatch(r"<mo([^>]*)>([^<]+)</mo>", element)
            if mo and html.unescape(mo[2]) in RELATIONS:
                pieces[-1] += (
                    f'<mo form="infix"{mo[1]}>{mo[2]}</mo>'  # the form it has between two operands
                )
                pieces.append("")
            else:
                pieces[-1] += element
            element = ""
    return "".join(f"<math>{piece}</math>" for piece in pieces if piece)


def _colours(text: str) -> str:
    """Printed text with its colours, each as a hue only: how light it is depends on the page, see pages.css."""
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
def _converter() -> LatexToMathML:
    # without commands of its own a formula cannot grow beyond what LONGEST_FORMULA allows
    return LatexToMathML(fancy_error=False, max_expansions=0)


@functools.cache
def _exporter() -> TemplateExporter:
    exporter = TemplateExporter(
        template_file="cells.html.j2", extra_loaders=[jinja2.FileSystemLoader(TEMPLATES)]
    )
    exporter.environment.autoescape = True
    exporter.environment.filters |= {
        "filter_data_type": lambda data: shown_kinds(data)[:1],
        "alternative_text": alternative_text,
        "turning": turning,
        "markdown": _markdown,
        "clean": clean,
        "colours": _colours,
        "highlight": _highlight,
        "focus": focus,
        "base64": lambda text: base64.b64encode(text.encode()).decode("ascii"),
    }
    return exporter
