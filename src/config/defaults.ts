import type { OptionSpec, OptionValue, Rule } from '../engine/types.ts';
import { rules as ownRules } from '../rules/index.ts';
import { parseDuration, parseRate } from './duration.ts';
import type { Config, RuleSetting } from './types.ts';

/** What holds where there is no configuration file. `rules` are those known besides the ones that come with portzero. */
export function defaultConfig(rules: readonly Rule[] = []): Config {
  return {
    answerTimeoutNanos: 5e9,
    failOn: 'warning',
    ignore: [],
    rules: new Map([...ownRules, ...rules].map((rule) => [rule.meta.id, defaultSetting(rule)])),
    expect: [],
    decoder: { mergeScopes: false, checksums: 'verify', fragmentBytes: 4 * 1024 * 1024, fragmentSeconds: 30 },
    baseline: null,
    plugins: [],
    path: null,
  };
}

/** A rule as it is when the configuration does not name it. Throws TypeError when its own defaults are no option values. */
export function defaultSetting({ meta }: Rule): RuleSetting {
  const options: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(meta.options)) {
    const value = readOption(spec, spec.default);
    if (value === null) {
      throw new TypeError(`rule ${meta.id}: the default of the option ${name} must be ${allowedText(spec)}`);
    }
    options[name] = value;
  }
  return { severity: meta.severity, options };
}

/** The value that rules get for what a user wrote: durations in nanoseconds, rates a second. Null when not allowed. */
export function readOption(spec: OptionSpec, value: unknown): OptionValue | null {
  switch (spec.kind) {
    case 'count':
      return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null;
    case 'duration':
      return typeof value === 'string' ? parseDuration(value) || null : null;
    case 'rate':
      return typeof value === 'string' ? parseRate(value) || null : null;
    case 'choice':
      return typeof value === 'string' && spec.choices?.includes(value) ? value : null;
  }
}

/** What readOption takes, for a person. */
export function allowedText({ kind, choices }: OptionSpec): string {
  switch (kind) {
    case 'count':
      return 'a whole number from 1';
    case 'duration':
      return 'a duration above 0, as in 5s, 100ms, 1m';
    case 'rate':
      return 'a rate above 0, as in 100/s, 60/m';
    case 'choice':
      return `one of ${choices?.join(', ')}`;
  }
}
