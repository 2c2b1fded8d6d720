"""Drives a server with the `fastmcp` client: python_fastmcp.py (URL | COMMAND ARGUMENT...)."""

import asyncio
import sys

import mcp_types as types
from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport


async def tools(client):
    names = [tool.name for tool in await client.list_tools()]
    assert "next" in names and "state" in names, names
    step = (await client.call_tool("next", {})).structured_content
    assert step["phase"], step
    await client.call_tool("state", {"add": ["asked by fastmcp"]})
    items = (await client.call_tool("state", {"get": "items"})).structured_content
    assert "asked by fastmcp" in str(items), items
    refused = await client.call_tool("state", {"get": "nonsense"}, raise_on_error=False)
    assert refused.is_error, refused
    return len(names)


async def prompts_and_completion(client):
    prompts = [prompt.name for prompt in await client.list_prompts()]
    assert "resume" in prompts and "blueprint" in prompts, prompts
    prompt = await client.get_prompt("blueprint")
    assert "**## Plan**" in prompt.messages[0].content.text, prompt
    reference = types.ResourceTemplateReference(type="ref/resource", uri="rulemark://phases/{phase}")
    found = (await client.complete(reference, {"name": "phase", "value": "bl"})).values
    assert found == ["BLUEPRINT"], found


async def the_person_decides(client, asked, answers):
    await client.call_tool("state", {"plan": "- [ ] Print it", "set": {"Phase": "BLUEPRINT"}})
    await client.call_tool("state", {"set": {"Status": "NEEDS_PLAN_APPROVAL"}})
    jump = {"set": {"Phase": "CONSTRUCT", "Status": "RUNNING"}}
    assert (await client.call_tool("state", jump, raise_on_error=False)).is_error
    assert asked == [], asked
    answers.append(ElicitResult(action="decline"))
    declined = (await client.call_tool("next", {})).structured_content
    assert (declined["phase"], declined["turn"]) == ("BLUEPRINT", "person"), declined
    answers.append(ElicitResult(action="accept", content={"approve": True}))
    accepted = (await client.call_tool("next", {})).structured_content
    assert accepted["phase"] == "CONSTRUCT", accepted
    assert len(asked) == 2 and "Print it" in asked[0], asked


async def drive(target):
    asked, answers = [], []

    async def person(message, response_type, params, context):
        asked.append(message)
        return answers.pop()

    async with Client(target, elicitation_handler=person) as client:
        count = await tools(client)
        await prompts_and_completion(client)
        await the_person_decides(client, asked, answers)
        print(f"{count} tools, prompts, completion, forms")


target = sys.argv[1:]
if target[0].startswith("http://"):
    target = target[0]
else:
    target = StdioTransport(command=target[0], args=target[1:])
asyncio.run(asyncio.wait_for(drive(target), 60))
