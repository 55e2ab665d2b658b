import type { Argv } from 'yargs';
import { ConfigError } from '../../config/errors.ts';
import { nearestWord } from '../../config/nearest.ts';
import { loadPlugins } from '../../config/plugins.ts';
import type { OptionSpec, RuleMeta } from '../../engine/types.ts';
import { createColors } from '../../report/formats/colors.ts';
import { wrap } from '../../report/formats/layout.ts';
import { ruleMetas } from '../../report/model/rule-texts.ts';
import { expectationMeta } from '../../rules/expectation.ts';
import { escapeForTerminal, escapeStrings, stringifySafely } from '../../words/escape.ts';
import type { Severity } from '../../words/severity.ts';
import { CliError, type CliIo, EXIT_CLEAN, wantsColor, widthOf, writeData } from '../io.ts';
import { SHARED_OPTIONS } from '../options.ts';
import { readConfig } from '../settings.ts';

export function builder(yargs: Argv) {
  return yargs
    .usage('$0 rules [id]\n\nList the rules; with an id, what the rule means and what to do.')
    .positional('id', { type: 'string', describe: 'Id of a rule, as findings name it' })
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
    .option('color', { type: 'boolean', describe: 'Colour even where it is no terminal; --no-color for none' })
    .example('$0 rules', 'every rule with its severity and options')
    .example('$0 rules port-zero-scan', 'what one of them means, and what to do');
}

export interface RulesArguments {
  readonly id?: string | undefined;
  readonly config?: string | undefined;
  readonly allowPlugins?: boolean | undefined;
  readonly format?: 'text' | 'json' | undefined;
  readonly color?: boolean | undefined;
}

export async function run(args: RulesArguments, io: CliIo): Promise<number> {
  const metas = await knownRules(args, io);
  const chosen = args.id === undefined ? metas : [find(args.id, metas)];
  if (args.format === 'json') {
    const json = args.id === undefined ? chosen.map(toJson) : toJson(chosen[0]!);
    await writeData(io.stdout, `${stringifySafely(json, 2)}\n`);
    return EXIT_CLEAN;
  }
  const colors = createColors(wantsColor(io, io.stdout, args.color));
  const width = Math.min(widthOf(io, io.stdout), 100);
  const paint = {
    strong: colors.bold,
    severity: (severity: Severity, text: string) =>
      severity === 'error' ? colors.red(text) : severity === 'warning' ? colors.yellow(text) : colors.cyan(text),
  };
  const text = args.id === undefined ? listRules(chosen, width, paint) : describeRule(chosen[0]!, width, paint);
  await writeData(io.stdout, text);
  return EXIT_CLEAN;
}

/** Our rules and those of the plugins that the configuration names. One found upward that is broken is no reason to be silent. */
async function knownRules(args: RulesArguments, io: CliIo): Promise<readonly RuleMeta[]> {
  try {
    const config = await readConfig(args, io);
    const { rules } = await loadPlugins(config);
    return [...ruleMetas, ...rules.map(({ meta }) => escapeStrings(meta))];
  } catch (error) {
    if (args.config !== undefined || !(error instanceof ConfigError)) throw error;
    for (const line of error.message.split('\n')) io.stderr.write(`portzero: ${escapeForTerminal(line)}\n`);
    io.stderr.write('portzero: the rules told are those that come with portzero\n');
    return ruleMetas;
  }
}

interface Paint {
  strong(text: string): string;
  severity(severity: Severity, text: string): string;
}

function find(id: string, metas: readonly RuleMeta[]): RuleMeta {
  const meta = metas.find((candidate) => candidate.id === id);
  if (meta !== undefined) return meta;
  const ids = metas.map((candidate) => candidate.id);
  const near = nearestWord(id, ids);
  throw new CliError(
    `there is no rule "${id}"${near === null ? `; the rules are ${ids.join(', ')}` : `: did you mean ${near}?`}`,
  );
}

function toJson({ id, severity, summary, meaning, action, options }: RuleMeta) {
  return { id, severity, summary, meaning, action, options };
}

function listRules(metas: readonly RuleMeta[], width: number, paint: Paint): string {
  const idWidth = Math.max(...metas.map((meta) => meta.id.length)) + 2;
  const indent = idWidth + 9;
  let text = '';
  for (const meta of metas) {
    const options = Object.entries(meta.options).map(([name, spec]) => `${name} ${spec.default}`);
    const summary = options.length === 0 ? meta.summary : `${meta.summary} (${options.join(', ')})`;
    text += paint.strong(meta.id.padEnd(idWidth)) + paint.severity(meta.severity, meta.severity.padEnd(9));
    text += `${wrap(summary, width, ' '.repeat(indent)).trimStart()}`;
  }
  return `${text}\n${wrap(
    'portzero rules ID tells what a rule means and what to do. Severities and options are set in portzero.config.yaml.',
    width,
    '',
  )}`;
}

function describeRule(meta: RuleMeta, width: number, paint: Paint): string {
  let text = `${paint.strong(meta.id)}  ${paint.severity(meta.severity, meta.severity)}\n${wrap(meta.summary, width, '  ')}`;
  text += `\n${paint.strong('What it means')}\n${wrap(meta.meaning, width, '  ')}`;
  text += `\n${paint.strong('What to do')}\n${wrap(meta.action, width, '  ')}`;
  // Not switched under rules: it is the expect block that says what is wanted.
  if (meta === expectationMeta) return text;
  const options = Object.entries(meta.options);
  text += `\n${paint.strong('Options')}\n`;
  if (options.length === 0) text += '  none\n';
  for (const [name, spec] of options) text += `  ${name}\n${wrap(describeOption(spec), width, '      ')}`;
  const example = options.map(([name, spec]) => `${name}: ${spec.default}`).join(', ');
  const setting = options.length === 0 ? meta.severity : `[${meta.severity}, { ${example} }]`;
  text += `\n${paint.strong('In portzero.config.yaml')} (off, info, warning or error)\n  rules:\n    ${meta.id}: ${setting}\n`;
  return text;
}

function describeOption(spec: OptionSpec): string {
  const choices = spec.choices === undefined ? '' : ` One of ${spec.choices.join(', ')}.`;
  return `${spec.description}${/[.!?]$/.test(spec.description) ? '' : '.'}${choices} Default: ${spec.default}`;
}
