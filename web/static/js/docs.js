/** The API's page: calls and sockets, looked up and tried. */
import { bindSite } from "./controllers/site.js";
import { bindChannels } from "./controllers/docs/channels.js";
import { bindContents } from "./controllers/docs/contents.js";
import { bindOperations } from "./controllers/docs/operations.js";
import { bindCaller } from "./controllers/docs/caller.js";
import { open } from "./client/plain-socket.js";
import { request } from "./helpers/api.js";
import { timed } from "./helpers/timed.js";

const { session } = bindSite({ onUser: () => caller.render() });
const caller = bindCaller({ session });
/** Each document once, when the first thing that it describes is looked at. */
const documents = {};
const load = (name) => (documents[name] ??= request("GET", `/api/${name}.json`).catch((fault) => {
  delete documents[name];
  throw fault;
}));

bindOperations({ load: () => load("openapi"), caller, send: timed });
bindChannels({ load: () => load("asyncapi"), caller, open });
bindContents();
