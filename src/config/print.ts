import { stringify } from 'yaml';
import { linkTypeName, linkTypeOfName } from '../decode/link/linktypes.ts';
import type { OptionSpec, OptionValue, Rule } from '../engine/types.ts';
import { rules as ownRules } from '../rules/index.ts';
import { formatTarget } from './cidr.ts';
import { formatDuration, formatRate } from './duration.ts';
import type { Config } from './types.ts';

/** What would steer a terminal, hide or reorder text, or be a command to a CI server that shows the log. */
const ODD = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|::[a-z]|##/iu;

/** YAML 1.2.2 section 5.7. */
function escapeInQuotes(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}

/** The whole configuration with all defaults as YAML that loadConfig reads back. `rules`: those of plugins. */
export function printConfig(config: Config, rules: readonly Rule[] = []): string {
  const { decoder } = config;
  const specs = new Map([...ownRules, ...rules].map((rule) => [rule.meta.id, rule.meta.options]));
  const settings = [...config.rules].map(([id, { severity, options }]) => {
    const written = Object.entries(options).map(([name, value]) => [name, writeOption(specs.get(id)?.[name], value)]);
    return [id, written.length === 0 ? severity : [severity, Object.fromEntries(written)]];
  });
  const texts = [...config.ignore.map(({ reason }) => reason ?? ''), ...config.expect.map(({ name }) => name)];
  const isOdd = [...texts, ...config.plugins, config.baseline ?? ''].some((text) => ODD.test(text));
  const yaml = stringify(
    {
      answerTimeout: formatDuration(config.answerTimeoutNanos),
      failOn: config.failOn,
      ignore: config.ignore.map(({ from, to, reason }) => ({
        ...(from === null ? {} : { from: from.text }),
        ...(to === null ? {} : { to: to.text }),
        ...(reason === null ? {} : { reason }),
      })),
      rules: Object.fromEntries(settings),
      expect: config.expect.map(({ name, to, port, from, verdict, withinNanos, atLeast }) => ({
        name,
        to: formatTarget(to, port),
        ...(from === null ? {} : { from: from.text }),
        verdict,
        ...(withinNanos === null ? {} : { within: formatDuration(withinNanos) }),
        atLeast,
      })),
      decoder: {
        ...(decoder.tunnelPorts === undefined ? {} : { tunnelPorts: decoder.tunnelPorts }),
        ...(decoder.linkTypes === undefined
          ? {}
          : {
              linkTypes: Object.fromEntries(
                Object.entries(decoder.linkTypes).map(([from, to]) => [configName(Number(from)), configName(to)]),
              ),
            }),
        ...(decoder.vlanTypes === undefined ? {} : { vlanTypes: decoder.vlanTypes }),
        ...(decoder.mergeScopes === undefined ? {} : { mergeScopes: decoder.mergeScopes }),
        ...(decoder.checksums === undefined ? {} : { checksums: decoder.checksums }),
        ...(decoder.fragmentBytes === undefined ? {} : { fragmentBytes: decoder.fragmentBytes }),
        ...(decoder.fragmentSeconds === undefined
          ? {}
          : { fragmentTimeout: formatDuration(Math.round(decoder.fragmentSeconds * 1e9)) }),
      },
      ...(config.baseline === null ? {} : { baseline: config.baseline }),
      plugins: config.plugins,
    },
    {
      aliasDuplicateObjects: false,
      lineWidth: 0,
      ...(isOdd ? { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', blockQuote: false } : {}),
      doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY,
    },
  );
  return isOdd ? yaml.replace(/[^ -~\n]|:(?=:)|#(?=#)/gu, escapeInQuotes) : yaml;
}

/** A name that is read back as the same number, else the number: some have a name in common. */
function configName(linkType: number): string | number {
  const name = linkTypeName(linkType).toLowerCase();
  return linkTypeOfName(name) === linkType ? name : linkType;
}

function writeOption(spec: OptionSpec | undefined, value: OptionValue): OptionValue {
  if (typeof value === 'string' || spec === undefined) return value;
  return spec.kind === 'duration' ? formatDuration(value) : spec.kind === 'rate' ? formatRate(value) : value;
}
