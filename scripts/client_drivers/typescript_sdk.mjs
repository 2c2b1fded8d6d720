// Drives a server with the TypeScript SDK's client: typescript_sdk.mjs (URL | COMMAND ARGUMENT...).
// Run in the folder that the SDK is installed in.
import assert from "node:assert";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const installed = createRequire(pathToFileURL(`${process.cwd()}/`));
const sdk = (module) => import(pathToFileURL(installed.resolve(`@modelcontextprotocol/sdk/${module}.js`)));
const { Client } = await sdk("client/index");
const { StdioClientTransport } = await sdk("client/stdio");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp");
const { ElicitRequestSchema, ResourceUpdatedNotificationSchema } = await sdk("types");

const [target, ...args] = process.argv.slice(2);
const transport = target.startsWith("http://")
  ? new StreamableHTTPClientTransport(new URL(target))
  : new StdioClientTransport({ command: target, args });

const client = new Client({ name: "driver", version: "1" }, { capabilities: { elicitation: {} } });
// The person, in whose answers the model has no part.
const asked = [];
let answer = { action: "decline" };
client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
  asked.push(params.message);
  return answer;
});
const log = "rulemark://log";
const updated = new Promise((resolve) => {
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri));
});

await client.connect(transport);
const call = async (name, given) => client.callTool({ name, arguments: given });
const says = async (name, given) => {
  const result = await call(name, given);
  assert(!result.isError, JSON.stringify(result));
  return result.structuredContent;
};

const { tools } = await client.listTools();
const names = tools.map((tool) => tool.name);
assert(names.includes("next") && names.includes("state"), names.join());
assert((await says("next", {})).phase);
await says("state", { add: ["asked by the SDK"] });
const items = await says("state", { get: "items" });
assert(JSON.stringify(items).includes("asked by the SDK"), JSON.stringify(items));
assert((await call("state", { get: "nonsense" })).isError);
await assert.rejects(call("no_such_tool", {}), /no_such_tool/);
await client.ping();

const prompts = (await client.listPrompts()).prompts.map((prompt) => prompt.name);
assert(prompts.includes("resume") && prompts.includes("blueprint"), prompts.join());
const prompt = await client.getPrompt({ name: "blueprint" });
assert(prompt.messages[0].content.text.includes("**## Plan**"), JSON.stringify(prompt));
const ref = { type: "ref/resource", uri: "rulemark://phases/{phase}" };
const { completion } = await client.complete({ ref, argument: { name: "phase", value: "bl" } });
assert.deepEqual(completion.values, ["BLUEPRINT"]);

await client.subscribeResource({ uri: log });
await says("state", { log: "listened to" });
assert.equal(await updated, log);
const { contents } = await client.readResource({ uri: log });
assert(contents[0].text.includes("listened to"), contents[0].text);

await says("state", { plan: "- [ ] Print it", set: { Phase: "BLUEPRINT" } });
await says("state", { set: { Status: "NEEDS_PLAN_APPROVAL" } });
assert((await call("state", { set: { Phase: "CONSTRUCT", Status: "RUNNING" } })).isError);
assert.deepEqual(asked, []);
const declined = await says("next", {});
assert.deepEqual([declined.phase, declined.turn], ["BLUEPRINT", "person"]);
assert(asked.length === 1 && asked[0].includes("Print it"), asked.join());
answer = { action: "accept", content: { approve: true } };
assert.equal((await says("next", {})).phase, "CONSTRUCT");
assert.equal(asked.length, 2);

await client.close();
console.log(`${names.length} tools, prompts, completion, subscribe, forms`);
