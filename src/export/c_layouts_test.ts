import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { UsageError } from "../core/errors.ts";
import { writeFolderAtomic } from "../core/files.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { madeSamples } from "../ticket/made_network.ts";
import { madeTicket } from "../ticket/testing.ts";
import { COMPILER, withProgram } from "../ticket/testing_c.ts";
import { c } from "./c.ts";

if (COMPILER === undefined) console.warn("SKIPPED: exported C is not compiled: there is no cc");
const ignore = COMPILER === undefined;

/** Arduino's serial line is standard input and output; the program ends with its input. */
const ARDUINO = `#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
struct SerialLine {
  void begin(long) {}
  int available() { return feof(stdin) ? 0 : 1; }
  int read() {
    const int byte = getchar();
    if (byte == EOF) exit(0);
    return byte;
  }
  void println(const char *text) { puts(text); }
};
static SerialLine Serial;
`;
const ARDUINO_MAIN = `#include "Arduino.h"
#include "label_serial.ino"
int main() { for (setup();;) loop(); }
`;

/** The same for Zephyr. */
const ZEPHYR: Readonly<Record<string, string>> = {
  "zephyr/device.h": `#include <stdint.h>
struct device { int number; };
static const struct device line;
#define DEVICE_DT_GET(node) (&line)
#define DT_CHOSEN(name) 0
static inline int device_is_ready(const struct device *each) { return each->number == 0; }
`,
  "zephyr/drivers/uart.h": `#include <stdio.h>
#include <stdlib.h>
static inline int uart_poll_in(const struct device *each, unsigned char *byte) {
  const int got = getchar();
  if (got == EOF) exit(each->number);
  *byte = (unsigned char)got;
  return 0;
}
`,
  "zephyr/sys/printk.h": `#define printk printf
`,
};

function layout(kind: "arduino" | "zephyr", folder: string): void {
  const ticket = { ...madeTicket({ density: 0.5 }), licence: "own\nlicence" };
  const { files } = c.encode({ ticket, options: { layout: kind }, name: "my_ecg" });
  writeFolderAtomic(folder, files);
}

/** Runs a compiler in the folder without warnings. */
function compile(folder: string, compiler: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(compiler, {
    args: ["-Wall", "-Wextra", "-Werror", ...args],
    cwd: folder,
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** What the example prints for samples, against the code alone. */
async function assertLabels(folder: string): Promise<void> {
  const samples = Int16Array.from(madeSamples(256 * 40, 3), (x) => 300 * x);
  const ticket = madeTicket({ density: 0.5 });
  let labels: string[] = [];
  await withProgram({ ticket, weights: "fp32" }, async (run) => {
    labels = (await run(samples)).labels.map((label) => ticket.classes[label]!);
  });
  const child = new Deno.Command(path.join(folder, "program"), {
    ...{ stdin: "piped", stdout: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new Uint8Array(samples.buffer));
  await writer.close();
  const { success, stdout } = await child.output();
  assert.ok(success);
  const said = new TextDecoder().decode(stdout).trim().split("\n");
  // The last steps come when the record ends, which a serial line does not say.
  assert.ok(said.length > 0 && said.length < labels.length);
  assert.deepEqual(said, labels.slice(0, said.length));
}

Deno.test({
  name: "the Arduino library compiles, and its example labels samples from the serial line",
  ignore,
  fn: () =>
    inTemporaryDirectory(async (directory) => {
      const folder = path.join(directory, "my_ecg");
      layout("arduino", folder);
      const properties = new Map(
        fs.readFileSync(path.join(folder, "library.properties"), "utf8").trim().split("\n")
          .map((line) => line.split(/=(.*)/).slice(0, 2) as [string, string]),
      );
      const fields = ["name", "version", "author", "maintainer", "sentence", "paragraph"];
      for (const field of [...fields, "category", "architectures", "includes"]) {
        assert.ok(properties.get(field), field);
      }
      assert.equal(properties.get("includes"), "my_ecg.h");
      fs.writeFileSync(path.join(folder, "Arduino.h"), ARDUINO);
      fs.writeFileSync(path.join(folder, "main.cc"), ARDUINO_MAIN);
      compile(folder, COMPILER!, "-std=c99", "-pedantic", "-c", "src/my_ecg.c");
      const include = ["-I.", "-Isrc", "-Iexamples/label_serial"];
      compile(folder, "c++", ...include, "-o", "program", "main.cc", "my_ecg.o", "-lm");
      await assertLabels(folder);
    }),
});

Deno.test({
  name: "the Zephyr module names its files, and its sample labels samples from the console",
  ignore,
  fn: () =>
    inTemporaryDirectory(async (directory) => {
      const folder = path.join(directory, "my_ecg");
      layout("zephyr", folder);
      const read = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");
      const module = parse(read("zephyr/module.yml"));
      assert.deepEqual(module, { name: "my_ecg", build: { cmake: ".", kconfig: "Kconfig" } });
      assert.match(read("Kconfig"), /^config MY_ECG\n\tbool /);
      assert.match(read("samples/label/prj.conf"), /^CONFIG_MY_ECG=y$/m);
      assert.match(read("CMakeLists.txt"), /^if\(CONFIG_MY_ECG\)[^]*_sources\(src\/my_ecg\.c\)/);
      for (const name of fs.readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (fs.statSync(path.join(folder, name)).isDirectory()) continue;
        assert.doesNotMatch(read(name), /\$(name|NAME|rate)/, name);
      }
      for (const [name, text] of Object.entries(ZEPHYR)) {
        fs.mkdirSync(path.dirname(path.join(folder, "stubs", name)), { recursive: true });
        fs.writeFileSync(path.join(folder, "stubs", name), text);
      }
      const sources = ["src/my_ecg.c", "samples/label/src/main.c"];
      const include = ["-Iinclude", "-Istubs"];
      compile(folder, COMPILER!, "-std=c99", ...include, "-o", "program", ...sources, "-lm");
      await assertLabels(folder);
    }),
});

Deno.test("a layout that does not exist is refused", () => {
  assert.throws(
    () => c.flags.layout.parse!("cube"),
    (error) =>
      error instanceof UsageError && error.message ===
        '--layout must be one of arduino, zephyr, got "cube"',
  );
});

Deno.test("a folder's name must be a C identifier, or --name gives one", () => {
  const ticket = madeTicket();
  const options = { layout: "arduino" } as const;
  assert.throws(
    () => c.encode({ ticket, options, name: "my-ecg" }),
    (error) => error instanceof UsageError && /Cannot name the C code "my-ecg"/.test(error.message),
  );
  const { files } = c.encode({ ticket, options: { ...options, name: "ecg" }, name: "my-ecg" });
  const names = files.map(([name]) => name);
  assert.ok(names.includes("src/ecg.c") && names.includes("src/ecg.h"));
  assert.match(String(files.find(([name]) => name === "src/ecg.c")![1]), /#include "ecg\.h"/);
});
