"""Drives a server with the `fastmcp` client: python_fastmcp.py (URL | COMMAND ARGUMENT...)."""

import asyncio
import sys

from fastmcp import Client
from fastmcp.client.transports import StdioTransport


async def drive(target):
    async with Client(target) as client:
        tools = [tool.name for tool in await client.list_tools()]
        assert "next" in tools and "state" in tools, tools
        step = (await client.call_tool("next", {})).structured_content
        assert step["phase"], step
        await client.call_tool("state", {"add": ["asked by fastmcp"]})
        items = (await client.call_tool("state", {"get": "items"})).structured_content
        assert "asked by fastmcp" in str(items), items
        refused = await client.call_tool("state", {"get": "nonsense"}, raise_on_error=False)
        assert refused.is_error, refused
        print(f"{len(tools)} tools")


target = sys.argv[1:]
if target[0].startswith("http://"):
    target = target[0]
else:
    target = StdioTransport(command=target[0], args=target[1:])
asyncio.run(asyncio.wait_for(drive(target), 60))
