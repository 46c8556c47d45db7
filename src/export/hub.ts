/**
 * `--format hub`: a folder as model hubs expect it.
 *
 * @module
 */
import { jsonText } from "../core/files.ts";
import { UNITS_PER_MILLIVOLT } from "../data/formats/units.ts";
import { analyse } from "../model/analyse.ts";
import { encodeTicket } from "../ticket/ticket_file.ts";
import { ruleOf, temperatureOf, type Ticket } from "../ticket/ticket.ts";
import type { Exporter } from "./exporter.ts";
import { HUB_FILES, modelReadme, needsLicenceFile } from "./hub_readme.ts";
import { onnx } from "./onnx.ts";

export const hub: Exporter = {
  ending: "",
  isFolder: () => true,
  flags: {},
  defaultName: (base) => `${base}-hub`,
  encode: (request) => {
    const { ticket, name } = request;
    const model = onnx.encode({ ...request, options: {} });
    return {
      files: [
        [HUB_FILES.readme, modelReadme(ticket, name)],
        [HUB_FILES.config, jsonText(configOf(ticket))],
        [HUB_FILES.ticket, encodeTicket(ticket)],
        [HUB_FILES.onnx, model.files[0]![1]],
        ...(needsLicenceFile(ticket) ? [[HUB_FILES.licence, `${ticket.licence}\n`] as const] : []),
      ],
      lines: model.lines,
    };
  },
};

/** What a program needs to know to use one of the files. */
function configOf(ticket: Ticket): Record<string, unknown> {
  const { classes, priors, network: { graph, epsilon }, normalisation, provenance } = ticket;
  const { mean, std, rate } = normalisation;
  return {
    model_type: "lth-ecg",
    id2label: Object.fromEntries(classes.map((name, c) => [c, name])),
    label2id: Object.fromEntries(classes.map((name, c) => [name, c])),
    sampling_rate: rate,
    units_per_millivolt: UNITS_PER_MILLIVOLT,
    normalisation: { mean, std },
    samples_per_step: analyse(graph).hop,
    decision: ruleOf(ticket),
    priors,
    temperature: temperatureOf(ticket),
    flip_average: ticket.flipAverage ?? false,
    network: { name: graph.name, epsilon, nodes: graph.nodes },
    provenance: {
      run: provenance.run,
      round: provenance.round,
      dataset_sha256: provenance.datasetSha256,
      records: provenance.records,
    },
  };
}
