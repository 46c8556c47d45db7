/**
 * Iterative magnitude pruning, the main flow (Frankle and Carbin 2019, section 1; Renda et al. 2020,
 * algorithm 1): train a dense network; then, round after round, prune it, rewind what the mode rewinds,
 * and train it again.
 *
 * @module
 */

/** The steps of a lottery. All of them work on the run's single network. */
export interface LotteryParts {
  /** Pruning rounds after the dense round 0. */
  readonly rounds: number;
  /** Whether a round's results are on disk. */
  isDone(round: number): boolean;
  /** Restores the state in which a round was interrupted; false if there is none. */
  restore(round: number): Promise<boolean>;
  /** Initialises the dense network. */
  initialise(): Promise<void>;
  /** Prunes the network that the previous round ended with. */
  prune(round: number): Promise<void>;
  /** Sets the surviving weights, the optimiser and the schedule to the mode's state. */
  rewind(round: number): Promise<void>;
  /** Trains to the end of the round's budget, or until a stop is requested. */
  train(round: number): Promise<"finished" | "stopped">;
  /** Scores the network and writes the round's results. */
  finish(round: number): Promise<void>;
}

/** Runs all rounds that are not done yet. To resume, run it again. */
export async function runLottery(parts: LotteryParts): Promise<"finished" | "stopped"> {
  for (let round = 0; round <= parts.rounds; round++) {
    if (parts.isDone(round)) continue;
    if (!await parts.restore(round)) {
      if (round === 0) {
        await parts.initialise();
      } else {
        await parts.prune(round);
        await parts.rewind(round);
      }
    }
    if (await parts.train(round) === "stopped") return "stopped";
    await parts.finish(round);
  }
  return "finished";
}
