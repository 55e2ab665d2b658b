import type { RuleMeta } from '../../engine/types.ts';
import { expectationMeta } from '../../rules/expectation.ts';
import { rules } from '../../rules/index.ts';

/** Every rule that a finding of portzero itself can name, in the order in which they are listed. */
export const ruleMetas: readonly RuleMeta[] = [...rules.map((rule) => rule.meta), expectationMeta];

const byId = new Map(ruleMetas.map((meta) => [meta.id, meta]));

/** The words of a rule; of a rule that came with the user's configuration only the id is known here. */
export function ruleText(id: string): Pick<RuleMeta, 'id' | 'summary' | 'meaning' | 'action'> {
  return byId.get(id) ?? { id, summary: id, meaning: '', action: '' };
}
