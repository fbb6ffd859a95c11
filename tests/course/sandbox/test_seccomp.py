"""Seccomp filter: its numbers are those of libseccomp, and it refuses exactly the calls listed."""

import ctypes
import errno
import struct

import pytest

from sheet11.course.errors import NotInstalledError
from sheet11.course.sandbox.seccomp import (
    ALLOW,
    ARCHITECTURES,
    REFUSE,
    call_numbers,
    seccomp_filter,
)

REFUSED = REFUSE | errno.EPERM
NAMESPACES = (0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x20000, 0x80)


def decide(program, number, architecture, arguments=()):
    """Decide about a call by a literal reading of man 2 seccomp."""
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
            truth = {0x15: accumulator == operand, 0x45: accumulator & operand}
            place += yes if truth.get(code, accumulator >= operand) else no


@pytest.fixture(params=ARCHITECTURES)
def machine(request):
    return request.param


@pytest.fixture
def ask(machine):
    program = seccomp_filter(machine)
    return lambda number, *arguments: decide(program, number, ARCHITECTURES[machine], arguments)


def test_numbers_are_those_of_libseccomp(machine):
    try:
        resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    except OSError:
        pytest.skip("needs libseccomp")
    numbers = call_numbers(machine)
    for name in call_numbers("x86_64"):
        known = resolve(ctypes.c_uint32(ARCHITECTURES[machine]), name.encode())
        assert known == numbers[name] if name in numbers else known < 0, name


def test_all_named_calls_are_refused_and_no_others(machine, ask):
    numbers = call_numbers(machine)
    refused = {number for number in range(463) if ask(number) != ALLOW}
    newer = {*range(463, 1000), 0x40000000 | 39}  # setxattrat; getpid of x32
    assert set(map(ask, newer)) == {REFUSE | errno.ENOSYS}
    allowed = {"clone", "setsockopt", "fcntl", "ioctl", "mmap", "prlimit64"}  # for argument 0
    assert refused == {number for name, number in numbers.items() if name not in allowed}
    assert ask(numbers["clone3"]) == REFUSE | errno.ENOSYS
    assert ask(numbers["ptrace"]) == ask(numbers["io_uring_setup"]) == REFUSED


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("clone", (0x3D0F00,), [(new | 17,) for new in NAMESPACES]),  # as the C library's threads
        ("clone", (0x1200011,), [(0x10000000,)]),  # as its forks
        ("socket", (1, 1), [(family, 3) for family in (0, *range(2, 47))]),
        ("socketpair", (1, 1), [(2, 1)]),
        ("setsockopt", (5, 1, 2), [(5, 1, 7), (5, 1, 32)]),
        ("prlimit64", (0, 7, 1), [(1, 7, 1)]),
        ("fcntl", (3, 2), [(3, 1024), (3, 1026)]),
        ("ioctl", (0, 0x5401), [(0, 0x5412), (0, 0x541C), (0, 0x40086602), (0, 0x401C5820)]),
        ("mmap", (0, 9, 3, 0x01), [(0, 9, 3, 0x21), (0, 9, 3, 0x4023)]),  # a file's, shared
        ("mmap", (0, 9, 3, 0x22), [(0, 9, 3, 0x23)]),  # anonymous, private
    ],
)
def test_by_argument(machine, ask, name, allowed, refused):
    number = call_numbers(machine)[name]
    assert ask(number, *allowed) == ALLOW
    assert {ask(number, *arguments) for arguments in refused} == {REFUSED}


def test_other_tables_of_numbers_are_refused(machine, ask):
    read = {"x86_64": 0, "aarch64": 63}[machine]
    assert ask(read) == ALLOW
    assert decide(seccomp_filter(machine), read, ARCHITECTURES[machine] ^ 1) == REFUSED


def test_other_machines_have_no_filter():
    with pytest.raises(NotInstalledError, match="x86_64 and aarch64, not for 's390x'"):
        seccomp_filter("s390x")
