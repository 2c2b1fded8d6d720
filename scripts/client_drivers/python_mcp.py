"""Drives a server with the Python `mcp` client: python_mcp.py MODE (URL | COMMAND ARGUMENT...)."""

import asyncio
import sys

import mcp_types as types
from mcp import Client, StdioServerParameters

LOG = "rulemark://log"


def says(result, what):
    """The structured content of a result that is no error."""
    assert not result.is_error, f"{what}: {result.content}"
    return result.structured_content


class Person:
    """Answers forms, and remembers what they said. The model has no part in it."""

    def __init__(self):
        self.asked = []
        self.answer = types.ElicitResult(action="decline")

    async def __call__(self, context, params):
        self.asked.append(params.message)
        return self.answer


async def tools(client, name):
    names = [tool.name for tool in (await client.list_tools()).tools]
    assert "next" in names and "state" in names, names
    assert says(await client.call_tool("next", {}), "next")["phase"], "no phase"
    says(await client.call_tool("state", {"add": [name]}), "state add")
    items = says(await client.call_tool("state", {"get": "items"}), "state get")
    assert name in str(items), items
    refused = await client.call_tool("state", {"get": "nonsense"})
    assert refused.is_error, refused
    try:
        await client.call_tool("no_such_tool", {})
        raise AssertionError("an unknown tool was called")
    except Exception as error:  # the client's own type for an error answer
        assert "no_such_tool" in str(error), error
    return len(names)


async def prompts_and_completion(client):
    prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
    assert "resume" in prompts and "blueprint" in prompts, prompts
    prompt = await client.get_prompt("blueprint")
    assert "**## Plan**" in prompt.messages[0].content.text, prompt
    reference = types.ResourceTemplateReference(type="ref/resource", uri="rulemark://phases/{phase}")
    found = (await client.complete(reference, {"name": "phase", "value": "bl"})).completion.values
    assert found == ["BLUEPRINT"], found


async def changes(client, updated):
    """A change is told in the way of the client's era."""
    if client.protocol_version >= "2026-07-28":
        async with client.listen(resource_subscriptions=[LOG]) as subscription:
            says(await client.call_tool("state", {"log": "listened to"}), "state log")
            event = await anext(aiter(subscription))
            assert event.uri == LOG, event
        told = "listen"
    else:
        await client.subscribe_resource(LOG)
        says(await client.call_tool("state", {"log": "listened to"}), "state log")
        assert await updated.get() == LOG
        await client.unsubscribe_resource(LOG)
        told = "subscribe"
    read = (await client.read_resource(LOG)).contents[0].text
    assert "listened to" in read, read
    return told


async def the_person_decides(client, person):
    plan = {"plan": "- [ ] Print it", "set": {"Phase": "BLUEPRINT"}}
    says(await client.call_tool("state", plan), "plan")
    says(await client.call_tool("state", {"set": {"Status": "NEEDS_PLAN_APPROVAL"}}), "waiting")
    # The agent can't answer in the person's place.
    for tool, arguments in [
        ("state", {"set": {"Phase": "CONSTRUCT", "Status": "RUNNING"}}),
        ("next", {"done": "BLUEPRINT: Phase=CONSTRUCT, Status=RUNNING"}),
        ("next", {"approve": True}),
    ]:
        refused = await client.call_tool(tool, arguments)
        assert refused.is_error, refused
    assert person.asked == [], person.asked
    declined = says(await client.call_tool("next", {}), "declined")
    assert (declined["phase"], declined["turn"]) == ("BLUEPRINT", "person"), declined
    assert len(person.asked) == 1 and "Print it" in person.asked[0], person.asked
    person.answer = types.ElicitResult(action="accept", content={"approve": True})
    accepted = says(await client.call_tool("next", {}), "accepted")
    assert accepted["phase"] == "CONSTRUCT", accepted
    assert len(person.asked) == 2, person.asked


async def drive(mode, target):
    person, updated = Person(), asyncio.Queue()

    async def hear(message):
        if isinstance(message, types.ResourceUpdatedNotification):
            await updated.put(str(message.params.uri))

    async with Client(target, mode=mode, elicitation_callback=person, message_handler=hear) as client:
        count = await tools(client, f"asked by mcp, {mode}")
        await prompts_and_completion(client)
        told = await changes(client, updated)
        await the_person_decides(client, person)
        print(f"{client.protocol_version}, {count} tools, prompts, completion, {told}, forms")


mode, target = sys.argv[1], sys.argv[2:]
if not target[0].startswith("http://"):
    target = [StdioServerParameters(command=target[0], args=target[1:])]
asyncio.run(asyncio.wait_for(drive(mode, target[0]), 60))
