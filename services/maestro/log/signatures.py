"""Is it signed? The check itself, and the process that does nothing else for a reader of a long log (`helper.py`).

It imports little, since whoever starts it waits for it. Standard input is a socket, its first argument the descriptor
of memory that it shares with whoever asks: `SLOTS` slots of `SLOT` bytes, used in turn. A request is the number of
items in the next slot and their lengths (32-bit, native); an item is 32 bytes of public key, 64 bytes of signature,
and the text. The answer is one byte for each item: 1 where the key signed the text.
"""

from __future__ import annotations

import array
import mmap
import signal
import socket
import sys

import nacl.bindings
import nacl.exceptions

KEY = nacl.bindings.crypto_sign_PUBLICKEYBYTES
NUMBER = array.array("I").itemsize
READY = b"+"
SLOT = 2 * 1024 * 1024
SLOTS = 20


def is_signed(item: bytes) -> bool:
    """True where the key at its beginning signed the rest."""
    return _is_signed(item[:KEY], item[KEY:])


def _is_signed(key: bytes, signed: bytes) -> bool:
    try:
        nacl.bindings.crypto_sign_open(signed, key)
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False
    return True


def main() -> None:
    """Answer requests until the socket is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    turn = 0
    with socket.socket(fileno=0) as link, mmap.mmap(int(sys.argv[1]), SLOT * SLOTS) as shared:
        try:
            link.sendall(READY)
            while True:
                (count,) = _numbers(link, 1)
                link.sendall(_check(shared, turn * SLOT, _numbers(link, count)))
                turn = (turn + 1) % SLOTS
        except OSError:
            return


def _check(shared: mmap.mmap, start: int, sizes: array.array[int]) -> bytes:
    answers = bytearray()
    for size in sizes:
        answers.append(_is_signed(shared[start : start + KEY], shared[start + KEY : start + size]))
        start += size
    return bytes(answers)


def _numbers(link: socket.socket, count: int) -> array.array[int]:
    raw = b""
    while len(raw) < count * NUMBER:
        part = link.recv(count * NUMBER - len(raw))
        if not part:
            raise ConnectionError
        raw += part
    return array.array("I", raw)


if __name__ == "__main__":
    main()
