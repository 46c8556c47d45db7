/**
 * Tests of every backend, run on the CUDA backend with this machine's GPU or the emulated one. They are the
 * tests that take the emulator one or two seconds.
 */
import { findTestCuda, runTestsOn } from "./testing_cuda.ts";

/** Test files, and the names of the tests in them if not all are run. */
interface Part {
  readonly files: readonly string[];
  readonly only?: RegExp;
}

const GROUPS: Record<string, Part[]> = {
  "ops and recorded steps do what the references do": [
    { files: ["test/conformance/conformance_test.ts"] },
    {
      files: [
        ...["transfer", "builder_misuse", "device_misuse", "parameter_misuse", "run_misuse"]
          .map((name) => `src/addon/${name}_test.ts`),
        "src/pruning/select_test.ts",
      ],
    },
    {
      files: ["src/addon/run_test.ts"],
      only: /^(a recorded step learns|the same steps|a step that fails|programs may be mixed)/,
    },
  ],
  "training, scores and pruning do what they are defined to do": [
    {
      files: ["golden", "evaluate", "recalibrate"].map((name) => `src/training/${name}_test.ts`),
      only: /(PyTorch's does: (dense|masked)|^in evaluation|^recalibrated)/,
    },
    {
      files: ["src/training/on_nan_test.ts", "src/pruning/prune_test.ts"],
      only:
        /^(a step that is not finite|the message names the layer|magnitude keeps|criteria|kept layers)/,
    },
  ],
};

const cuda = findTestCuda();
const env = cuda?.emulated ? { LTH_TEST_SHARE: "7" } : {};

for (const [name, parts] of Object.entries(GROUPS)) {
  Deno.test({
    name: `with CUDA, ${name}`,
    ignore: cuda === null,
    fn: async () => {
      await Promise.all(parts.map(({ files, only }) => runTestsOn(cuda!, { files, only, env })));
    },
  });
}
