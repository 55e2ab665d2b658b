import type { AnalysisSettings } from '../analysis/types.ts';
import { parseDuration } from '../config/duration.ts';
import { describePassedOver } from '../config/find.ts';
import { unknownLinkType } from '../config/link-types.ts';
import { loadConfig } from '../config/load.ts';
import type { Plugins } from '../config/plugins.ts';
import type { Config } from '../config/types.ts';
import { linkTypeOfName } from '../decode/link/linktypes.ts';
import { RuleEngine } from '../engine/engine.ts';
import { hasSummary } from '../report/formats/index.ts';
import { countNew } from '../report/model/new-findings.ts';
import type { RunResult } from '../report/model/types.ts';
import { rules as ownRules } from '../rules/index.ts';
import { escapeForTerminal } from '../words/escape.ts';
import { fails, SEVERITIES } from '../words/severity.ts';
import { CliError, type CliIo, EXIT_CLEAN, EXIT_FINDINGS, EXIT_TROUBLE, readCount } from './io.ts';
import type { AnalyzeArguments } from './options.ts';
import type { Origins } from './origins.ts';

/** Of the arguments, what makes the settings of an analysis. */
type SettingArguments = Pick<
  AnalyzeArguments,
  | 'config'
  | 'allowPlugins'
  | 'failOn'
  | 'baseline'
  | 'updateBaseline'
  | 'answerTimeout'
  | 'exchanges'
  | 'maxExchanges'
  | 'maxFrames'
  | 'maxListed'
  | 'communityIdSeed'
  | 'linkType'
  | 'strict'
>;

/** The settings that the configuration file, its plugins and the command line add up to. Throws CliError or ConfigError. */
export async function readSettings(
  args: SettingArguments,
  io: CliIo,
  { live }: { readonly live: boolean },
): Promise<{ settings: AnalysisSettings; plugins: Plugins }> {
  const config = overrideConfig(await readConfig(args, io), args);
  const plugins =
    config.plugins.length === 0
      ? { rules: [], reporters: [] }
      : await (await import('../config/plugins.ts')).loadPlugins(config);
  const settings: AnalysisSettings = {
    config,
    rules: [...ownRules, ...plugins.rules],
    exchanges: args.exchanges ?? 'flagged',
    maxExchanges: readCount('--max-exchanges', args.maxExchanges, 1) ?? 1_000_000,
    maxFrames: readCount('--max-frames', args.maxFrames, 1) ?? 1000,
    maxListed: readCount('--max-listed', args.maxListed, 0) ?? 10_000,
    communityIdSeed: readCount('--community-id-seed', args.communityIdSeed, 0, 0xffff) ?? 0,
    live,
    strict: args.strict === true,
  };
  checkRules(settings);
  const { baseline, updateBaseline } = args;
  if (baseline === undefined && updateBaseline !== true && config.baseline === null) return { settings, plugins };
  const { baselinePath, loadBaseline } = await import('./baseline.ts');
  const path = baselinePath(args, config, io.cwd);
  if (path === null) return { settings, plugins };
  const known = loadBaseline(path, settings.rules, { cwd: io.cwd, updates: updateBaseline === true });
  return { settings: { ...settings, config: { ...config, baseline: path }, baseline: known }, plugins };
}

/** Null where nobody asks where addresses are. Throws CliError. */
export async function readOrigins(
  { geoip, resolve }: Pick<AnalyzeArguments, 'geoip' | 'resolve'>,
  io: CliIo,
): Promise<Origins | null> {
  if (geoip === undefined && resolve !== true) return null;
  const { openOrigins } = await import('./origins.ts');
  return openOrigins({ geoip, resolves: resolve === true }, io);
}

/**
 * The configuration that --config names or that is found from here. One that was passed over is told: what a policy asks for
 * must not go unasked in silence. Throws ConfigError.
 */
export function readConfig(args: Pick<SettingArguments, 'config' | 'allowPlugins'>, io: CliIo): Promise<Config> {
  return loadConfig({
    path: args.config,
    cwd: io.cwd,
    env: io.env,
    allowPlugins: args.allowPlugins,
    onPassedOver: (passedOver) => io.stderr.write(`portzero: ${escapeForTerminal(describePassedOver(passedOver))}\n`),
  });
}

/** More rules, or longer windows, than the engine takes are the configuration's fault, to be told before anything is read. */
function checkRules({ rules, config, live }: AnalysisSettings): void {
  try {
    new RuleEngine(rules, config.rules, { live });
  } catch (error) {
    throw error instanceof RangeError ? new CliError(error.message) : error;
  }
}

/** What the command line says goes before the configuration file. */
export function overrideConfig(
  config: Config,
  args: Pick<SettingArguments, 'failOn' | 'answerTimeout' | 'linkType'>,
): Config {
  let { failOn, answerTimeoutNanos } = config;
  if (args.failOn !== undefined) failOn = args.failOn;
  if (args.answerTimeout !== undefined) {
    const nanos = parseDuration(args.answerTimeout);
    if (nanos === null || nanos === 0) {
      throw new CliError(`--answer-timeout ${args.answerTimeout}: expected a duration such as 500ms, 5s or 2m`);
    }
    answerTimeoutNanos = nanos;
  }
  let { decoder } = config;
  if (args.linkType !== undefined) {
    const linkType = linkTypeOfName(args.linkType);
    if (linkType === null) throw new CliError(`--link-type: ${unknownLinkType(args.linkType)}`);
    decoder = { ...decoder, linkType };
  }
  return { ...config, failOn, answerTimeoutNanos, decoder };
}

/** Exit status of a run. */
export function statusOf({ report }: RunResult, { failOn }: Config, interrupted = false): number {
  if (interrupted || report.inputs.some((input) => !input.complete)) return EXIT_TROUBLE;
  const news = countNew(report);
  return SEVERITIES.some((severity) => news[severity] > 0 && fails(severity, failOn)) ? EXIT_FINDINGS : EXIT_CLEAN;
}

/** A short summary for a person who sees data go by, or into a file; nothing where `format` has one itself. */
export async function sayOutcome(result: RunResult, format: string, say: (text: string) => void): Promise<void> {
  if (hasSummary(format)) return;
  const [{ formatConclusion }, { formatFindingCounts }, { formatCount }] = await Promise.all([
    import('../report/model/conclusion.ts'),
    import('../report/model/known.ts'),
    import('../words/numbers.ts'),
  ]);
  const { summary, omitted } = result.report;
  const findings = formatFindingCounts(result.report);
  say(`${formatCount(summary.frames, 'frame')}. ${formatConclusion(result)}${findings === '' ? '' : ` ${findings}.`}`);
  if (omitted.exchanges + omitted.findings > 0) {
    say(
      `left out of the lists: ${formatCount(omitted.exchanges, 'exchange')}, ${formatCount(omitted.findings, 'finding')} (see --max-listed)`,
    );
  }
}
