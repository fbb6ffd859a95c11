"""Seccomp filter: its numbers are those of libseccomp, and it refuses exactly the calls listed."""

import ctypes
import errno
import struct

import pytest

from sheet11.course.errors import NotInstalledError
from sheet11.course.sandbox import seccomp
from sheet11.course.sandbox.seccomp import ALLOW, ARCHITECTURES, REFUSE, REFUSED, seccomp_filter

REFUSED_WITH_EPERM = REFUSE | errno.EPERM


def decide(program, number, architecture, arguments=()):
    """What a filter says of a call, by a literal reading of man 2 seccomp."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    place, accumulator = 0, 0
    while True:
        code, yes, no, operand = struct.unpack_from("=HBBI", program, 8 * place)
        place += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, operand)
        elif code == 0x54:
            accumulator &= operand
        elif code == 0x06:
            return operand
        else:
            true = {
                0x15: accumulator == operand,
                0x45: accumulator & operand,
                0x35: accumulator >= operand,
            }[code]
            place += yes if true else no


@pytest.fixture(params=ARCHITECTURES)
def ask(request):
    """Return the filter's verdict on a call for one architecture, by name or by its numbers on both architectures."""
    column, architecture = ARCHITECTURES[request.param]
    program = seccomp_filter(request.param)

    def ask(call, *arguments, other=False):
        number = call if isinstance(call, int) else call[column]
        return decide(program, number, architecture ^ other, arguments)

    return ask


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_numbers_are_those_of_libseccomp(machine):
    try:
        resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    except OSError:
        pytest.skip("needs libseccomp")
    column, architecture = ARCHITECTURES[machine]
    by_argument = (
        "clone",
        "fcntl",
        "ioctl",
        "mmap",
        "prlimit64",
        "socket",
        "socketpair",
        "setsockopt",
    )
    more = {name: getattr(seccomp, name.upper()) for name in by_argument}
    for name, numbers in (REFUSED | more | {"clone3": (435, 435)}).items():
        known = resolve(ctypes.c_uint32(architecture), name.encode())
        assert (known if known >= 0 else None) == numbers[column], name


def test_what_is_refused(ask):
    for name, numbers in REFUSED.items():
        if None not in numbers:
            assert ask(numbers) == REFUSED_WITH_EPERM, name
    assert ask(435) == REFUSE | errno.ENOSYS


def test_what_answers_need_is_allowed(ask):
    read, getpid, execve, futex = (0, 63), (39, 172), (59, 221), (202, 98)
    assert {ask(call) for call in (read, getpid, execve, futex)} == {ALLOW}


def test_by_argument(ask):
    thread, fork = 0x3D0F00, 0x1200011  # flags that the C library gives
    assert ask(seccomp.CLONE, thread) == ask(seccomp.CLONE, fork) == ALLOW
    for new in (
        0x10000000,
        0x20000,
        0x40000000,
        0x08000000,
        0x04000000,
        0x02000000,
        0x20000000,
        0x80,
    ):
        expected = (
            ALLOW if new == 0x20000 and not seccomp.NEW_NAMESPACES & new else REFUSED_WITH_EPERM
        )
        assert ask(seccomp.CLONE, new | 17) == expected, hex(new)
    for call in (seccomp.SOCKET, seccomp.SOCKETPAIR):
        assert ask(call, 1, 1) == ALLOW
        assert {ask(call, family, 3) for family in (0, *range(2, 47))} == {REFUSED_WITH_EPERM}
    assert ask(seccomp.SETSOCKOPT, 5, 1, 2) == ALLOW, "SO_REUSEADDR"
    assert (
        ask(seccomp.SETSOCKOPT, 5, 1, 7) == ask(seccomp.SETSOCKOPT, 5, 1, 32) == REFUSED_WITH_EPERM
    )
    assert (
        ask(seccomp.PRLIMIT64, 0, 7, 1) == ALLOW
        and ask(seccomp.PRLIMIT64, 1, 7, 1) == REFUSED_WITH_EPERM
    )
    assert ask(seccomp.FCNTL, 3, 2) == ALLOW
    assert ask(seccomp.FCNTL, 3, 1024) == ask(seccomp.FCNTL, 3, 1026) == REFUSED_WITH_EPERM
    assert (
        ask(seccomp.IOCTL, 0, 0x5401) == ALLOW
        and ask(seccomp.IOCTL, 0, 0x5412) == REFUSED_WITH_EPERM
    )
    private, shared_file, shared = 0x22, 0x01, 0x21
    assert ask(seccomp.MMAP, 0, 9, 3, private) == ask(seccomp.MMAP, 0, 9, 3, shared_file) == ALLOW
    assert (
        ask(seccomp.MMAP, 0, 9, 3, shared) == ask(seccomp.MMAP, 0, 9, 3, 0x23) == REFUSED_WITH_EPERM
    )
    assert ask(seccomp.MMAP, 0, 9, 3, shared | 0x4000) == REFUSED_WITH_EPERM, (
        "other flags do not matter"
    )


def test_other_tables_of_numbers_are_refused(ask):
    assert ask(0, other=True) == REFUSED_WITH_EPERM
    assert (
        decide(seccomp_filter("x86_64"), 0x40000000 | 39, ARCHITECTURES["x86_64"][1])
        == REFUSED_WITH_EPERM
    )


def test_other_machines_have_no_filter():
    with pytest.raises(NotInstalledError, match="x86_64 and aarch64, not for 's390x'"):
        seccomp_filter("s390x")
