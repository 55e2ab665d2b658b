import { release } from 'node:os';
import type { Argv } from 'yargs';
import { loadAtlas } from '../../atlas/load.ts';
import { describeRemedy } from '../../capture/live/capturer-run.ts';
import { BACKENDS, type Backend } from '../../capture/live/capturers.ts';
import { parseDuration } from '../../config/duration.ts';
import { loadPlugins } from '../../config/plugins.ts';
import { endText } from '../../probe/judge.ts';
import { type ProbeResult, probe } from '../../probe/probe.ts';
import { type Known, knowledgeOf, type SystemKnowledge } from '../../probe/this-system.ts';
import { createColors } from '../../report/formats/colors.ts';
import { wrap } from '../../report/formats/layout.ts';
import { isKnown } from '../../report/model/known.ts';
import { formatKnown } from '../../report/model/known-words.ts';
import type { FindingReport } from '../../report/model/types.ts';
import { rules as builtInRules } from '../../rules/index.ts';
import { VERSION } from '../../version.ts';
import { escapeForTerminal, stringifySafely } from '../../words/escape.ts';
import { formatCount, formatLatency } from '../../words/numbers.ts';
import { fails, type Severity } from '../../words/severity.ts';
import { baselinePath, loadBaseline } from '../baseline.ts';
import {
  CliError,
  type CliIo,
  EXIT_CLEAN,
  EXIT_FINDINGS,
  EXIT_TROUBLE,
  wantsColor,
  widthOf,
  writeData,
} from '../io.ts';
import { SHARED_OPTIONS } from '../options.ts';
import { readConfig } from '../settings.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage(
      '$0 probe <hosts..>\n\nConnect to port 0 of a host as any program would, watch the wire meanwhile, and tell where it was stopped.',
    )
    .positional('hosts', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Names or addresses; each address is asked once',
    })
    .option('port', {
      alias: 'p',
      type: 'string',
      requiresArg: true,
      describe: 'Ask another port, to compare',
      defaultDescription: '0',
    })
    .option('timeout', {
      alias: 't',
      type: 'string',
      requiresArg: true,
      describe: 'How long an answer is waited for: 500ms, 5s',
      defaultDescription: '5s',
    })
    .option('4', { type: 'boolean', describe: 'IPv4 addresses only' })
    .option('6', { type: 'boolean', describe: 'IPv6 addresses only' })
    .option('backend', {
      type: 'string',
      choices: BACKENDS,
      requiresArg: true,
      describe: 'Who captures',
      defaultDescription: 'cap, or the next one that can',
    })
    .option('format', {
      alias: 'f',
      type: 'string',
      choices: ['text', 'json'],
      requiresArg: true,
      describe: 'Format of standard output',
      defaultDescription: 'text',
    })
    .option('config', SHARED_OPTIONS.config)
    .option('allow-plugins', SHARED_OPTIONS['allow-plugins'])
    .option('fail-on', SHARED_OPTIONS['fail-on'])
    .option('baseline', {
      ...SHARED_OPTIONS.baseline,
      describe: 'Findings that this file has are known: told as such, and they do not fail',
    })
    .option('color', SHARED_OPTIONS.color)
    .conflicts('4', '6')
    .example('$0 probe 192.0.2.1', 'who refuses port 0 there?')
    .example('$0 probe -p 443 192.0.2.1', 'and an ordinary port?');
}

export interface ProbeArguments {
  readonly hosts: readonly string[];
  readonly port?: string | undefined;
  readonly timeout?: string | undefined;
  readonly 4?: boolean | undefined;
  readonly 6?: boolean | undefined;
  readonly backend?: Backend | undefined;
  readonly format?: 'text' | 'json' | undefined;
  readonly config?: string | undefined;
  readonly allowPlugins?: boolean | undefined;
  readonly failOn?: Severity | 'never' | undefined;
  readonly baseline?: string | undefined;
  readonly color?: boolean | undefined;
}

const DEFAULT_TIMEOUT_MS = 5000;

export async function run(args: ProbeArguments, io: CliIo): Promise<number> {
  const port = args.port === undefined ? 0 : Number(args.port);
  if (!/^\d+$/.test(args.port ?? '0') || port > 65535)
    throw new CliError(`--port must be 0 to 65535, not "${args.port}"`);
  const timeoutNanos = args.timeout === undefined ? DEFAULT_TIMEOUT_MS * 1e6 : parseDuration(args.timeout);
  if (timeoutNanos === null || timeoutNanos < 1e6)
    throw new CliError(`--timeout must be a time such as 500ms or 5s, not "${args.timeout}"`);
  const config = await readConfig(args, io);
  const { rules: ownRules } = await loadPlugins(config);
  const rules = [...builtInRules, ...ownRules];
  const path = baselinePath(args, config, io.cwd);
  const baseline = path === null ? undefined : loadBaseline(path, rules, { cwd: io.cwd, updates: false });
  const results = await probe({
    hosts: args.hosts,
    port,
    timeoutMs: timeoutNanos / 1e6,
    family: args[4] ? 4 : args[6] ? 6 : null,
    backend: args.backend ?? null,
    config,
    rules,
    ...(baseline === undefined ? {} : { baseline }),
    signal: io.signal,
  });

  // What the atlas has is about port 0 only.
  const system = port === 0 ? knowledgeOf(process.platform, release(), loadAtlas()) : null;
  if (args.format === 'json') {
    const json = {
      schemaVersion: 1,
      tool: { name: 'portzero', version: VERSION },
      probes: results.map(toJson),
      system,
    };
    await writeData(io.stdout, `${stringifySafely(json, 2)}\n`);
  } else {
    const colors = createColors(wantsColor(io, io.stdout, args.color));
    const width = Math.min(widthOf(io, io.stdout), 110);
    const blocks = results.map((result) => formatResult(result, width, colors));
    if (system !== null) blocks.push(formatSystem(system, width, colors));
    await writeData(io.stdout, blocks.join('\n'));
  }
  const denied = results.find(({ blind }) => blind?.code === 'no-permission');
  if (denied !== undefined) io.stderr.write(`portzero: ${describeRemedy(denied.route?.interface ?? 'any')}\n`);
  return exitStatus(results, args.failOn ?? config.failOn);
}

/** That the probe itself put port 0 on the wire is no finding; that somebody accepts is, unless the baseline has it. */
function exitStatus(results: readonly ProbeResult[], failOn: Severity | 'never'): number {
  if (results.some(({ error, blind }) => error !== null || blind !== null)) return EXIT_TROUBLE;
  const counts = (finding: FindingReport) => !isKnown(finding) && fails(finding.severity, failOn);
  return results.some(({ findings }) => findings.some(counts)) ? EXIT_FINDINGS : EXIT_CLEAN;
}

function toJson({
  host,
  port,
  address,
  otherAddresses,
  error,
  route,
  told,
  wire,
  blind,
  stopped,
  findings,
}: ProbeResult) {
  return { host, port, address, otherAddresses, error, route, told, wire, blind, stopped, findings };
}

interface Colors {
  bold(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

function formatResult(result: ProbeResult, width: number, colors: Colors): string {
  const { host, port, address, error, route, told, wire, blind, stopped, findings } = result;
  const safe = escapeForTerminal;
  const name = address === null || address === host ? '' : ` (${safe(host)})`;
  if (address === null || told === null || stopped === null) {
    return `${colors.bold(safe(host))}\n${wrap(safe(error ?? ''), width, '  not asked   ', BLANK)}`;
  }
  const way =
    route === null
      ? 'no route'
      : `over ${safe(route.interface)}${route.gateway === null ? '' : ` via ${route.gateway}`}`;
  let text = `${colors.bold(endText(address, port))}${name}, ${way}\n`;
  text += wrap(describeTold(told, wire), width, '  program     ', BLANK);
  text += wrap(
    safe(
      wire === null ? (blind === null ? 'no interface leads there' : `not seen: ${blind.message}`) : describeWire(wire),
    ),
    width,
    '  wire        ',
    BLANK,
  );
  text += wrap(safe(stopped.explanation), width, '  stopped     ', BLANK);
  for (const finding of findings) {
    const { severity, ruleId, message, known } = finding;
    const paint = severity === 'error' ? colors.red : colors.yellow;
    const mark = known === undefined || known === null ? paint(severity) : `${safe(formatKnown(known))};`;
    text += wrap(`${mark} ${ruleId}: ${safe(message)}`, width, '  finding     ', BLANK);
  }
  return text;
}

const BLANK = ' '.repeat(14);

/** Programs of the atlas that call connect() as this one does: Node's, and the system's own calls one by one. */
const LIKE_OURS: readonly (string | null)[] = ['Node', 'Python and ss', null];

function formatSystem(system: SystemKnowledge, width: number, colors: Colors): string {
  const { platform, evidence, ids, stacks, measuredRelease, asks, answers } = system;
  const name = escapeForTerminal(`${platform} ${system.release}`);
  const has = stacks.join(' and ');
  const known =
    evidence === null
      ? 'the atlas has nothing of its stack'
      : evidence !== 'measured'
        ? `the atlas has ${has} by ${evidence}, not measured`
        : measuredRelease === true
          ? `as ${has} in the atlas, measured`
          : `the atlas has ${has} measured, not this release`;
  let text = wrap(`${colors.bold('this system')}: ${name}; ${known}`, width, '', BLANK);
  const list = (label: string, rows: readonly Known[]) =>
    rows.map(({ question, program, says }, index) =>
      wrap(
        `${question}${program === null ? '' : `, ${program}`}: ${says}`,
        width,
        index === 0 ? `  ${label.padEnd(12)}` : BLANK,
        BLANK,
      ),
    );
  const ours = asks.filter(({ program, says }) => LIKE_OURS.includes(program) && !says.includes('no SYN left'));
  text += [...list('asks', ours.length > 0 ? ours : asks), ...list('answers', answers)].join('');
  if (ids.length > 0) text += wrap(ids.map((id) => `portzero atlas ${id}`).join(', '), width, '  more        ', BLANK);
  return text;
}

function describeTold({ result, code, afterMs }: NonNullable<ProbeResult['told']>, wire: ProbeResult['wire']): string {
  const time = afterMs < 1000 ? `${afterMs.toFixed(1)} ms` : `${(afterMs / 1000).toFixed(1)} s`;
  if (result === 'timeout') return `connect() had no result after ${time}, and was given up`;
  // The program's own time has Node's in it; where the wire tells when the answer came, that is the better one.
  const after = wire?.exchange?.latencyMs == null ? ` after ${time}` : '';
  return result === 'connected' ? `connect() succeeded${after}` : `connect() failed with ${code}${after}`;
}

function describeWire({ interface: name, exchange, drops }: NonNullable<ProbeResult['wire']>): string {
  const lost = drops ? `; ${formatCount(drops as number, 'frame')} ${drops === 1 ? 'was' : 'were'} lost` : '';
  if (exchange === null) return `nothing was sent on ${name}${lost}`;
  const { client, server, verdict, state, reason, latencyMs, answeredBy, retransmissions } = exchange;
  const again = retransmissions === 0 ? '' : `, sent ${retransmissions + 1} times`;
  const by = answeredBy === null ? '' : ` by ${answeredBy}`;
  const after = latencyMs === null ? '' : ` after ${formatLatency(latencyMs)}`;
  const words = reason === null ? state : `${state}, ${reason}`;
  return `${endText(client.address, client.port)} > ${endText(server.address, server.port)} SYN${again}: ${verdict}${by}${after} (${words})${lost}`;
}
