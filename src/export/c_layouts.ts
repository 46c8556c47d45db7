/**
 * Folders around exported C: an Arduino library (Arduino library specification, format 1.5) and a Zephyr
 * module. Both have an example that labels samples from a serial line.
 *
 * @module
 */
import type { CSource } from "../ticket/c_source.ts";
import type { Ticket } from "../ticket/ticket.ts";
import type { Exported } from "./exporter.ts";

/** What a folder is made of. */
export interface LayoutRequest {
  /** The C identifier that everything begins with. */
  readonly name: string;
  readonly source: CSource;
  readonly ticket: Ticket;
}

/** The folders by name. */
export const LAYOUTS = { arduino: arduinoLibrary, zephyr: zephyrModule };

export type Layout = keyof typeof LAYOUTS;

function arduinoLibrary(request: LayoutRequest): Exported["files"] {
  const { name, source } = request;
  const properties = {
    name,
    version: "1.0.0",
    author: "lth-ecg",
    maintainer: "lth-ecg",
    sentence: sentenceOf(request),
    paragraph: `Not a medical device. ${memoryOf(request)}`,
    category: "Data Processing",
    architectures: "*",
    includes: `${name}.h`,
  };
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${oneLine(value)}\n`);
  return [
    ["library.properties", lines.join("")],
    ["README.md", readme(request, "Arduino library", "Copy this folder into `libraries`.")],
    [`src/${name}.h`, source.header],
    [`src/${name}.c`, source.code],
    [`examples/label_serial/label_serial.ino`, named(SKETCH, request)],
  ];
}

function zephyrModule(request: LayoutRequest): Exported["files"] {
  const { name, source } = request;
  const use = "Build the sample with `west build -b BOARD samples/label`, or add this folder to " +
    "`ZEPHYR_EXTRA_MODULES` of an application and set `CONFIG_$NAME=y`.";
  const files: [string, string][] = [
    ["zephyr/module.yml", MODULE],
    ["CMakeLists.txt", CMAKE],
    ["Kconfig", KCONFIG],
    ["README.md", readme(request, "Zephyr module", use)],
    [`include/${name}.h`, source.header],
    [`src/${name}.c`, source.code],
    ["samples/label/CMakeLists.txt", SAMPLE_CMAKE],
    ["samples/label/prj.conf", PRJ_CONF],
    ["samples/label/src/main.c", SAMPLE],
  ];
  return files.map(([file, text]) =>
    [file, file.includes(name) ? text : named(text, request)] as const
  );
}

function named(text: string, { name, ticket }: LayoutRequest): string {
  return text
    .replaceAll("$NAME", name.toUpperCase())
    .replaceAll("$name", name)
    .replaceAll("$rate", String(ticket.normalisation.rate));
}

function sentenceOf({ ticket: { classes } }: LayoutRequest): string {
  return `Labels a single-lead ECG with ${classes.join(", ")}.`;
}

function memoryOf({ source: { romBytes, ramBytes } }: LayoutRequest): string {
  const count = (n: number) => n.toLocaleString("en");
  return `Its tables need ${count(romBytes)} bytes of flash, its state ${
    count(ramBytes)
  } bytes of RAM.`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

function readme(request: LayoutRequest, what: string, use: string): string {
  const { name, ticket: { normalisation: { rate }, licence, provenance } } = request;
  return `# ${name}

${what}. ${sentenceOf(request)} It takes 16-bit samples, 1000 per mV, ${rate} per second. From round
${provenance.round} of the run ${provenance.run}, written by lth-ecg. **Not a medical device.**

${
    named(use, request)
  } The example reads samples from the serial line as little-endian 16-bit numbers and
prints the label of the record so far after each step.

${memoryOf(request)} The compiler adds a few kB of code.

${licence}
`;
}

const SKETCH =
  `/* Labels an ECG that arrives on the serial line: little-endian 16-bit samples, 1000 per mV, $rate per
   second. After each step it prints the label of the record so far. */
#include <$name.h>

static $name_state state;
static int16_t samples[$NAME_HOP];
static size_t filled; /* bytes of samples so far */

void setup() {
  Serial.begin(115200);
  $name_reset(&state);
}

void loop() {
  float logits[$NAME_CLASSES];
  while (Serial.available() > 0 && filled < sizeof samples) {
    ((uint8_t *)samples)[filled++] = (uint8_t)Serial.read();
  }
  if (filled < sizeof samples) return;
  filled = 0;
  if ($name_push(&state, samples, logits)) Serial.println($name_classes[$name_label(&state)]);
}
`;

const MODULE = `name: $name
build:
  cmake: .
  kconfig: Kconfig
`;

const CMAKE = `if(CONFIG_$NAME)
  zephyr_include_directories(include)
  zephyr_library()
  zephyr_library_sources(src/$name.c)
endif()
`;

const KCONFIG = `config $NAME
	bool "Labels for ECGs ($name)"
	select REQUIRES_FULL_LIBC
	help
	  Labels a single-lead ECG as its samples arrive. Not a medical device.
`;

const SAMPLE_CMAKE = `cmake_minimum_required(VERSION 3.20.0)
list(APPEND ZEPHYR_EXTRA_MODULES \${CMAKE_CURRENT_SOURCE_DIR}/../..)
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project($name_label)
target_sources(app PRIVATE src/main.c)
`;

const PRJ_CONF = `CONFIG_$NAME=y
CONFIG_SERIAL=y
`;

const SAMPLE =
  `/* Labels an ECG that arrives on the console's serial line: little-endian 16-bit samples, 1000 per mV,
   $rate per second. After each step it prints the label of the record so far. */
#include <$name.h>
#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/sys/printk.h>

static $name_state state;
static int16_t samples[$NAME_HOP];

int main(void) {
  const struct device *const uart = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));
  float logits[$NAME_CLASSES];
  size_t filled = 0; /* bytes of samples so far */
  if (!device_is_ready(uart)) return 0;
  $name_reset(&state);
  for (;;) {
    unsigned char byte;
    if (uart_poll_in(uart, &byte) != 0) continue;
    ((uint8_t *)samples)[filled++] = byte;
    if (filled < sizeof samples) continue;
    filled = 0;
    if ($name_push(&state, samples, logits)) printk("%s\\n", $name_classes[$name_label(&state)]);
  }
}
`;
