/**
 * Makes the zod schema that checks a whole configuration from the entries.
 *
 * @module
 */
import { z } from "zod";
import { isRecord } from "../core/records.ts";
import { complaint, orList } from "./kinds.ts";
import { DEPENDS, type Fields, Group, type Node, Optional, Setting } from "./setting.ts";

/** The schema of a configuration's value at a node. Its output has the order of the entries. */
export function schemaOf(node: Node): z.ZodType {
  if (node instanceof Setting) {
    const { schema } = node.kind;
    const { absent } = node.entry;
    if (absent === undefined) return schema;
    return absent === DEPENDS ? schema.optional() : schema.prefault(() => structuredClone(absent));
  }
  if (node instanceof Group) {
    const fields = objectOf(node.fields);
    return isOld(node) ? fields.prefault({}) : fields;
  }
  if (node instanceof Optional) return objectOf(node.fields).nullable().default(null);
  const kinds = Object.keys(node.variants);
  const objects = Object.entries(node.variants).map(([kind, fields]) =>
    objectOf(fields, { kind: z.literal(kind) })
  );
  return z.discriminatedUnion("kind", objects as [z.ZodObject, ...z.ZodObject[]], {
    error: ({ input }) => {
      const kind = isRecord(input) ? input.kind : input;
      return complaint(`a kind of ${orList(kinds)}`, kind);
    },
  });
}

function objectOf(fields: Fields, more: z.ZodRawShape = {}): z.ZodObject {
  const shape = Object.fromEntries(
    Object.entries(fields).map(([name, child]) => [name, schemaOf(child)]),
  );
  return z.strictObject({ ...more, ...shape }, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `there is no setting ${orList(issue.keys)} here`
        : complaint("an object of settings", issue.input),
  });
}

/** Whether older files may lack the whole node. */
function isOld(node: Node): boolean {
  if (node instanceof Setting) return node.entry.absent !== undefined;
  if (node instanceof Group) return Object.values(node.fields).every(isOld);
  return node instanceof Optional;
}
