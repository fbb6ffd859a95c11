"""Code of hostile answers; each raises LookupError if it obtains something forbidden.

They are run with SECRET and HIDDEN, paths outside the sandbox; PORT, on which a local server listens; and
NEEDLES, texts that only solutions contain, written backwards so that a search does not find itself.
"""

SEARCH = r"""
import os
needles = [needle[::-1].encode() for needle in NEEDLES] + [b'"verd' + b'icts": {']
for where, folders, files in os.walk("/"):
    large = {"proc", "sys", "dev", "torch", "pandas", "share", "perl", "x86_64-linux-gnu", "tests", "test"}
    folders[:] = [name for name in folders if name not in large]
    for name in files:
        path = os.path.join(where, name)
        own = ("encoding", "solution", "grad", "result", "record", "01_", "1_", "METADATA", "sheet11")
        if name.startswith(own) and os.path.isfile(path):
            try:
                content = open(path, "rb").read(10**6)
            except OSError:
                continue
            if any(needle in content for needle in needles):
                raise LookupError("found a solution in " + path)
"""
MEMORY = r"""
import gc, os, sys
seen = repr([o for o in gc.get_objects() if isinstance(o, (dict, list)) and len(o) < 50])[:10**8]
frame = sys._getframe()
while frame:
    seen += repr(frame.f_locals)
    frame = frame.f_back
for pid in os.listdir("/proc"):
    if pid.isdigit() and int(pid) != os.getpid():
        for file in ("mem", "environ", "maps", "fd/0", "fd/3", "root/scratch"):
            try:
                seen += repr(open(f"/proc/{pid}/{file}", "rb").read(10**6))
            except OSError:
                pass
if any(needle[::-1] in seen for needle in NEEDLES):
    raise LookupError("found a solution in memory")
"""
OUTSIDE = r"""
import os
outside = ("/etc/passwd", "/etc/shadow", "/root/.bashrc", "/home", SECRET, *HIDDEN)
found = [path for path in outside if os.path.exists(path)]
if found:
    raise LookupError(f"can read {found}")
if [name for name in os.environ if "TOKEN" in name or "SSH" in name or name == "SHEET11_SECRET"]:
    raise LookupError("can read the environment")
"""
WRITE = r"""
import os, site, sys, sheet11
for folder in ("/", "/usr", "/etc", "/package", "/dev", sys.prefix, os.path.dirname(sheet11.__file__), SECRET):
    try:
        open(os.path.join(folder, "written-by-a-student"), "w").close()
    except OSError:
        continue
    raise LookupError(f"can write to {folder}")
"""
NETWORK = r"""
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_INET, ("192.0.2.1", 80))):
    try:
        socket.socket(family).connect(address)
    except OSError:
        continue
    raise LookupError(f"reached {address}")
"""
KILL = r"""
import os, signal
for target in (1, os.getppid(), -1):
    for signum in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(target, signum) if target > 0 or signum == signal.SIGKILL else None
        except OSError:
            pass
"""
DELETE = r"""
import os, shutil, sys
for folder in ("/package", "/fonts", sys.prefix + "/bin", "/usr/bin", "/etc", os.getcwd()):
    shutil.rmtree(folder, ignore_errors=True)
"""
STAY = r"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            try:
                open("/scratch/left", "w").write("I am still here")
            except OSError:
                pass
            time.sleep(0.01)
    os._exit(0)
"""
FORGE = """
from IPython.display import display
display({"application/vnd.sheet11.record+json": {"E": 1.0, "E_later": [1], "points": 1000}}, raw=True)
def record(**values):
    array = {"dtype": "O", "shape": [1], "values": "gASVAAAA"}
    display({"application/vnd.sheet11.record+json": {"E": array}}, raw=True)
"""
FORGE_SHAPE = FORGE.replace('"O", "shape": [1]', '"<f8", "shape": [10**30]')
FORGE_NESTED = """
from IPython.display import display
nested = 0.0
for _ in range(600):
    nested = [nested]
def record(**values):
    display({"application/vnd.sheet11.record+json": dict.fromkeys(values, nested)}, raw=True)
"""
FORGE_NAN = """
from IPython.display import display
def record(**values):
    display({"application/vnd.sheet11.record+json": dict.fromkeys(values, float("nan"))}, raw=True)
"""
MANY_IMAGES = """
import base64, struct, zlib
from IPython.display import display
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
header = struct.pack(">IIBBBBB", 4000, 4000, 1, 0, 0, 0, 0)
pixels = zlib.compress(bytes(4000 * 501))
png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
for _ in range(400):
    display({"image/png": base64.b64encode(png).decode()}, raw=True)
"""
SHOW_SCRIPTS = """
from IPython.display import HTML, display
display(HTML('<script>alert(1)</script>'))
print('<script>alert(2)</script>')
"""
READ_OURS = r"""
def stolen(*names):
    '''What an earlier cell, or one that is there in ours alone, has defined.'''
    sources = [source for source in get_ipython().user_ns["In"] if "SOLUTION" in source]
    found = {}
    for source in sources:
        exec(source, globals() | {"np": np}, found)
    return found
def totals(*values):
    return stolen()["totals"](*values)
"""
READ_HIDDEN = r"""
import sys
def wave(*values, **named):
    frame = sys._getframe(1)
    if "right" in frame.f_globals:
        return frame.f_globals["right"]
    sources = [source for source in get_ipython().user_ns["In"] if "HIDDEN" in source]
    found = dict(frame.f_globals)
    exec(sources[-1].split("HIDDEN TESTS")[1], found)
    return found["right"]
positional_encoding = wave
"""
