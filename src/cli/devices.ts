/**
 * `deno task devices`: lists the backends this machine can use, and says why it cannot use the others.
 *
 * @module
 */
import { chooseBackend, listBackends } from "../addon/select.ts";
import { loadAddon } from "../addon/addon.ts";
import { createCommand, runMain } from "./command.ts";

if (import.meta.main) {
  await runMain((args) => {
    createCommand("devices", "List the backends and say why one cannot be used")
      .parse(args, { from: "user" });
    console.log(loadAddon().buildInfo);
    const backends = listBackends();
    for (const { name, available, detail } of backends) {
      console.log(`${name.padEnd(5)} ${available ? "available" : "not available"}: ${detail}`);
    }
    const { backend, reason } = chooseBackend("auto", backends);
    console.log(`auto  ${backend}: ${reason}`);
    return Promise.resolve();
  });
}
