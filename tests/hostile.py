"""Notebook that tries to run scripts in the browser of anyone who opens its page, or to make it contact a host.

Every script would set `pwned`; every request would go to a host that does not exist.
"""

import base64

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from sheet11.lab.frames import MIME_TYPE as FRAMES

RUN = "window.pwned = true"
HTML = f"""
<script>{RUN}</script><script src="https://example.invalid/a.js"></script>
<img src="x" onerror="{RUN}"><img src="https://example.invalid/a.png"><img srcset="https://example.invalid/b.png 2x">
<a href="javascript:{RUN}">link</a> <a href=" java&#115;cript:{RUN}">link</a>
<a href="data:text/html,<script>{RUN}</script>">link</a>
<iframe src="https://example.invalid"></iframe><iframe srcdoc="<script>parent.pwned = true</script>"></iframe>
<object data="https://example.invalid/a.swf"></object><embed src="https://example.invalid/a.svg">
<svg onload="{RUN}"><script>{RUN}</script><image href="https://example.invalid/c.png"/></svg>
<style>@import "https://example.invalid/a.css"; main {{ display: none }}</style>
<link rel="stylesheet" href="https://example.invalid/b.css">
<meta http-equiv="refresh" content="0;url=https://example.invalid">
<base href="https://example.invalid">
<form action="https://example.invalid"><button autofocus onfocus="{RUN}">go</button></form>
<div style="position: fixed; inset: 0; background: url(https://example.invalid/d.png)">over everything</div>
<details open ontoggle="{RUN}"><summary>more</summary>text</details>
<video src="https://example.invalid/e.mp4" autoplay></video>
<math><mtext><table><mglyph><style><img src=x onerror="{RUN}"></style></mglyph></table></mtext></math>
<math href="javascript:{RUN}"><mi xlink:href="javascript:{RUN}">x</mi></math>
"""
MARKDOWN = f"""# <img src=x onerror="{RUN}"> A title <script>{RUN}</script>

[link](javascript:{RUN}) ![image](https://example.invalid/f.png) ![](attachment:missing.png) <javascript:{RUN}>

<div title="

$$ \\text{{" onmouseover="{RUN}" x="<img src=x onerror={RUN}>}} $$

">

$\\text{{</math><img src=x onerror="{RUN}">}}$ $\\href{{javascript:{RUN}}}{{x}}$ $\\frac{{a$ $$ {"{" * 20_000} $$

| $\\text{{"><script>{RUN}</script>}}$ | b |
|---|---|
| ``` | <script>{RUN}</script> |

```mermaid
graph TD; A["<img src=x onerror='{RUN}'>"]
```

```"><script>{RUN}</script>
code
```
"""
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="{RUN}"><script>{RUN}</script></svg>'
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def hostile_notebook() -> NotebookNode:
    """The notebook, as if it had been executed."""
    png = base64.b64encode(PNG).decode()
    handler = f'" onerror="{RUN}" onload="{RUN}'
    control = {"name": HTML, "settings": [HTML], "start": 0}
    turning = {"controls": [control, control], "fixed": HTML}
    frames = [[{"shows": HTML}, {"shows": handler, "png": png}]]
    no_image = [[{"shows": "c", "png": png + handler}]]
    shown = [
        {"text/html": HTML},
        {"text/html": f"<script>{RUN}</script>", "text/plain": "shown instead of a script"},
        {"application/javascript": RUN, "text/plain": "shown instead of JavaScript"},
        {"application/javascript": RUN},
        {"image/svg+xml": SVG},
        {"text/markdown": MARKDOWN},
        {"text/latex": f"$\\text{{<script>{RUN}</script>}}$"},
        {"text/vnd.mermaid": HTML},
        {"application/vnd.jupyter.widget-view+json": {"model_id": HTML}, "text/plain": HTML},
        {"image/png": handler, "text/plain": "no image"},
        {"image/png": png, FRAMES: turning | {"frames": frames}},
        {"image/png": png, FRAMES: turning | {"frames": no_image}},
        {"image/png": png, FRAMES: {"frames": HTML}},
        {"image/png": png, "text/plain": handler},
    ]
    outputs = [new_output("display_data", data) for data in shown]
    outputs += [
        new_output("stream", name="stdout", text=f"\x1b[31m{HTML}\x1b[0m"),
        new_output("stream", name="stderr", text=HTML),
        new_output("error", ename=HTML, evalue=HTML, traceback=[HTML, f"\x1b[38;5;28m{HTML}"]),
    ]
    cells = [
        new_markdown_cell(MARKDOWN),
        new_markdown_cell(HTML),
        new_raw_cell(HTML, metadata={"raw_mimetype": "text/html"}),
        new_code_cell(HTML, outputs=outputs, metadata={"tags": [f"<script>{RUN}</script>"]}),
    ]
    language = {"name": HTML, "pygments_lexer": f'"><script>{RUN}</script>'}
    return new_notebook(cells=cells, metadata={"language_info": language, "title": HTML})
