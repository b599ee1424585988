from collections.abc import AsyncGenerator, AsyncIterable

PIECE_BYTES = 1024 * 1024


async def pieces_of(
    content: AsyncIterable[bytes], size: int = PIECE_BYTES
) -> AsyncGenerator[bytes]:
    """Give the same bytes in pieces of one size, but for the last."""
    held = bytearray()
    async for part in content:
        held += part
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
