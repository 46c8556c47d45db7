/**
 * Fills the tables of a Markdown document. A region
 *
 *     <!-- study: GROUP TABLE -->
 *     ...
 *     <!-- end -->
 *
 * holds what the runs of that group give; the text around it is written by hand.
 *
 * @module
 */
import { Failure } from "../core/errors.ts";
import type { Group } from "./group.ts";
import { TABLES } from "./tables.ts";

const REGION = /^<!-- study: (.*) -->\n[^]*?^<!-- end -->$/gm;
const OPENING = /^<!-- study: .* -->$/gm;

/**
 * The document with every region filled. A group without a finished run gives a sentence that says so.
 *
 * @param groups By name; null for a group without runs.
 * @throws {Failure} If a region names no group or no table, or has no end.
 */
export function filled(document: string, groups: ReadonlyMap<string, Group | null>): string {
  let regions = 0;
  const text = document.replace(REGION, (_, asked: string) => {
    regions++;
    const [name = "", table = ""] = asked.split(" ");
    const group = groups.get(name);
    const make = TABLES[table];
    if (group === undefined || make === undefined) {
      throw new Failure(
        `Cannot fill the region ${JSON.stringify(asked)}: expected one of the groups ` +
          `${[...groups.keys()].join(", ")} and one of the tables ${
            Object.keys(TABLES).join(", ")
          }`,
      );
    }
    const content = group === null ? "No run of this part is finished yet." : make(group);
    return `<!-- study: ${asked} -->\n\n${content}\n\n<!-- end -->`;
  });
  if (regions !== (document.match(OPENING)?.length ?? 0)) {
    throw new Failure(
      "Cannot fill the document: a line <!-- study: ... --> has no line <!-- end -->",
    );
  }
  return text;
}
