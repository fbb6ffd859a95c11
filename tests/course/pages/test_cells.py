"""Cells as HTML: mathematics, figures, and nothing that runs."""

import base64
import re

import nbformat
import pytest
from bs4 import BeautifulSoup  # comes with nbconvert
from hostile import HTML, PNG
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sheet11.course.pages.cells import (
    LARGEST_FRAMES,
    LONGEST_FORMULA,
    MOST_FRAMES,
    NO_DESCRIPTION,
    alternative_text,
    cells_html,
    clean,
    drop_frames,
    formula,
)
from sheet11.course.sheet import find_sheet
from sheet11.lab.frames import MIME_TYPE as FRAMES

IMAGE = base64.b64encode(PNG).decode()


def shown(*outputs, source="1", **metadata):
    notebook = new_notebook(cells=[new_code_cell(source, outputs=list(outputs))], metadata=metadata)
    return cells_html(notebook)


def text_of(source, **cell):
    return cells_html(new_notebook(cells=[new_markdown_cell(source, **cell)]))


@pytest.mark.parametrize("path", find_sheet().notebooks.values(), ids=lambda path: path.stem)
def test_every_formula_of_the_kit_becomes_mathml(path):
    notebook = nbformat.read(path, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    formulas = re.findall(r"\$\$.+?\$\$|\$.+?\$", text, re.DOTALL)
    body = BeautifulSoup(cells_html(notebook), "html.parser")
    assert formulas and len(body.find_all("math")) >= len(formulas)
    for code in body.find_all("pre"):
        code.decompose()
    assert not re.search(r"\$|\\[a-z]+\{", body.text)


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"x \le y", "≤"),
        (r"\mathbb R", "ℝ"),
        (r"\operatorname{tr} A", "<mi>tr</mi>"),
        (r"\begin{pmatrix}a\\b\end{pmatrix}", "<mtable"),
        (r"\tilde A", "<mover"),
    ],
)
def test_formula(latex, expected):
    assert expected in formula(latex, display=False)


@pytest.mark.parametrize(
    "latex", [r"\frac{a", r"\nosuchcommand", "<b>", "{" * 10**6, "x" * (LONGEST_FORMULA + 1)]
)
def test_a_formula_that_cannot_be_converted_is_shown_as_it_stands(latex):
    text = formula(latex, display=True)
    assert latex == "<b>" or text == f"<code>{latex}</code>"
    assert "<b>" not in text


def test_a_long_formula_can_be_broken_behind_its_relations():
    latex = r"\mathrm{first}(a) = \mathrm{second}(b) \le \frac{x = y}{z} < \mathrm{third}(c)"
    pieces = BeautifulSoup(formula(latex, display=False), "html.parser").find_all("math")
    ends = [piece.contents[-1] for piece in pieces]
    assert [end.text for end in ends[:-1]] == ["=", "≤", "<"], "not within the fraction"
    assert {end["form"] for end in ends[:-1]} == {"infix"} and pieces[2].mfrac


def test_mathematics_survives_cleaning():
    text = formula(
        r"\exp\Big(-\frac{2k}{\text{a}}\Big) \sum_{i \in N}^n \sqrt{x} \le \tilde A", display=True
    )
    assert clean(text).replace("></mspace>", "/>") == text.replace("&ApplyFunction;", "\u2061")
    assert 'style="margin-left:-0.1' in clean(formula(r"a\!b", display=False))


def test_full_stop_stays_with_its_formula():
    assert '<span class="together">(<math><mi>a</mi></math>).</span>' in text_of(
        "one ($a$). $b$ two"
    )


def test_scripts_and_requests_are_taken_out(hostile):
    body = BeautifulSoup(cells_html(hostile), "html.parser")
    assert not body.find_all("script iframe object embed svg style link meta base".split())
    for tag in body.find_all():
        assert not [name for name in tag.attrs if name.startswith(("on", "srcset"))]
        assert "position" not in tag.get("style", "")
    assert all(tag["href"].startswith("https://") for tag in body.find_all(href=True))
    assert all(tag["src"].startswith("data:image/") for tag in body.find_all(src=True))
    for instead in ("shown instead of a script", "shown instead of JavaScript", "no image"):
        assert instead in body.text
    assert clean(HTML).count("<a ") == 3 and "href" not in clean(HTML)


def test_plain_html_stays():
    table = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    assert table in shown(
        new_output("execute_result", {"text/html": f"<div>{table}</div>", "text/plain": "x"})
    )
    assert "<b>bold</b><br>" in text_of("<b>bold</b><br>")
    assert '<a href="https://example.org/?a=1" rel="noopener noreferrer">' in text_of(
        "[b](https://example.org/?a=1)"
    )
    assert "<blockquote>" in text_of("> said") and "<del>" in text_of("~~no~~")


def test_hints_stay_behind_their_summary():
    hidden = (
        "<details open onclick='x'><summary>Hint 1</summary>\n\nSee $x$:\n\n- `a`\n\n</details>"
    )
    body = BeautifulSoup(text_of(f"### Task\n\n{hidden}\n\nafter"), "html.parser")
    (hint,) = body.find_all("details")
    assert hint.summary.text == "Hint 1" and hint.attrs == {}, (
        "closed, and reached by the keyboard as it is"
    )
    assert hint.find("math") and hint.find("li").code.text == "a" and "after" not in hint.text


@pytest.mark.parametrize("grade", [True, False])
@pytest.mark.parametrize("solution", [True, False])
def test_only_checks_are_folded(grade, solution):
    cell = new_code_cell("assert x == 1", outputs=[new_output("stream", text="printed")])
    cell.metadata["nbgrader"] = {"grade": grade, "solution": solution}
    body = BeautifulSoup(cells_html(new_notebook(cells=[cell])), "html.parser")
    assert "assert" in body.text and "printed" in body.text
    assert bool(body.details) == (grade and not solution)


def test_a_check_that_failed_is_open():
    cell = new_code_cell("1 / 0", outputs=[new_output("error", ename="Error", evalue="")])
    cell.metadata["nbgrader"] = {"grade": True, "solution": False}
    body = BeautifulSoup(cells_html(new_notebook(cells=[cell])), "html.parser")
    assert body.details.has_attr("open") and "Error" in body.details.text


def test_the_best_of_what_an_output_offers_is_shown():
    widget = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
        "text/plain": "Widget()",
    }
    assert "Widget()" in shown(new_output("display_data", widget))
    body = shown(new_output("display_data", widget | {"image/png": IMAGE}))
    assert f"data:image/png;base64,{IMAGE}" in body and "<script" not in body
    assert "<pre" not in shown(
        new_output("display_data", {"application/javascript": "1"}), source=""
    )
    assert "<math>" in shown(new_output("display_data", {"text/latex": "$x$", "text/plain": "x"}))
    assert 'src="data:image/svg+xml;base64,' in shown(
        new_output("display_data", {"image/svg+xml": "<svg/>"})
    )


@pytest.mark.parametrize(
    "output, expected",
    [
        ({"metadata": {"image/png": {"alt": "a\nb"}}, "data": {"text/plain": "c"}}, "a b"),
        ({"metadata": {"image/png": {"alt": " "}}, "data": {"text/plain": "c"}}, "c"),
        ({"data": {"text/plain": "<Figure size 640x480 with 1 Axes>"}}, NO_DESCRIPTION),
        ({"metadata": {"image/png": {"alt": 1}}, "data": {"text/plain": 2}}, NO_DESCRIPTION),
        ({"metadata": {"image/png": 1}, "data": {}}, NO_DESCRIPTION),
    ],
)
def test_alternative_text(output, expected):
    assert alternative_text(output) == expected


def test_every_image_has_an_alternative_text():
    png = {"image/png": IMAGE}
    body = shown(
        new_output("display_data", png, metadata={"image/png": {"alt": 'a "b"'}}),
        new_output("display_data", png),
    )
    assert 'alt="a &#34;b&#34;"' in body and f'alt="{NO_DESCRIPTION}"' in body
    assert 'alt="Image a.png"' in text_of("![](attachment:a.png)", attachments={"a.png": png})
    assert f'<img alt="{NO_DESCRIPTION}" src=' in text_of(
        f'<img src="data:image/png;base64,{IMAGE}" alt="">'
    )
    assert "<img" not in text_of("![](attachment:a.png)", attachments={"a.png": {}})
    assert '<a href="b.png" rel="noopener noreferrer">a</a>' in text_of("![a](b.png)")


FRAME = {"setting": "1", "shows": "one", "png": IMAGE}
TURNING = [
    {"control": "n", "frames": [FRAME, {"setting": "2"}]},
    {"control": "<mode>", "frames": [{"setting": "a"}, FRAME | {"setting": "b", "shows": "two"}]},
]


def figure(frames):
    return new_output(
        "display_data", {"image/png": IMAGE, "text/plain": "at the start", FRAMES: frames}
    )


def test_frames_are_chosen_by_radio_buttons():
    body = BeautifulSoup(shown(figure(TURNING), figure(TURNING[:1])), "html.parser")
    settings, other = body.find_all(class_="settings")
    assert [legend.text for legend in settings.find_all("legend")] == ["n", "<mode>"]
    assert [label.text.strip() for label in settings.find_all("label")] == ["1", "2", "a", "b"]
    assert "n = 2, <mode> = a." in settings.p.text
    buttons, images = settings.find_all("input", type="radio"), settings.find_all("img")
    assert [button.has_attr("checked") for button in buttons] == [False, True, False, False]
    assert {button["name"] for button in buttons}.isdisjoint({other.input["name"]}), "two figures"
    assert [image["alt"] for image in images] == ["at the start", "one", "two"]
    assert [image["class"] for image in images] == [buttons[i]["class"] for i in (1, 0, 3)]
    assert buttons[1]["class"] == buttons[2]["class"] == ["start"]
    assert buttons[0]["class"] != buttons[3]["class"]


@pytest.mark.parametrize(
    "frames",
    [
        None,
        "text",
        [3],
        [{"control": "n"}],
        [{"control": 3, "frames": []}],
        [{"control": "n", "frames": [{}]}],
        [{"control": "n", "frames": [FRAME | {"shows": 1}]}],
        [{"control": "n", "frames": [FRAME | {"png": 3}]}],
        [{"control": "n", "frames": [FRAME | {"png": IMAGE + '"'}]}],
        [{"control": "n", "frames": [{"setting": "1"}] * (MOST_FRAMES + 1)}],
        [{"control": "n", "frames": [FRAME | {"png": IMAGE.rstrip("=") + "A" * LARGEST_FRAMES}]}],
    ],
)
def test_of_odd_frames_only_the_figure_is_shown(frames):
    body = BeautifulSoup(shown(figure(frames)), "html.parser")
    (image,) = body.find_all("img")
    assert image["src"].endswith(IMAGE) and not body.find("input")


def test_dropped_frames_leave_the_figure():
    notebook = new_notebook(cells=[new_code_cell("1", outputs=[figure(TURNING)])])
    drop_frames(notebook)
    assert notebook.cells[0].outputs[0].data == {"image/png": IMAGE, "text/plain": "at the start"}


def test_colours_of_printed_text_are_hues():
    trace = [
        "\x1b[31mError\x1b[39m",
        "\x1b[38;5;28;01mif\x1b[39;00m \x1b[48;5;28m\x1b[38;2;1;2;3ma<b\x1b[0m",
    ]
    body = shown(new_output("error", ename="Error", evalue="", traceback=trace))
    assert '<span class="ansi-red-fg">Error</span>' in body
    assert (
        'style="--hue: rgb(0,135,0)">if</span>' in body
        and 'style="--hue: rgb(1,2,3)">a&lt;b</span>' in body
    )
    assert "color: rgb" not in body and "<strong>Failed:</strong> Error" in body


def test_what_is_wider_than_a_phone_takes_the_focus():
    assert '<pre class="code" tabindex="0">' in shown(source="x" * 40)
    assert '<pre class="code"><code>' in shown(source="x")
    assert '<pre tabindex="0">' in shown(new_output("stream", text="short\n" + "x" * 40))
    assert '<div class="scroll" tabindex="0"><table>' in text_of("| a |\n|---|\n| b |")


def test_code_is_highlighted_in_the_language_of_the_notebook():
    assert '<span class="k">def</span>' in shown(source="def f(): pass")
    assert '<span class="kr">function</span>' in shown(
        source="f <- function(x) x", language_info={"name": "r"}
    )
    assert "f &lt;- 1" in shown(source="f <- 1", language_info={"name": "no such language"})
