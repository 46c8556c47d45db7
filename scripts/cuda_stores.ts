/**
 * Counts instructions in compiled CUDA kernels. Fails if a kernel whose results are quads of records stores
 * them one number at a time: if nvcc cannot prove an address's alignment, it uses four stores of 32 bits
 * instead of one of 128, and the kernel waits for them. Fails too if a kernel that is built on wgmma has no
 * warpgroup product (HGMMA), or keeps registers in local memory: they are operands of products in flight.
 *
 *   deno run --allow-read scripts/cuda_stores.ts FILE...
 *
 * FILE: objects of a build with -DLTH_CUDA_REPORT=ON, whose device code is not compressed, or cubins. The
 * toolkit's disassembler is not needed: of an instruction of 128 bits, which those of sm_70 and later
 * are, bits 0 to 11 name the operation and bits 73 to 75 of a store its width (as cuobjdump -sass shows
 * it; HGMMA, LDL and STL as a probe with a known number of each has them).
 *
 * @module
 */
import * as fs from "node:fs";
import process from "node:process";

/** Kernels that write activations or partial sums, four records at a time; reductions write single channels. */
const QUAD_KERNELS =
  /pass_kernel|split_sum_kernel|dead_rows_kernel|normalize_kernel|(?<!fold_)gradient_kernel|(forward|backward)_kernel/;

/** Kernels whose products are wgmma's. */
const WGMMA_KERNELS = /Wgmma(Pass|Wgrad)/;

const EM_CUDA = 190;
const STG = 0x986;
const HGMMA = 0xdf0;
const LDL = 0x983;
const STL = 0x387;
const WIDTHS = [8, 8, 16, 16, 32, 64, 128];

/** Numbers of a kernel's instructions, as the code has them (not as they are executed). */
export interface KernelCode {
  readonly arch: number;
  /** Mangled. */
  readonly kernel: string;
  /** Stores to global memory by width in bits. */
  readonly stores: ReadonlyMap<number, number>;
  /** Warpgroup products. */
  readonly products: number;
  /** Loads from and stores to local memory. */
  readonly local: number;
}

/** All kernels in the cubins that these bytes hold, in their order. */
export function codeOf(bytes: Uint8Array): KernelCode[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kernels: KernelCode[] = [];
  for (let at = 0; at + 64 <= bytes.length; ++at) {
    // An ELF of 64 bits, little endian.
    const elf = view.getUint32(at) === 0x7f454c46 && view.getUint16(at + 4) === 0x0201;
    if (elf && view.getUint16(at + 18, true) === EM_CUDA) kernels.push(...kernelsOf(view, at));
  }
  return kernels;
}

function kernelsOf(view: DataView, elf: number): KernelCode[] {
  const number = (at: number) => Number(view.getBigUint64(elf + at, true));
  const arch = (view.getUint32(elf + 48, true) >> 8) & 0xff;
  const headers = number(40);
  const size = view.getUint16(elf + 58, true);
  const section = (i: number) => headers + i * size;
  const names = number(section(view.getUint16(elf + 62, true)) + 24);
  const nameAt = (at: number) => {
    let text = "";
    for (let c; (c = view.getUint8(elf + names + at)) !== 0; ++at) text += String.fromCharCode(c);
    return text;
  };
  const kernels: KernelCode[] = [];
  for (let i = 0; i < view.getUint16(elf + 60, true); ++i) {
    const name = nameAt(view.getUint32(elf + section(i), true));
    if (!name.startsWith(".text.")) continue;
    const stores = new Map<number, number>();
    let products = 0, local = 0;
    const begin = number(section(i) + 24);
    for (let at = begin; at < begin + number(section(i) + 32); at += 16) {
      const operation = view.getUint32(elf + at, true) & 0xfff;
      products += Number(operation === HGMMA);
      local += Number(operation === LDL || operation === STL);
      if (operation !== STG) continue;
      const width = WIDTHS[(view.getUint32(elf + at + 8, true) >> 9) & 7] ?? 0;
      stores.set(width, (stores.get(width) ?? 0) + 1);
    }
    kernels.push({ arch, kernel: name.slice(".text.".length), stores, products, local });
  }
  return kernels;
}

/** The problem with a kernel's code; undefined if there is none. */
export function mistakeOf(
  { arch, kernel, stores, products, local }: KernelCode,
): string | undefined {
  if (WGMMA_KERNELS.test(kernel) && (products === 0 || local > 0)) {
    return `sm_${arch} ${kernel}: ${products} warpgroup products, ${local} accesses to local memory`;
  }
  if (!QUAD_KERNELS.test(kernel)) return undefined;
  const narrow = [...stores].filter(([width]) => width < 64);
  if (narrow.length === 0 && stores.size > 0) return undefined;
  const counts = narrow.map(([width, count]) => `${count} of ${width} bits`).join(", ") || "none";
  return `sm_${arch} ${kernel}: stores of a quad's parts: ${counts}`;
}

if (import.meta.main) {
  const kernels = process.argv.slice(2).flatMap((file) => codeOf(fs.readFileSync(file)));
  const checked = kernels.filter(({ kernel }) => QUAD_KERNELS.test(kernel));
  for (const arch of [...new Set(checked.map((each) => each.arch))].sort((a, b) => a - b)) {
    const totals = [128, 64, 32].map((width) =>
      checked.filter((each) => each.arch === arch)
        .reduce((sum, { stores }) => sum + (stores.get(width) ?? 0), 0)
    );
    const products = kernels.filter((each) => each.arch === arch)
      .reduce((sum, each) => sum + each.products, 0);
    console.log(
      `sm_${arch}: stores of 128, 64, 32 bits: ${
        totals.join(", ")
      }; warpgroup products: ${products}`,
    );
  }
  const mistakes = kernels.map(mistakeOf).filter((each) => each !== undefined);
  for (const each of mistakes) console.log(each);
  if (checked.length === 0) console.log("error: no kernel to check in the given files");
  process.exitCode = checked.length === 0 || mistakes.length > 0 ? 1 : 0;
}
