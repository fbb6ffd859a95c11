"""The seccomp filter of a sandbox: system calls that the Linux kernel refuses to it.

Three kinds of calls are refused. Those that answers do not need and that escapes from sandboxes have used: keyrings,
io_uring, userfaultfd, BPF, tracing, namespaces, mounts, kernel images and modules, clocks, message queues, leases, and
sockets to the outside. Those that give memory which belongs to no process and so cannot be counted: System V segments,
memory files, shared anonymous maps, pages left in pipes, larger socket buffers, file attributes. And those that would
affect the server, and so the next student: its priority, processors and limits, and flags and attributes of files.
They fail with EPERM, so that a program which handles the error continues. Calls newer than this table fail as on a
kernel that does not have them, because nobody has looked at them here.

The program is classic BPF over `struct seccomp_data`: man 2 seccomp, linux/filter.h, linux/seccomp.h.
"""

import errno
import platform
import struct

from sheet11.course.errors import NotInstalledError

# Linux: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
TABLE = """
call            x86_64 aarch64
add_key            248  217
request_key        249  218
keyctl             250  219
io_uring_setup     425  425
io_uring_enter     426  426
io_uring_register  427  427
userfaultfd        323  282
bpf                321  280
perf_event_open    298  241
fanotify_init      300  262
ptrace             101  117
process_vm_readv   310  270
process_vm_writev  311  271
kcmp               312  272
pidfd_getfd        438  438
process_madvise    440  440
move_pages         279  239
migrate_pages      256  238
unshare            272   97
setns              308  268
chroot             161   51
pivot_root         155   41
mount              165   40
umount2            166   39
open_tree          428  428
move_mount         429  429
fsopen             430  430
fsconfig           431  431
fsmount            432  432
fspick             433  433
mount_setattr      442  442
open_by_handle_at  304  265
quotactl           179   60
acct               163   89
kexec_load         246  104
kexec_file_load    320  294
reboot             169  142
syslog             103  116
init_module        175  105
finit_module       313  273
delete_module      176  106
swapon             167  224
swapoff            168  225
iopl               172    -
ioperm             173    -
modify_ldt         154    -
clock_settime      227  112
clock_adjtime      305  266
settimeofday       164  170
adjtimex           159  171
memfd_create       319  279
memfd_secret       447  447
shmget              29  194
shmctl              31  195
shmat               30  196
shmdt               67  197
semget              64  190
semctl              66  191
semop               65  193
semtimedop         220  192
msgget              68  186
msgctl              71  187
msgrcv              70  188
msgsnd              69  189
mq_open            240  180
mq_unlink          241  181
mq_timedsend       242  182
mq_timedreceive    243  183
mq_notify          244  184
mq_getsetattr      245  185
vmsplice           278   75
io_setup           206    0
setxattr           188    5
lsetxattr          189    6
fsetxattr          190    7
setpriority        141  140
ioprio_set         251   30
sched_setscheduler 144  119
sched_setparam     142  118
sched_setattr      314  274
sched_setaffinity  203  122
clone3             435  435
clone               56  220
fcntl               72   25
ioctl               16   29
mmap                 9  222
prlimit64          302  261
socket              41  198
socketpair          53  199
setsockopt          54  208
"""
# an ioctl is refused for TIOCSTI, TIOCLINUX, FS_IOC_SETFLAGS in both sizes, FS_IOC_FSSETXATTR and FS_IOC_SETVERSION;
# calls that depend on an argument: its number, a mask for its lower 32 bits, and the values allowed or refused
RULES = """
clone       0  0x7E020080  allowed  0              # CLONE_NEWUSER, CLONE_NEWNS and the like: linux/sched.h
socket      0  0xFFFFFFFF  allowed  1              # AF_UNIX, with which torch's data loaders send tensors
socketpair  0  0xFFFFFFFF  allowed  1
setsockopt  2  0xFFFFFFFF  refused  7,32           # SO_SNDBUF, SO_SNDBUFFORCE
fcntl       1  0xFFFFFFFF  refused  1024,1026      # F_SETLEASE, F_NOTIFY
ioctl       1  0xFFFFFFFF  refused  0x5412,0x541C,0x40086602,0x40046602,0x401C5820,0x40087602
mmap        3  0x21        refused  0x21           # MAP_SHARED and MAP_ANONYMOUS
prlimit64   0  0xFFFFFFFF  allowed  0              # the process itself
"""
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # linux/audit.h
NEWER = 463  # setxattrat, of Linux 6.13; above are also the numbers of another table, x32

NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
LOAD, EQUAL, LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06  # BPF_LD | BPF_W | BPF_ABS and so on
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO, with a number

Instruction = tuple[int, int, int, int]  # operation, how many to skip if true and if false, operand
REFUSED = (RETURN, 0, 0, REFUSE | errno.EPERM)
ALLOWED = (RETURN, 0, 0, ALLOW)
# a filter cannot read its flags, which are in memory; told that it is missing, the C library uses clone
NO_SUCH_CALL = (RETURN, 0, 0, REFUSE | errno.ENOSYS)


def call_numbers(machine: str) -> dict[str, int]:
    """Return the numbers of the calls in `TABLE` on a kind of machine."""
    head, *rows = map(str.split, TABLE.strip().splitlines())
    column = head.index(machine)
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def seccomp_filter(machine: str = platform.machine()) -> bytes:
    """Return the filter for a kind of machine, as classic BPF.

    Raises:
        NotInstalledError: there is no filter for it.
    """
    if machine not in ARCHITECTURES:
        known = " and ".join(ARCHITECTURES)
        raise NotInstalledError(f"the sandbox has a filter for {known}, not for {machine!r}")
    program = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, ARCHITECTURES[machine]), REFUSED]
    program += [(LOAD, 0, 0, NUMBER), (LEAST, 0, 1, NEWER), NO_SUCH_CALL]
    ends = {"clone3": [NO_SUCH_CALL]} | dict(map(_rule, RULES.strip().splitlines()))
    for name, number in call_numbers(machine).items():
        end = ends.get(name, [REFUSED])
        program += [(EQUAL, 0, len(end), number), *end]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in [*program, ALLOWED])


def _rule(line: str) -> tuple[str, list[Instruction]]:
    """Return the name of a call, and the instructions that allow or refuse it by its argument."""
    name, argument, bits, verdict, values, *_ = line.split()
    listed, others = (REFUSED, ALLOWED) if verdict == "refused" else (ALLOWED, REFUSED)
    program = [(LOAD, 0, 0, ARGUMENTS + 8 * int(argument)), (AND, 0, 0, int(bits, 0))]
    for value in values.split(","):
        program += [(EQUAL, 0, 1, int(value, 0)), listed]
    return name, [*program, others]
