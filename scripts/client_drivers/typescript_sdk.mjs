// Drives a server with the TypeScript SDK's client: typescript_sdk.mjs (URL | COMMAND ARGUMENT...).
// Run in the folder that the SDK is installed in.
import assert from "node:assert";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const installed = createRequire(pathToFileURL(`${process.cwd()}/`));
const sdk = (module) => import(pathToFileURL(installed.resolve(`@modelcontextprotocol/sdk/client/${module}.js`)));
const { Client } = await sdk("index");
const { StdioClientTransport } = await sdk("stdio");
const { StreamableHTTPClientTransport } = await sdk("streamableHttp");

const [target, ...args] = process.argv.slice(2);
const transport = target.startsWith("http://")
  ? new StreamableHTTPClientTransport(new URL(target))
  : new StdioClientTransport({ command: target, args });

const client = new Client({ name: "driver", version: "1" });
await client.connect(transport);
const { tools } = await client.listTools();
const names = tools.map((tool) => tool.name);
assert(names.includes("next") && names.includes("state"), names.join());
const call = async (name, given) => client.callTool({ name, arguments: given });
const step = await call("next", {});
assert(!step.isError && step.structuredContent.phase, JSON.stringify(step));
await call("state", { add: ["asked by the SDK"] });
const items = await call("state", { get: "items" });
assert(JSON.stringify(items.structuredContent).includes("asked by the SDK"), JSON.stringify(items));
assert((await call("state", { get: "nonsense" })).isError);
await assert.rejects(call("no_such_tool", {}), /no_such_tool/);
await client.ping();
await client.close();
console.log(`${names.length} tools`);
