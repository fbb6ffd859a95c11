"""Cells as HTML: mathematics and figures are kept, scripts are not."""

import base64
import re

import nbformat
import pytest
from bs4 import BeautifulSoup  # comes with nbconvert
from hostile import PNG
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sheet11.course.pages.cells import (
    LARGEST_FRAMES,
    LONGEST_FORMULA,
    NO_DESCRIPTION,
    alternative_text,
    clean,
    drop_frames,
    formula,
)
from sheet11.course.pages.render import cells_html
from sheet11.course.sheet import find_sheet
from sheet11.lab.frames import MIME_TYPE as FRAMES

IMAGE = base64.b64encode(PNG).decode()


def html(text):
    return BeautifulSoup(text, "html.parser")


def shown(*outputs, source="1", **metadata):
    notebook = new_notebook(cells=[new_code_cell(source, outputs=list(outputs))], metadata=metadata)
    return cells_html(notebook)


def text_of(source, **cell):
    return cells_html(new_notebook(cells=[new_markdown_cell(source, **cell)]))


@pytest.mark.parametrize("path", find_sheet().notebooks.values(), ids=lambda path: path.stem)
def test_every_formula_of_the_kit_becomes_mathml(path):
    body = html(cells_html(nbformat.read(path, as_version=4)))
    assert body.find("math")
    for code in body.find_all("pre"):
        code.decompose()
    assert not re.search(r"\$|\\[a-z]+\{", body.text)


@pytest.mark.parametrize(
    "latex", [r"\frac{a", r"\nosuchcommand", "<b>", "{" * 10**6, "x" * (LONGEST_FORMULA + 1)]
)
def test_a_formula_that_cannot_be_converted_is_shown_as_it_stands(latex):
    text = formula(latex, display=True)
    assert latex == "<b>" or text == f"<code>{latex}</code>"
    assert "<b>" not in text


def test_a_long_formula_can_be_broken_behind_its_relations():
    latex = r"\mathrm{first}(a) = \mathrm{second}(b) \le \frac{x = y}{z} < \mathrm{third}(c)"
    *pieces, _ = html(formula(latex, display=False)).find_all("math")
    ends = [(piece.contents[-1].text, piece.contents[-1]["form"]) for piece in pieces]
    assert ends == [("=", "infix"), ("≤", "infix"), ("<", "infix")], "not within the fraction"


def test_mathematics_survives_cleaning():
    text = formula(r"\exp\Big(-\frac{2k}{\text{a}}\Big) \sum_{i \in N}^n \sqrt{x}", display=True)
    assert clean(text).replace("></mspace>", "/>") == text.replace("&ApplyFunction;", "\u2061")
    assert 'style="margin-left:-0.1' in clean(formula(r"a\!b", display=False))


def test_full_stop_stays_with_its_formula():
    assert '<span class="together">(<math><mi>a</mi></math>).</span>' in text_of(
        "one ($a$). $b$ two"
    )


def test_scripts_and_requests_are_taken_out(hostile):
    body = html(cells_html(hostile))
    assert not body.find_all("script iframe object embed svg style link meta base".split())
    for tag in body.find_all():
        assert not [name for name in tag.attrs if name.startswith(("on", "srcset"))]
        assert "position" not in tag.get("style", "")
        assert tag.get("href", "https://").startswith("https://")
        assert tag.get("src", "data:image/").startswith("data:image/")
    for instead in ("shown instead of a script", "shown instead of JavaScript", "no image"):
        assert instead in body.text


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("<b>bold</b><br>", "<b>bold</b><br>"),
        ("[b](https://example.org/?a=1)", '<a href="https://example.org/?a=1" rel='),
        ("> ~~no~~", "<del>no</del>"),
        ("| a |\n|---|\n| b |", '<div class="scroll" tabindex="0"><table>'),
        ("<details><summary>Hint</summary>\n\n- `a`\n\n</details>", "<summary>Hint</summary>"),
        ("<details open onclick='x'></details>", "<details></details>"),
    ],
)
def test_plain_html_stays(source, wanted):
    assert wanted in text_of(source)


@pytest.mark.parametrize(
    ("marks", "outputs", "attributes"),
    [
        ({"grade": True}, [], {"class": ["folded"]}),
        ({"grade": True}, [new_output("error")], {"class": ["folded"], "open": ""}),
        ({"grade": True, "solution": True}, [], None),
        ({}, [], None),
    ],
)
def test_checks_are_folded_and_those_that_failed_are_open(marks, outputs, attributes):
    cell = new_code_cell("assert x == 1", metadata={"nbgrader": marks}, outputs=outputs)
    body = html(cells_html(new_notebook(cells=[cell])))
    assert "assert" in body.text and (body.details and body.details.attrs) == attributes


@pytest.mark.parametrize(
    ("jupyter", "folded"),
    [
        ({"source_hidden": True, "outputs_hidden": True}, ["Code and output 1+1 two"]),
        ({"source_hidden": True}, ["Code 1+1"]),
        ({"outputs_hidden": True}, ["Output two"]),
        ({"source_hidden": False}, []),
    ],
)
def test_what_jupyterlab_hides_is_folded(jupyter, folded):
    outputs = [new_output("stream", text="two")]
    cell = new_code_cell("1+1", metadata={"jupyter": jupyter}, outputs=outputs)
    body = html(cells_html(new_notebook(cells=[cell])))
    assert [" ".join(each.text.split()) for each in body.find_all("details")] == folded
    assert "1+1" in body.text and "two" in body.text


def test_hidden_text_is_folded():
    assert "<summary>Text</summary>" in text_of("a", metadata={"jupyter": {"source_hidden": True}})


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Widget()"}, "Widget()"),
        ({"image/png": IMAGE, "text/plain": "x"}, f"data:image/png;base64,{IMAGE}"),
        ({"text/latex": "$x$", "text/plain": "x"}, "<math>"),
        ({"image/svg+xml": "<svg/>"}, 'src="data:image/svg+xml,%3Csvg/%3E"'),
        ({"application/javascript": "1"}, ""),
    ],
)
def test_the_best_of_what_an_output_offers_is_shown(data, wanted):
    assert wanted in shown(new_output("display_data", data))


@pytest.mark.parametrize(
    ("metadata", "beside", "expected"),
    [
        ({"image/png": {"alt": "a\nb"}}, "c", "a b"),
        ({"image/png": {"alt": " "}}, "c", "c"),
        ({"image/png": {"alt": 1}}, "<Figure size 640x480 with 1 Axes>", NO_DESCRIPTION),
        ({"image/png": 1}, 2, NO_DESCRIPTION),
    ],
)
def test_alternative_text(metadata, beside, expected):
    output = {"metadata": metadata, "data": {"text/plain": beside}}
    assert alternative_text(output) == expected


def test_every_image_has_an_alternative_text():
    png = {"image/png": IMAGE}
    assert f'alt="{NO_DESCRIPTION}"' in shown(new_output("display_data", png))
    assert f'<img alt="{NO_DESCRIPTION}" src=' in text_of(
        f'<img src="data:image/png;base64,{IMAGE}" alt="">'
    )
    assert 'alt="Image Ü.png"' in text_of("![](attachment:Ü.png)", attachments={"Ü.png": png})


def test_an_image_that_is_not_in_the_notebook_is_a_link():
    assert "<img" not in text_of("![](attachment:a.png)", attachments={"a.png": {}})
    assert '<a href="b.png" rel="noopener noreferrer">a</a>' in text_of("![a](b.png)")


FRAME = {"shows": "one", "png": IMAGE}
TURNING = {
    "controls": [
        {"name": "n", "settings": ["1", "2"], "start": 1},
        {"name": "<mode>", "settings": ["a", "b", "c"], "start": 0},
    ],
    "fixed": "p = 3",
    "frames": [
        [FRAME, {"shows": "ValueError: <b>"}, FRAME],
        [FRAME, FRAME | {"shows": "two"}, FRAME],
    ],
}


def figure(frames):
    return new_output(
        "display_data", {"image/png": IMAGE, "text/plain": "at the start", FRAMES: frames}
    )


def test_frames_are_chosen_by_two_rows_of_radio_buttons():
    settings, other = html(shown(figure(TURNING), figure(TURNING))).find_all(class_="settings")
    assert [legend.text for legend in settings.find_all("legend")] == ["n", "<mode>"]
    assert [label.text.strip() for label in settings.find_all("label")] == ["1", "2", "a", "b", "c"]
    chosen = settings.find_all("input", type="radio", checked=True)
    assert [button["class"] for button in chosen] == [["row-1"], ["column-0"]]
    assert chosen[0]["name"] != chosen[1]["name"] != other.input["name"] != chosen[0]["name"]
    assert settings.find(class_="frame-01").text == "ValueError: <b>"
    images = [(*image["class"], image["alt"]) for image in settings.find_all("img")]
    assert images[0] == ("frame-00", "one") and images[3] == ("frame-11", "two")
    assert "p = 3" in settings.text and len(images) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"frames": "text"},
        {"frames": [[3]]},
        {"controls": TURNING["controls"][:1]},
        {"frames": [[FRAME | {"shows": 1}]]},
        {"frames": [[FRAME | {"png": IMAGE + '"'}]]},
        {"frames": [[FRAME] * 11]},
        {"fixed": "1" * LARGEST_FRAMES},
    ],
)
def test_of_odd_frames_only_the_figure_is_shown(change):
    body = html(shown(figure(TURNING | change)))
    (image,) = body.find_all("img")
    assert image["src"].endswith(IMAGE) and not body.find("input")


def test_dropped_frames_leave_the_figure():
    notebook = new_notebook(cells=[new_code_cell("1", outputs=[figure(TURNING)])])
    drop_frames(notebook)
    assert notebook.cells[0].outputs[0].data == {"image/png": IMAGE, "text/plain": "at the start"}


def test_colours_of_printed_text_are_hues():
    trace = ["\x1b[31mError\x1b[39m", "\x1b[38;5;28;01mif\x1b[39;00m \x1b[48;5;28ma<b\x1b[0m"]
    body = shown(new_output("error", ename="Error", evalue="", traceback=trace))
    assert '<span class="ansi-red-fg">Error</span>' in body
    assert 'style="--hue: rgb(0,135,0)">if</span>' in body and "color: rgb" not in body


def test_what_is_wider_than_a_phone_takes_the_focus():
    assert '<pre class="code" tabindex="0">' in shown(source="x" * 40)
    assert '<pre class="code"><code>' in shown(source="x")


def test_code_is_highlighted_in_the_language_of_the_notebook():
    assert '<span class="k">def</span>' in shown(source="def f(): pass")
    language = {"name": "no such language"}
    assert "f &lt;- 1" in shown(source="f <- 1", language_info=language)
