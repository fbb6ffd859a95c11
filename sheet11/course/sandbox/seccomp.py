"""The system calls that are refused in a sandbox, as a filter for the kernel that bubblewrap installs.

Refused is what an answer to a sheet does not need and what ways out of sandboxes have begun with: keyrings, io_uring,
userfaultfd, BPF, tracing, namespaces, mounts, kernel images and modules, setting clocks, queues, leases, sockets but
for those within the sandbox; memory that belongs to no process, which nobody could count: System V segments, memory
files, shared anonymous maps, pages left in pipes, larger buffers of sockets, attributes of files; and what would stay
with the server, and so with the next student: its priority, its processors, its limits. They fail with EPERM, so that
what tries politely goes on without.

The program is classic BPF over `struct seccomp_data`: man 2 seccomp, linux/filter.h, linux/seccomp.h. Numbers are those
of arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h in Linux.
"""

import errno
import platform
import struct

from sheet11.course.errors import NotInstalledError

# name: number on x86-64 and on aarch64; None where there is no such call
REFUSED: dict[str, tuple[int | None, int | None]] = {
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427)},
    **{
        "userfaultfd": (323, 282),
        "bpf": (321, 280),
        "perf_event_open": (298, 241),
        "fanotify_init": (300, 262),
    },
    **{
        "ptrace": (101, 117),
        "process_vm_readv": (310, 270),
        "process_vm_writev": (311, 271),
        "kcmp": (312, 272),
    },
    **{
        "pidfd_getfd": (438, 438),
        "process_madvise": (440, 440),
        "move_pages": (279, 239),
        "migrate_pages": (256, 238),
    },
    **{"unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41)},
    **{"mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429)},
    **{"fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433)},
    **{
        "mount_setattr": (442, 442),
        "open_by_handle_at": (304, 265),
        "quotactl": (179, 60),
        "acct": (163, 89),
    },
    **{
        "kexec_load": (246, 104),
        "kexec_file_load": (320, 294),
        "reboot": (169, 142),
        "syslog": (103, 116),
    },
    **{"init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106)},
    **{"swapon": (167, 224), "swapoff": (168, 225), "iopl": (172, None), "ioperm": (173, None)},
    **{"modify_ldt": (154, None), "clock_settime": (227, 112), "clock_adjtime": (305, 266)},
    **{
        "settimeofday": (164, 170),
        "adjtimex": (159, 171),
        "memfd_create": (319, 279),
        "memfd_secret": (447, 447),
    },
    **{"shmget": (29, 194), "shmctl": (31, 195), "shmat": (30, 196), "shmdt": (67, 197)},
    **{"semget": (64, 190), "semctl": (66, 191), "semop": (65, 193), "semtimedop": (220, 192)},
    **{"msgget": (68, 186), "msgctl": (71, 187), "msgrcv": (70, 188), "msgsnd": (69, 189)},
    **{
        "mq_open": (240, 180),
        "mq_unlink": (241, 181),
        "mq_timedsend": (242, 182),
        "mq_timedreceive": (243, 183),
    },
    **{"mq_notify": (244, 184), "mq_getsetattr": (245, 185)},
    **{
        "vmsplice": (278, 75),
        "io_setup": (206, 0),
        "setxattr": (188, 5),
        "lsetxattr": (189, 6),
        "fsetxattr": (190, 7),
    },
    **{"setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setscheduler": (144, 119)},
    **{"sched_setparam": (142, 118), "sched_setattr": (314, 274), "sched_setaffinity": (203, 122)},
}
ARCHITECTURES = {
    "x86_64": (0, 0xC000003E),
    "aarch64": (1, 0xC00000B7),
}  # column above, and linux/audit.h
CLONE3 = 435
CLONE, FCNTL, IOCTL, MMAP, PRLIMIT64 = (56, 220), (72, 25), (16, 29), (9, 222), (302, 261)
SOCKET, SOCKETPAIR, SETSOCKOPT = (41, 198), (53, 199), (54, 208)
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWUSER, NEWNS and the like, linux/sched.h
AF_UNIX, F_SETLEASE, F_NOTIFY, TIOCSTI, TIOCLINUX = 1, 1024, 1026, 0x5412, 0x541C
SO_SNDBUF, SO_SNDBUFFORCE = 7, 32
SHARED_ANONYMOUS = 0x21  # MAP_SHARED and MAP_ANONYMOUS
X32 = 0x40000000  # bit of a number that another table is meant by

NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # where struct seccomp_data has them
LOAD, EQUAL, ANY, LEAST, AND, RETURN = (
    0x20,
    0x15,
    0x45,
    0x35,
    0x54,
    0x06,
)  # BPF_LD | BPF_W | BPF_ABS and so on
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # to be joined with an error number

Instruction = tuple[int, int, int, int]  # what, how many to skip if true and if false, operand


def seccomp_filter(machine: str = platform.machine()) -> bytes:
    """The filter for a kind of machine.

    Raises:
        NotInstalledError: nobody has written one for this kind.
    """
    if machine not in ARCHITECTURES:
        raise NotInstalledError(
            f"the sandbox has a filter for {' and '.join(ARCHITECTURES)}, not for {machine!r}"
        )
    column, architecture = ARCHITECTURES[machine]
    program: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        _refused(),
    ]
    program += (
        [(LOAD, 0, 0, NUMBER), (LEAST, 0, 1, X32), _refused()]
        if column == 0
        else [(LOAD, 0, 0, NUMBER)]
    )
    for numbers in REFUSED.values():
        if (number := numbers[column]) is not None:
            program += [(EQUAL, 0, 1, number), _refused()]
    program += [
        (EQUAL, 0, 1, CLONE3),
        _refused(errno.ENOSYS),
    ]  # its flags lie in memory; the C library takes clone
    program += _where(CLONE[column], 0, [(ANY, 0, 1, NEW_NAMESPACES), _refused()])
    for call in (
        SOCKET,
        SOCKETPAIR,
    ):  # one family, by which torch's loaders of data hand tensors over
        program += _where(call[column], 0, [(EQUAL, 1, 0, AF_UNIX), _refused()])
    larger = [(EQUAL, 1, 0, SO_SNDBUF), (EQUAL, 0, 1, SO_SNDBUFFORCE), _refused()]
    program += _where(SETSOCKOPT[column], 2, larger)
    program += _where(
        FCNTL[column], 1, [(EQUAL, 1, 0, F_SETLEASE), (EQUAL, 0, 1, F_NOTIFY), _refused()]
    )
    program += _where(
        IOCTL[column], 1, [(EQUAL, 1, 0, TIOCSTI), (EQUAL, 0, 1, TIOCLINUX), _refused()]
    )
    shared = [(AND, 0, 0, SHARED_ANONYMOUS), (EQUAL, 0, 1, SHARED_ANONYMOUS), _refused()]
    program += _where(MMAP[column], 3, shared)
    program += _where(PRLIMIT64[column], 0, [(EQUAL, 1, 0, 0), _refused()])  # of other processes
    program += [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _refused(error: int = errno.EPERM) -> Instruction:
    return RETURN, 0, 0, REFUSE | error


def _where(number: int, argument: int, rules: list[Instruction]) -> list[Instruction]:
    """Rules for the lower half of an argument of one call, which is allowed if none of them refuses it."""
    block = [(LOAD, 0, 0, ARGUMENTS + 8 * argument), *rules, (RETURN, 0, 0, ALLOW)]
    return [(EQUAL, 0, len(block), number), *block]
