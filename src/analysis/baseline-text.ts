import { readFileSync } from 'node:fs';
import { parseAddress } from '../config/cidr.ts';
import { ConfigError } from '../config/errors.ts';
import { showFile } from '../config/load.ts';
import { nearestWord } from '../config/nearest.ts';
import { decodeText } from '../config/text.ts';
import { formatAddress } from '../decode/address.ts';
import type { Rule } from '../engine/types.ts';
import { type ParsedBaseline, parseBaseline } from '../report/model/baseline-file.ts';
import { type FindingIdentity, keyOfFinding } from '../report/model/same-finding.ts';
import type { BaselineReport } from '../report/model/types.ts';
import { expectationMeta } from '../rules/expectation.ts';
import { whyUnreadable } from '../unreadable.ts';
import type { Baseline } from './baseline.ts';

/** Reads the text of a baseline. Throws ConfigError with file, line and what was expected. `path` is for messages. */
export function readBaseline(bytes: Uint8Array, path: string, rules: readonly Rule[]): ParsedBaseline {
  const fail = (line: number | null, column: number | null, message: string) => ({ path: '', line, column, message });
  let text: string;
  try {
    text = decodeText(bytes);
  } catch (error) {
    throw new ConfigError(path, [fail(null, null, (error as Error).message)], { cause: error });
  }
  const parsed = parseBaseline(text, canonicalAddress);
  if ('faults' in parsed) {
    throw new ConfigError(
      path,
      parsed.faults.map(({ line, column, message }) => fail(line, column, message)),
    );
  }
  const ids = [...rules.map(({ meta }) => meta.id), expectationMeta.id];
  const unknown = parsed.entries.filter(({ ruleId }) => !ids.includes(ruleId));
  if (unknown.length > 0) {
    throw new ConfigError(
      path,
      unknown.map(({ ruleId, line }) => {
        const near = nearestWord(ruleId, ids);
        const hint = near === null ? '' : `did you mean ${near}? `;
        return fail(line, 1, `there is no rule ${JSON.stringify(ruleId)}: ${hint}expected one of ${ids.join(', ')}`);
      }),
    );
  }
  return parsed;
}

/** The baseline that a configuration names, for a run that does not write it. Throws ConfigError. */
export function readConfiguredBaseline(path: string, rules: readonly Rule[]): Baseline {
  const file = showFile(path, process.cwd());
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const message = `the baseline cannot be read: ${whyUnreadable(error)}`;
    throw new ConfigError(file, [{ path: '', line: null, column: null, message }], { cause: error });
  }
  return { ...readBaseline(bytes, file, rules), file, updates: null };
}

function canonicalAddress(text: string): string | null {
  const bytes = parseAddress(text);
  return bytes === null ? null : formatAddress(bytes);
}

/** The baseline as it is after an update: without what is gone, and with what is new. */
export function updateBaseline(
  baseline: Baseline,
  { gone }: BaselineReport,
  added: readonly FindingIdentity[],
): ParsedBaseline {
  const left = new Set(gone.map(keyOfFinding));
  const entries = baseline.entries.filter((entry) => !left.has(keyOfFinding(entry)));
  const since = baseline.updates ?? '';
  return {
    entries: [...entries, ...added.map((identity) => ({ ...identity, since, why: '', line: null, comments: [] }))],
    comments: baseline.comments,
  };
}
