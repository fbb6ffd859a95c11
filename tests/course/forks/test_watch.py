"""What is counted of a task's processes; that limits end them is tested with the sandbox."""

import os
import signal
import time

from sheet11.course.forks import watch

MUCH = {"seconds": 100, "memory": 1 << 40, "processes": 100, "files": 100}


def test_time_of_processes_that_nobody_waits_for_counts():
    ready, tell = os.pipe()
    wait, go = os.pipe()
    begun = watch.begin([])
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
    try:
        for _ in range(3):
            os.read(ready, 1)
        assert [watch.exceeded(MUCH | {"seconds": seconds}, begun, []) for seconds in (0.5, 9)] == ["time", ""]
        os.write(go, b"!!!")
        while watch.descendants(os.getpid()) != [parent]:
            time.sleep(0.01)
        assert watch.exceeded(MUCH | {"seconds": 0.5}, begun, []) == "time"
        assert watch.exceeded(MUCH | {"seconds": 0.5}, watch.begin([]), []) == "", "which only its account tells"
    finally:
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        for descriptor in (ready, tell, wait, go):
            os.close(descriptor)
