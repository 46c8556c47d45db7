import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import type { BackendInfo } from "./native.ts";
import { chooseBackend, listBackends, openDevice, openDeviceWithReason } from "./select.ts";

const CPU: BackendInfo = { name: "cpu", available: true, detail: "AVX2, 4 threads" };
const GPU: BackendInfo = { name: "cuda", available: true, detail: "H200" };
const NO_GPU: BackendInfo = { name: "cuda", available: false, detail: "no driver" };

Deno.test("auto takes CUDA if available, else the CPU with the reason", () => {
  assert.deepEqual(chooseBackend("auto", [CPU, GPU]), {
    backend: "cuda",
    reason: "available: H200",
  });
  assert.deepEqual(chooseBackend("auto", [CPU, NO_GPU]), {
    backend: "cpu",
    reason: "cuda is not available (no driver)",
  });
  assert.equal(chooseBackend("auto", [CPU]).backend, "cpu");
});

Deno.test("an explicit choice is kept or refused with the reason, never replaced", () => {
  assert.equal(chooseBackend("cpu", [CPU, GPU]).backend, "cpu");
  assert.equal(chooseBackend("cuda", [CPU, GPU]).backend, "cuda");
  assert.throws(
    () => chooseBackend("cuda", [CPU, NO_GPU]),
    new UsageError("Backend cuda is not available: no driver"),
  );
  assert.throws(() => chooseBackend("cuda", [CPU]), UsageError);
  assert.throws(() => chooseBackend("auto", [NO_GPU]), UsageError);
});

Deno.test("this machine has a CPU backend, and auto opens the backend that chooseBackend gives", async () => {
  const backends = listBackends();
  assert.ok(backends.some(({ name, available }) => name === "cpu" && available));
  const { device, reason } = openDeviceWithReason({ backend: "auto", threads: 1 });
  const expected = chooseBackend("auto", backends);
  assert.equal(device.name, expected.backend);
  assert.equal(reason, expected.reason);
  assert.ok(device.description.length > 0);
  await device.close();
});

Deno.test("unavailable options are usage errors", () => {
  assert.throws(
    () => openDevice({ backend: "cpu", threads: -1 }),
    (error) => error instanceof UsageError && /threads must be .* got -1/.test(error.message),
  );
  if (!listBackends().some(({ name, available }) => name === "cuda" && available)) {
    assert.throws(
      () => openDevice({ backend: "cuda" }),
      (error) =>
        error instanceof UsageError && /^Backend cuda is not available: ./.test(error.message),
    );
  }
});

Deno.test("every instruction set either opens or is refused by name", () => {
  for (const isa of ["portable", "avx2", "avx512"] as const) {
    try {
      using device = openDevice({ backend: "cpu", threads: 1, isa });
      assert.match(device.description, /1 thread/);
    } catch (error) {
      assert.ok(isa !== "portable" && error instanceof UsageError, String(error));
    }
  }
});

Deno.test("a precision either opens, and is named, or is refused with the reason", () => {
  const cpu = listBackends().find(({ name }) => name === "cpu")!;
  const open = (options: Partial<Parameters<typeof openDevice>[0]>) => () => {
    using device = openDevice({ backend: "cpu", threads: 1, ...options });
    return device.description;
  };
  assert.equal(open({ precision: "fp32" })(), open({})());
  assert.doesNotMatch(open({})(), /bf16|fp32/);
  const refused = (options: Parameters<typeof open>[0], message: RegExp) =>
    assert.throws(
      open(options),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  refused({ precision: "tf32" }, /^Precision tf32 is not available on the CPU/);
  refused({ precision: "bf16", isa: "portable" }, /^Precision bf16 .*: use precision fp32$/);
  refused({ index: 0 }, /^Cannot use device 0 of backend cpu/);
  if (cpu.detail.includes("bf16")) assert.match(open({ precision: "bf16" })(), /, bf16, 1 thread/);
  else refused({ precision: "bf16" }, /no AVX512_BF16/);
});
