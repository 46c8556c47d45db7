/// <reference lib="dom" />
/**
 * The script of an ECG page.
 *
 * @module
 */
import { find } from "../../client/dom.ts";
import { setUpTheme } from "../../client/theme.ts";
import type { EcgData } from "../record.ts";
import { openViewer } from "./viewer.ts";

const data = JSON.parse(find("#data").textContent ?? "null") as EcgData;
if (data.records.length > 0) openViewer(data);
else setUpTheme(() => {});
document.documentElement.dataset["ready"] = "true";
