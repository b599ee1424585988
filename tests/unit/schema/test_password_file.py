import os
from pathlib import Path

import pytest

from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.password_file import password_given


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files in memory")
def test_a_password_is_in_a_file_of_memory_and_not_in_the_environment():
    with password_given(Secret("a:b\\c")) as given:
        (file,) = given.pass_fds
        assert given.environment == {"PGPASSFILE": f"/proc/self/fd/{file}"}
        written = Path(given.environment["PGPASSFILE"]).read_bytes()
        assert written == b"*:*:*:*:a\\:b\\\\c\n"
        assert os.fstat(file).st_mode & 0o077 == 0
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)


def test_a_password_that_no_such_file_can_hold_is_given_all_the_same():
    with password_given(Secret("two\nlines")) as given:
        assert given.environment == {"PGPASSWORD": "two\nlines"}
        assert given.pass_fds == ()
