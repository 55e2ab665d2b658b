import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VERDICTS } from '../../src/track/exchange.ts';

const path = join(import.meta.dirname, '../../schema/portzero-report.schema.json');
const { $defs } = JSON.parse(readFileSync(path, 'utf8'));

it('the schema of reports knows exactly the verdicts that there are', () => {
  expect($defs.verdict.enum).toEqual([...VERDICTS]);
  const { required, properties } = $defs.verdictCounts;
  expect(required).toEqual(['total', ...VERDICTS]);
  expect(Object.keys(properties)).toEqual(['total', ...VERDICTS]);
});
