import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.api.service import Service

_FILES = {
    "/docs": "text/html",
    "/docs/page.css": "text/css",
    "/docs/page.js": "text/javascript",
}


@pytest.mark.parametrize("path", _FILES)
async def test_the_page_needs_no_key_and_nothing_from_elsewhere(service: Service, path: str):
    reply = await service.client(None).get(path)
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith(_FILES[path])
    assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", reply.text)
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_the_page_asks_for_its_own_files_only(service: Service):
    anonymous = service.client(None)
    page = (await anonymous.get("/docs")).text
    asked = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert set(asked) == {"/docs/page.css", "/docs/page.js", "/v1/openapi.json"}
    script = (await anonymous.get("/docs/page.js")).text
    assert 'fetch("/v1/openapi.json"' in script
    assert "innerHTML" not in script


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to read the script")
async def test_the_script_can_be_read(service: Service, tmp_path: Path):
    script = (await service.client(None).get("/docs/page.js")).text
    file = tmp_path / "page.js"
    file.write_text(script)
    command = ["node", "--check", str(file)]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=30)
