/**
 * The README of a model's folder: YAML front matter, as model hubs read it, then the card for people.
 * The fields are those of https://github.com/huggingface/hub-docs/blob/main/modelcard.md.
 *
 * @module
 */
import { stringify } from "yaml";
import { analyse } from "../model/analyse.ts";
import { footprintOf } from "../ticket/footprint.ts";
import { aboutCrossValidation } from "../ticket/cross_validation.ts";
import { CINC2017_LICENCE, describeDecision, type Ticket } from "../ticket/ticket.ts";

/** The files of the folder. */
export const HUB_FILES = {
  readme: "README.md",
  config: "config.json",
  ticket: "ticket.safetensors",
  onnx: "model.onnx",
  /** Only of a licence that hubs have no name for. */
  licence: "LICENSE.md",
} as const;

/** Confidence of the intervals of a ticket. */
const CONFIDENCE = 0.95;

/** @param name The model's name, as a heading. */
export function modelReadme(ticket: Ticket, name: string): string {
  // Long texts stay on one line: not every reader of front matter joins lines.
  return `---\n${stringify(frontMatter(ticket, name), { lineWidth: 0 })}---\n\n${
    card(ticket, name)
  }`;
}

function frontMatter(ticket: Ticket, name: string): Record<string, unknown> {
  const data = dataOf(ticket);
  const results = Object.entries(ticket.metrics).map(([split, scores]) => {
    const { score, low, high } = scores.headline;
    return {
      task: { type: "other", name: "Single-lead ECG classification" },
      dataset: { ...data.dataset, split, revision: ticket.provenance.datasetSha256 },
      metrics: [
        {
          type: "f1",
          name: scores.name,
          value: score,
          args: { records: scores.records, confidence: CONFIDENCE, low, high },
        },
        ...Object.entries(scores.f1).flatMap(([label, f1]) =>
          f1 === null ? [] : [{ type: "f1", name: `F1 of ${label}`, value: f1 }]
        ),
      ],
    };
  });
  return {
    ...data.licence,
    library_name: "lth-ecg",
    tags: ["ecg", "time-series", "sparse", "pruning", "lottery-ticket-hypothesis", "onnx"],
    ...(results.length === 0 ? {} : { "model-index": [{ name, results }] }),
  };
}

/** Whether hubs have no name for the licence, so that the folder needs a file with its text. */
export function needsLicenceFile(ticket: Ticket): boolean {
  return dataOf(ticket).licence["license"] === "other";
}

/** The data set and its licence as hubs name them. */
function dataOf({ licence }: Ticket): { dataset: object; licence: Record<string, string> } {
  if (licence === CINC2017_LICENCE) {
    const name = "PhysioNet/CinC Challenge 2017, training set";
    return { dataset: { type: "physionet/challenge-2017", name }, licence: { license: "odc-by" } };
  }
  return {
    dataset: { type: "own", name: "the data that the licence names" },
    licence: { license: "other", license_name: "of-the-data", license_link: HUB_FILES.licence },
  };
}

function card(ticket: Ticket, name: string): string {
  const { classes, metrics, normalisation: { rate }, network, provenance } = ticket;
  const { kept, weights, macsPerSecond } = footprintOf(network, rate);
  const { hop } = analyse(network.graph);
  const count = (n: number) => Math.round(n).toLocaleString("en");
  const decimals = (x: number | null | undefined) => x == null ? "–" : x.toFixed(3);
  const rows = Object.entries(metrics).map(([split, { records, name, headline, f1 }]) => [
    ...[split, count(records), name, decimals(headline.score)],
    `${decimals(headline.low)} to ${decimals(headline.high)}`,
    ...classes.map((label) => decimals(f1[label])),
  ]);
  const head = ["split", "recordings", "score", "value", "95 %", ...classes.map((c) => `F1 ${c}`)];
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return `# ${name}

A pruned network that labels a single-lead ECG with ${classes.join(", ")} every ${hop} samples
(${(hop / rate).toFixed(2)} s) and as a whole. ${count(kept)} of ${count(weights)} weights survive;
${count(macsPerSecond)} multiplications per second of ECG. From round ${provenance.round} of the run
${provenance.run} of lth-ecg.

**Not a medical device.** For research only. Other devices, leads and populations than those of its
data are untested.

## Scores

${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}

Each split is of the data set with SHA-256 \`${provenance.datasetSha256}\`. The interval is from the
choice of recordings alone.${aboutCrossValidation(ticket, "\n\n")}

## Use

- \`${HUB_FILES.ticket}\` has the surviving weights: \`deno task predict --ticket ${HUB_FILES.ticket} RECORD\`
  labels recordings, \`lth_ecg.load("${HUB_FILES.ticket}")\` of \`python/lth_ecg.py\` loads it into PyTorch.
- \`${HUB_FILES.onnx}\` takes samples in stored units (1000 per mV, ${rate} samples per second) as
  [batch, 1, samples] and gives logits [batch, ${classes.length}, steps]; it drops an incomplete last step.
- \`${HUB_FILES.config}\` has the classes, the decision rule with its priors, and the network's nodes.

${describeDecision(ticket)}

## Licence

${ticket.licence}
`;
}
