import assert from "node:assert/strict";
import { measureInference } from "./latency.ts";

Deno.test("a latency has every figure, or says why one is missing", async () => {
  const latency = await measureInference({
    filters: 2,
    density: 0.1,
    maskKind: "uniform",
    samples: 512,
    repeats: 3,
  });
  assert.ok(latency.ticketMs > 0 && latency.denseMs > 0);
  assert.ok(latency.ticketMacs > 0 && latency.ticketMacs < 0.2 * latency.denseMacs);
  const { onnxruntimeDense: peer, timesFaster } = latency;
  if (peer.ms === null) {
    assert.match(peer.reason, /onnxruntime-node does not load/);
    assert.equal(timesFaster, null);
  } else {
    assert.equal(timesFaster, peer.ms / latency.ticketMs);
  }
  await assert.rejects(
    async () =>
      await measureInference({ filters: 2, density: 2, maskKind: "global", samples: 512 }),
    /density must be from 0 to 1, got 2/,
  );
});
