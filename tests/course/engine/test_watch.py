"""Resource counts of a task's processes; the tests of the sandbox cover the limits."""

import subprocess
import sys

FORGOTTEN = """
import os, signal, time
from sheet11.course.engine import watch

def begin(seconds):
    return watch.watch({"seconds": seconds, "memory": 1 << 40, "processes": 99, "files": 99}, [])

(ready, tell), (wait, go) = os.pipe(), os.pipe()
short, long = begin(0.5), begin(9)
parent = os.fork()
if parent == 0:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets its children as they end
    if all(os.fork() for _ in range(3)):
        time.sleep(60)
    while time.process_time() < 0.2:
        pass
    os.write(tell, b"!")
    os.read(wait, 1)
    os._exit(0)
for _ in range(3):
    os.read(ready, 1)
print([short(), long()])
os.write(go, b"!!!")
while watch.descendants(parent):
    time.sleep(0.01)
print([short(), begin(0.5)()])
os.kill(parent, signal.SIGKILL)
"""


def test_time_of_processes_that_nobody_waits_for_counts():
    ran = subprocess.run(
        [sys.executable, "-c", FORGOTTEN], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout.splitlines() == ["['time', '']", "['time', '']"], ran.stderr
