import type { OptionSpec, RuleOptions } from '../engine/types.ts';
import type { Exchange } from '../track/exchange.ts';

/** Option of the rules that make sense on every port. The engine shows a rule other ports only when this says any. */
export const PORTS_OPTION: OptionSpec = {
  kind: 'choice',
  description: 'zero: only exchanges with port 0 at either end; any: every exchange',
  default: 'zero',
  choices: ['zero', 'any'],
};

/** Whether the rule's option `ports` lets it look at this exchange. */
export function concerns(exchange: Exchange, options: RuleOptions): boolean {
  return exchange.portZero !== null || options.ports === 'any';
}
