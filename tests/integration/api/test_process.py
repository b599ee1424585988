from tests.support.api.process import ApiProcesses


async def test_a_process_answers_and_ends_cleanly_when_asked(installation: ApiProcesses):
    server = await installation.start()
    client = server.client()
    connection_id = await client.connection()
    shown = await client.until(
        f"/v1/connections/{connection_id}", lambda body: body["status"] == "failed"
    )
    assert shown["reason"] == "Nothing listens at this host and port."
    assert await server.stop() == 0
    log = server.log.read_text()
    assert "api.stopped" in log
    assert "Traceback" not in log
