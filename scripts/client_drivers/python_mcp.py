"""Drives a server with the Python `mcp` client: python_mcp.py MODE (URL | COMMAND ARGUMENT...)."""

import asyncio
import sys

from mcp import Client, StdioServerParameters


def says(result, what):
    """The structured content of a result that is no error."""
    assert not result.is_error, f"{what}: {result.content}"
    return result.structured_content


async def drive(mode, target):
    async with Client(target, mode=mode) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        assert "next" in tools and "state" in tools, tools
        assert says(await client.call_tool("next", {}), "next")["phase"], "no phase"
        item = f"asked by mcp, {mode}"
        says(await client.call_tool("state", {"add": [item]}), "state add")
        items = says(await client.call_tool("state", {"get": "items"}), "state get")
        assert item in str(items), items
        refused = await client.call_tool("state", {"get": "nonsense"})
        assert refused.is_error, refused
        try:
            await client.call_tool("no_such_tool", {})
            raise AssertionError("an unknown tool was called")
        except Exception as error:  # the client's own type for an error answer
            assert "no_such_tool" in str(error), error
        print(f"{client.protocol_version}, {len(tools)} tools")


mode, target = sys.argv[1], sys.argv[2:]
if not target[0].startswith("http://"):
    target = [StdioServerParameters(command=target[0], args=target[1:])]
asyncio.run(asyncio.wait_for(drive(mode, target[0]), 60))
