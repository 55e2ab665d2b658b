import { isDeepStrictEqual } from 'node:util';
import type { AnalysisSettings, RunningAnalysis } from '../../analysis/types.ts';
import { formatCount } from '../../words/numbers.ts';

export interface PolicyOptions {
  /** Reads the settings again, as at the start. */
  readonly read: () => Promise<AnalysisSettings>;
  /** Hears what came of it. */
  readonly tell: (text: string) => void;
}

/** What the configuration asks of a live run, which may be read again while it goes on. */
export class Policy {
  /** Times that it was read again, and could not be. */
  readonly reloads = { done: 0, failed: 0 };
  /** Whether that was so the last time. */
  isStale = false;
  #settings: AnalysisSettings;
  #analysis: RunningAnalysis | null = null;
  readonly #options: PolicyOptions;
  #turn = Promise.resolve();

  constructor(settings: AnalysisSettings, options: PolicyOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** As they are now. */
  get settings(): AnalysisSettings {
    return this.#settings;
  }

  /** That goes by it from now on. */
  attach(analysis: RunningAnalysis): void {
    this.#analysis = analysis;
  }

  /** Reads it again. A bad one is told, and the old one stays. */
  reload(): void {
    this.#turn = this.#turn.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    try {
      const read = await this.#options.read();
      // The running rules are those of the plugins, and what the baseline knows has been told as known.
      const { rules, baseline } = this.#settings;
      const settings = { ...read, rules, ...(baseline === undefined ? {} : { baseline }) };
      const isSame = isDeepStrictEqual(settings.config, this.#settings.config);
      if (!isSame) {
        this.#analysis?.adopt(settings);
        this.#settings = settings;
      }
      this.reloads.done++;
      if (!isSame || this.isStale) this.#options.tell(describePolicy(this.#settings, isSame));
      this.isStale = false;
    } catch (error) {
      this.reloads.failed++;
      this.isStale = true;
      this.#options.tell(`the policy was not reloaded, and stays as it was: ${(error as Error).message}`);
    }
  }
}

function describePolicy({ config }: AnalysisSettings, isSame: boolean): string {
  const place = config.path === null ? 'the defaults' : config.path;
  if (isSame) return `the policy of ${place} is as it was`;
  const on = [...config.rules.values()].filter(({ severity }) => severity !== 'off').length;
  const expected = formatCount(config.expect.length, 'expectation');
  return `policy reloaded from ${place}: ${formatCount(on, 'rule')} on, ${expected}, ${config.ignore.length} ignored`;
}
