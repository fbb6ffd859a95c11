"""The cells of a notebook as HTML that is safe to open and needs no network, whoever wrote the notebook.

Mathematics becomes MathML. HTML in a notebook is cut down to plain structure: no scripts, no frames, no styles, and
no images but those inside the notebook. Checks of answers are folded.
"""

import base64
import functools
import html
import itertools
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

from sheet11.course.tasks import is_check
from sheet11.lab import frames

TEMPLATES = Path(__file__).with_name("templates")

# the first of these that an output has is shown; widgets and scripts are not among them
IMAGES = ["image/png", "image/jpeg", "image/svg+xml"]
SHOWN = [*IMAGES, "text/html", "text/markdown", "text/latex", "text/plain"]
BEGINNING = {"image/png": "iVBORw0KGgo", "image/jpeg": "/9j/"}  # in base64
PNG = re.compile(BEGINNING["image/png"] + "[A-Za-z0-9+/]+={0,2}")
MOST_FRAMES = 100  # of one figure; pages.css has a rule for each
LARGEST_FRAMES = 1_300_000  # characters of all frames of one figure
NO_DESCRIPTION = "Figure without a description"
NARROW = 32  # characters that fit on a line of a phone; wider text scrolls and must take the focus
LONGEST_FORMULA = 2000  # characters; the converter recurses, and 6000 braces overflow the stack
RELATION = re.compile(r"<mo([^>]*>(?:[=≠≤≥≈∝∈→←⟶]|&lt;|&gt;)</mo>)$")  # that ends a formula
TAG_AND_TEXT = re.compile(r"<[^>]+>[^<]*")

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
ADDRESS = re.compile(r"https?://|mailto:|[^:]*$", re.IGNORECASE)  # a known scheme, or none
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,", re.IGNORECASE)


def cells_html(notebook: NotebookNode) -> str:
    """All cells and their outputs as a fragment of a page."""
    language = notebook.metadata.get("language_info", {})
    resources = {"lexer": language.get("pygments_lexer") or language.get("name") or "ipython3"}
    body, _ = _exporter().from_notebook_node(notebook, resources)
    return body


def alternative_text(output: Mapping[str, Any], kind: str = "image/png") -> str:
    """The description of an image: the notebook's own, else the text beside it."""
    about = output.get("metadata", {}).get(kind, {})
    own = about.get("alt") if isinstance(about, Mapping) else None
    beside = output.get("data", {}).get("text/plain")
    if isinstance(own, str) and own.strip():
        text = own
    elif isinstance(beside, str) and not beside.startswith("<"):  # "<Figure size …>"
        text = beside
    else:
        text = ""
    return " ".join(text.split())[:500] or NO_DESCRIPTION


def shown_kinds(data: Mapping[str, Any]) -> list[str]:
    """The MIME types that can be shown, best first; an image only if it begins like one."""
    return [
        kind
        for kind in SHOWN
        if isinstance(data.get(kind), str) and data[kind].startswith(BEGINNING.get(kind, ""))
    ]


def figures_of_cells(cells: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The figures in the outputs of cells, as (PNG in base64, alternative text)."""
    for cell in cells:
        for output in cell.get("outputs", []):
            if "image/png" in shown_kinds(output.get("data", {})):
                yield output["data"]["image/png"], alternative_text(output)


class Setting(NamedTuple):
    """One setting of a control, and its picture; None for the setting of the figure itself."""

    name: str
    number: int
    shows: str
    png: str | None


def turning(output: Mapping[str, Any]) -> tuple[str, list[tuple[str, list[Setting]]]] | None:
    """Name for the radio buttons of a figure with frames, and the settings of every control.

    None if there are no frames, or anything about them is odd.
    """
    numbers = itertools.count(1)
    controls, pictures = [], ""
    try:
        for control in output["data"][frames.MIME_TYPE]:
            settings = [_setting(frame, next(numbers)) for frame in control["frames"]]
            controls.append((_text(control["control"], 40), settings))
            pictures += "".join(setting.png or "" for setting in settings)
    except (AttributeError, KeyError, TypeError):  # no list of objects that hold texts
        return None
    if next(numbers) > MOST_FRAMES + 1 or len(pictures) > LARGEST_FRAMES:
        return None
    return f"settings-{zlib.crc32(repr(controls).encode()):08x}", controls


def _setting(frame: Mapping[str, Any], number: int) -> Setting:
    png = frame.get("png")
    if png is not None and not PNG.fullmatch(png):
        raise TypeError("no picture")
    shows = _text(frame.get("shows", NO_DESCRIPTION), 500)
    return Setting(_text(frame["setting"], 40), number, shows, png)


def drop_frames(notebook: NotebookNode) -> None:
    """Leave the figures alone, without the frames that only the page needs."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(frames.MIME_TYPE, None)


def clean(text: str) -> str:
    """Remove from HTML all that runs, asks another host, or leaves its place on the page."""
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
    """LaTeX as MathML; unchanged if it cannot be converted."""
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
    """The attribute that lets the keyboard scroll text that is wider than a phone."""
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
    # without this a line could begin with the full stop behind a formula
    with_stop = r"([(“]{0,3}<math>(?:(?!</math>).)*</math>[.,;:!?)”-]{1,3})"
    return clean(re.sub(with_stop, r'<span class="together">\1</span>', text))


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {value!r:.60}")
    return value[:most]


def _attribute(tag: str, name: str, value: str) -> str | None:
    allowed = {"src": IMAGE, "href": ADDRESS, "cite": ADDRESS}.get(name)
    return value if allowed is None or allowed.match(value) else None


def _breakable(mathml: str) -> str:
    """Split a formula behind its relations: browsers do not break one by itself."""
    pieces, depth = [""], 0
    content = mathml.removeprefix("<math>").removesuffix("</math>")
    for tag in TAG_AND_TEXT.findall(content):
        pieces[-1] += tag
        if tag.startswith("</"):
            depth -= 1
        elif not tag.partition(">")[0].endswith("/"):
            depth += 1
        if depth == 0 and RELATION.search(pieces[-1]):
            # with the spaces that it has between two operands
            pieces[-1] = RELATION.sub(r'<mo form="infix"\1', pieces[-1])
            pieces.append("")
    return "".join(f"<math>{piece}</math>" for piece in pieces if piece)


def _colours(text: str) -> str:
    """Printed text with its colours as hues; pages.css gives them their lightness."""
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
        "is_check": is_check,
        "turning": turning,
        "markdown": _markdown,
        "clean": clean,
        "colours": _colours,
        "highlight": _highlight,
        "focus": focus,
        "base64": lambda text: base64.b64encode(text.encode()).decode("ascii"),
    }
    return exporter
