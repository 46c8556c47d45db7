/**
 * Slurm for tests: the real one, with its daemons on this machine alone and all its files in a folder of the
 * test.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { createServer } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";

const DAEMONS = ["munged", "slurmctld", "slurmd"] as const;
const PROGRAMS = ["sbatch", "squeue", "scancel", "scontrol", "srun"] as const;

/** Folders in which daemons are installed and which are not on every PATH. */
const PATHS = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];

function find(program: string): string | undefined {
  return PATHS.map((folder) => path.join(folder, program)).find((file) => fs.existsSync(file));
}

/** Why Slurm cannot be tested here, in a sentence; null if it can. */
export function whyNoSlurm(): string | null {
  const missing = [...DAEMONS, ...PROGRAMS].filter((program) => find(program) === undefined);
  if (missing.length > 0) {
    return `there is no ${missing.join(", ")} (apt-get install slurm-wlm munge)`;
  }
  return process.getuid?.() === 0 ? null : "only root can start Slurm's daemons";
}

/** A cluster of one node, this machine. */
export interface TestCluster {
  /** What Slurm's programs need in their environment. */
  readonly env: Record<string, string>;
  /** Runs a program of Slurm to its end. @throws {Error} If it fails. */
  call(program: typeof PROGRAMS[number], args: readonly string[]): Promise<string>;
  /** Stops the node's daemon for a second, as an update or a fault does; its tasks go on. */
  restartNode(): Promise<void>;
}

/** Starts the daemons with their files in `directory`, and stops them at the end. */
export async function withSlurm(
  directory: string,
  test: (cluster: TestCluster) => Promise<void>,
): Promise<void> {
  const at = (name: string) => path.join(directory, name);
  const key = at("munge.key");
  fs.writeFileSync(key, randomBytes(128), { mode: 0o400 });
  for (const name of ["ctld", "spool"]) fs.mkdirSync(at(name));
  const [ctldPort, slurmdPort] = await Promise.all([freePort(), freePort()]);
  const host = os.hostname().split(".")[0]!;
  fs.writeFileSync(
    at("slurm.conf"),
    `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${ctldPort}
SlurmdPort=${slurmdPort}
AuthType=auth/munge
AuthInfo=socket=${at("munge.socket")}
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile=${at("slurmctld.pid")}
SlurmdPidFile=${at("slurmd.pid")}
SlurmdSpoolDir=${at("spool")}
StateSaveLocation=${at("ctld")}
SlurmctldLogFile=${at("slurmctld.log")}
SlurmdLogFile=${at("slurmd.log")}
SlurmUser=root
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${os.availableParallelism()} State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { SLURM_CONF: at("slurm.conf") };
  const daemons = [
    start("munged", [
      ...["--foreground", "--force", `--socket=${at("munge.socket")}`, `--key-file=${key}`],
      ...[`--pid-file=${at("munged.pid")}`, `--seed-file=${at("munged.seed")}`],
      `--log-file=${at("munged.log")}`,
    ], {}),
  ];
  const call: TestCluster["call"] = async (program, args) => {
    const { success, stdout, stderr } = await new Deno.Command(find(program)!, {
      args: [...args],
      env,
    })
      .output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (!success) throw new Error(`${program} ${args.join(" ")}: ${text(stderr)}`);
    return text(stdout);
  };
  try {
    await until("munged", () => fs.existsSync(at("munge.socket")));
    daemons.push(start("slurmctld", ["-D"], env), start("slurmd", ["-D"], env));
    const nodeAnswers = (state: RegExp) => async () =>
      state.test(await call("scontrol", ["show", "node"]).catch(() => ""));
    await until("slurmd", nodeAnswers(/State=IDLE/));
    const restartNode = async () => {
      const node = daemons.pop()!;
      node.kill("SIGTERM");
      await node.status;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      daemons.push(start("slurmd", ["-D"], env));
      await until("slurmd to come back", nodeAnswers(/State=(IDLE|MIXED|ALLOCATED)(\s|\+)/));
    };
    await test({ env, call, restartNode });
  } catch (error) {
    const queue = await call("scontrol", ["show", "job"]).catch(String);
    throw new Error(`${(error as Error).message}\nSlurm's queue:\n${queue}`, { cause: error });
  } finally {
    await call("scancel", ["--me"]).catch(() => {});
    for (const daemon of daemons.reverse()) {
      daemon.kill("SIGTERM");
      await daemon.status;
    }
  }
}

function start(
  daemon: typeof DAEMONS[number],
  args: string[],
  env: Record<string, string>,
): Deno.ChildProcess {
  return new Deno.Command(find(daemon)!, { args, env, stdout: "null", stderr: "null" }).spawn();
}

/**
 * Waits for `what`.
 * @throws {Error} After ten minutes: what hangs must end, but a busy machine must not fail a test.
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 600,
): Promise<void> {
  const deadline = performance.now() + 1000 * seconds;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`Waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
