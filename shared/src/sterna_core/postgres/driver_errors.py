import asyncpg

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""What the driver or a socket raises; `OSError` includes the end of a deadline.

The driver calls it an error of its own where a connection is used on which the server has said
farewell, and which it has not closed yet.
"""
