import { stringify } from 'yaml';
import { rules as ownRules } from '../rules/index.ts';
import type { OptionSpec, OptionValue, Rule } from '../rules/types.ts';
import { formatTarget } from './cidr.ts';
import { formatDuration, formatRate } from './duration.ts';
import type { Config } from './types.ts';

/** The whole configuration with all defaults as YAML that loadConfig reads back. `rules`: those of plugins. */
export function printConfig(config: Config, rules: readonly Rule[] = []): string {
  const { decoder } = config;
  const specs = new Map([...ownRules, ...rules].map((rule) => [rule.meta.id, rule.meta.options]));
  const settings = [...config.rules].map(([id, { severity, options }]) => {
    const written = Object.entries(options).map(([name, value]) => [name, writeOption(specs.get(id)?.[name], value)]);
    return [id, written.length === 0 ? severity : [severity, Object.fromEntries(written)]];
  });
  return stringify(
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
        ...(decoder.mergeScopes === undefined ? {} : { mergeScopes: decoder.mergeScopes }),
        ...(decoder.fragmentBytes === undefined ? {} : { fragmentBytes: decoder.fragmentBytes }),
        ...(decoder.fragmentSeconds === undefined
          ? {}
          : { fragmentTimeout: formatDuration(Math.round(decoder.fragmentSeconds * 1e9)) }),
      },
      plugins: config.plugins,
    },
    { aliasDuplicateObjects: false, lineWidth: 0 },
  );
}

function writeOption(spec: OptionSpec | undefined, value: OptionValue): OptionValue {
  if (typeof value === 'string' || spec === undefined) return value;
  return spec.kind === 'duration' ? formatDuration(value) : spec.kind === 'rate' ? formatRate(value) : value;
}
