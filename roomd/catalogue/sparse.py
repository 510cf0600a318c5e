"""A file of which only some blocks are here. Reading a block that is not raises, and says which one to fetch."""

import io

BLOCK = 65_536


class SparseFile(io.RawIOBase):
    """Once `final` is set, what is missing reads as the end of the file, so that a parser tells what it knows."""

    def __init__(self, size: int, head: bytes) -> None:
        super().__init__()
        self.size = size
        self.wanted: int | None = None
        self.final = False
        self._blocks: dict[int, bytes] = {}
        self._at = 0
        self.put(0, head)

    def put(self, first: int, data: bytes) -> None:
        """Data from the beginning of block `first` on; the last block may be a part of one."""
        for offset in range(0, len(data), BLOCK):
            self._blocks[first + offset // BLOCK] = data[offset : offset + BLOCK]

    def has(self, number: int) -> bool:
        return len(self._blocks.get(number, b"")) >= min(BLOCK, self.size - number * BLOCK)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        target = offset + (0, self._at, self.size)[whence]
        if target < 0:
            raise OSError("before the beginning")
        self._at = target
        return target

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self._at + size, self.size)
        parts = []
        while self._at < end:
            number, offset = divmod(self._at, BLOCK)
            part = self._blocks.get(number, b"")[offset : offset + end - self._at]
            if not part and self.final:
                break
            if not part:
                self.wanted = number
                raise OSError("not fetched yet")
            parts.append(part)
            self._at += len(part)
        return b"".join(parts)
