import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { codeOf, mistakeOf } from "./cuda_stores.ts";

/** As nvcc 13.0 has compiled a store of a float4, a uint2, a float, a uint16_t, for sm_90. */
const STORES = {
  128: "8679000208000000041d100c00e22f00",
  64: "8679000206000000041b100c00e22f00",
  32: "86790002070000000419100c00e80f00",
  16: "86790002070000000415100c00e22f00",
};
/** EXIT. */
const OTHER = "4d790000000000000000800300ea0f00";
/** As nvcc 13.0 has compiled wgmma m64n144k16, and a load and a store of an array in local memory. */
const HGMMA = "f07d1860080020421818700800e20f00";
const LOAD = "8379030e000000000008100000a20e00";
const SPILL = "8773000104000000000c100000e20100";

/** An ELF of kernels, as a cubin is one: a header, names, code, a table of sections. */
function cubin(arch: number, kernels: Record<string, string[]>): Uint8Array {
  const names = ["", ".shstrtab", ...Object.keys(kernels).map((name) => `.text.${name}`)];
  const text = Buffer.from(names.join("\0") + "\0");
  const codes = Object.values(kernels).map((code) => Buffer.from(code.join(""), "hex"));
  const parts = [Buffer.alloc(0), text, ...codes];
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0x41, 8]);
  header.writeUInt16LE(190, 18);
  header.writeUInt32LE(0x06000004 | arch << 8, 48);
  const table = Buffer.alloc(64 * parts.length);
  let at = header.length;
  parts.forEach((part, i) => {
    table.writeUInt32LE(
      names.slice(0, i).reduce((sum, name) => sum + name.length + 1, 0),
      64 * i,
    );
    table.writeBigUInt64LE(BigInt(at), 64 * i + 24);
    table.writeBigUInt64LE(BigInt(part.length), 64 * i + 32);
    at += part.length;
  });
  header.writeBigUInt64LE(BigInt(at), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(parts.length, 60);
  header.writeUInt16LE(1, 62);
  return Buffer.concat([header, ...parts, table]);
}

Deno.test("stores are counted by kernel, width and architecture", () => {
  const first = cubin(90, {
    _Z11pass_kernelv: [STORES[128], OTHER, STORES[128], OTHER],
    _Z11other_kernelv: [OTHER, STORES[32], STORES[16]],
  });
  // Behind something else, as in an object file.
  const bytes = Buffer.concat([Buffer.alloc(13, 7), first, cubin(80, { plain: [OTHER] })]);
  const found = codeOf(bytes);
  assert.deepEqual(found.map(({ arch, kernel }) => [arch, kernel]), [
    [90, "_Z11pass_kernelv"],
    [90, "_Z11other_kernelv"],
    [80, "plain"],
  ]);
  assert.deepEqual(found.map(({ stores }) => [...stores]), [[[128, 2]], [[32, 1], [16, 1]], []]);
});

Deno.test("a kernel whose results are quads must not store their parts", () => {
  const verdict = (kernel: string, code: string[]) =>
    mistakeOf(codeOf(cubin(90, { [kernel]: code }))[0]!);
  assert.equal(verdict("pass_kernel", [STORES[128], STORES[64]]), undefined);
  assert.equal(verdict("segment_sum_kernel", [STORES[32]]), undefined);
  assert.equal(verdict("20fold_gradient_kernelE", [STORES[32], STORES[128]]), undefined);
  assert.match(verdict("15gradient_kernelE", [STORES[32], STORES[128]])!, /1 of 32 bits/);
  assert.equal(
    verdict("pass_kernel", [STORES[128], STORES[32], STORES[32], STORES[16]]),
    "sm_90 pass_kernel: stores of a quad's parts: 2 of 32 bits, 1 of 16 bits",
  );
  assert.equal(
    verdict("split_sum_kernel", [OTHER]),
    "sm_90 split_sum_kernel: stores of a quad's parts: none",
  );
});

Deno.test("a kernel on wgmma has warpgroup products and nothing in local memory", () => {
  const name = "pass_kernelINS1_9WgmmaPassILi9EEEE";
  const verdict = (code: string[]) => mistakeOf(codeOf(cubin(90, { [name]: code }))[0]!);
  const counted = codeOf(cubin(90, { [name]: [HGMMA, LOAD, HGMMA, SPILL, OTHER] }))[0]!;
  assert.deepEqual([counted.products, counted.local], [2, 2]);
  assert.equal(verdict([HGMMA, HGMMA, STORES[64]]), undefined);
  assert.match(verdict([HGMMA, STORES[32]])!, /1 of 32 bits/);
  assert.match(verdict([STORES[64]])!, /: 0 warpgroup products, 0 accesses to local memory$/);
  for (const each of [LOAD, SPILL]) {
    assert.match(verdict([HGMMA, each, STORES[64]])!, /: 1 warpgroup products, 1 accesses/);
  }
});
