/**
 * Class names of a data set, and warnings about them.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { type Side, SIDES } from "./format.ts";

/**
 * Class names in the order of their codes. They are sorted by character code, independently of the records.
 *
 * @throws {UsageError} If there are fewer than two, or two differ only in case or blanks.
 */
export function classesOf(records: readonly { label: string }[], source: string): string[] {
  const counts = new Map<string, number>();
  for (const { label } of records) counts.set(label, (counts.get(label) ?? 0) + 1);
  const classes = [...counts.keys()].sort();
  refuseVariants(counts);
  if (classes.length < 2) {
    throw new UsageError(
      `The ${records.length} usable recordings in ${source} have ` +
        `${classes.length === 1 ? `only the class ${classes[0]}` : "no class"}: ` +
        `at least two classes are needed`,
    );
  }
  return classes;
}

function refuseVariants(counts: ReadonlyMap<string, number>): void {
  const seen = new Map<string, string>();
  for (const name of [...counts.keys()].sort()) {
    const plain = name.toLowerCase().replace(/\s+/gu, "");
    const other = seen.get(plain);
    if (other === undefined) {
      seen.set(plain, name);
      continue;
    }
    throw new UsageError(
      `The classes ${JSON.stringify(other)} (${counted(counts.get(other)!, "record")}) and ` +
        `${JSON.stringify(name)} (${
          counts.get(name)
        }) differ only in case or blanks: make them one ` +
        `with --map ${shellQuoted(`${name}=${other}`)}, or rename one in the label file`,
    );
  }
}

function shellQuoted(text: string): string {
  return /^[\w=~.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Sentences about classes without a record on a side that is not empty. */
export function absentClasses(
  records: readonly { label: string }[],
  { classes, sideOf }: { classes: readonly string[]; sideOf: (i: number) => Side },
): string[] {
  const used = SIDES.filter((side) => records.some((_, i) => sideOf(i) === side));
  return classes.flatMap((name) => {
    const own = records.flatMap(({ label }, i) => (label === name ? [sideOf(i)] : []));
    const absent = used.filter((side) => !own.includes(side));
    if (absent.length === 0) return [];
    const count = counted(own.length, "record");
    const without = absent.map((side) => WHAT[side]).join(" and ");
    return [
      `Class ${JSON.stringify(name)} has ${count} and is not in ${absent.join(" or ")}: ${without}`,
    ];
  });
}

const WHAT: Readonly<Record<Side, string>> = {
  train: "the network cannot learn it",
  dev: "dev does not say how well it is recognised",
  test: "test does not say how well it is recognised",
};

/** The class of each label, as given by `--map LABEL=CLASS`. */
export type ClassMap = ReadonlyMap<string, string>;

/** @throws {UsageError} If one of `texts` is not LABEL=CLASS, or maps a label a second time. */
export function classMap(texts: readonly string[]): ClassMap {
  const map = new Map<string, string>();
  for (const text of texts) {
    const at = text.lastIndexOf("=");
    const [from, to] = [text.slice(0, Math.max(at, 0)).trim(), text.slice(at + 1).trim()];
    if (from === "" || to === "" || map.has(from)) {
      throw new UsageError(
        `--map must be LABEL=CLASS, once for each label, got ${JSON.stringify(text)}`,
      );
    }
    map.set(from, to);
  }
  return map;
}
