import { defaultSetting } from '../../src/config/defaults.ts';
import type { RuleSetting } from '../../src/config/types.ts';
import type { ExchangeRule, Match, OptionValue, Rule } from '../../src/engine/types.ts';
import { rules } from '../../src/rules/index.ts';
import type { Exchange } from '../../src/track/exchange.ts';
import { makeExchange } from './exchange.ts';

/** Asks one exchange rule, with its default options, about an exchange built from `fields`. */
export function ask(
  rule: ExchangeRule,
  fields: Parameters<typeof makeExchange>[0],
  options?: Record<string, OptionValue>,
): Match | null {
  return rule.match(makeExchange(fields) as Exchange, { ...defaultSetting(rule).options, ...options });
}

/** Settings of the shipped rules, and of `others`: their defaults, but for what `changes` says. */
export function settingsWith(
  changes: Readonly<Record<string, Partial<RuleSetting>>> = {},
  others: readonly Rule[] = [],
): Map<string, RuleSetting> {
  return new Map(
    [...rules, ...others].map((rule) => [rule.meta.id, { ...defaultSetting(rule), ...changes[rule.meta.id] }]),
  );
}

/** Everything but the rules named is off. */
export function settingsOnly(ids: readonly string[], others: readonly Rule[] = []): Map<string, RuleSetting> {
  const settings = settingsWith({}, others);
  for (const [id, setting] of settings) if (!ids.includes(id)) settings.set(id, { ...setting, severity: 'off' });
  return settings;
}
