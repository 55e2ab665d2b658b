import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const path = join(import.meta.dirname, '../../schema/portzero-report.schema.json');
const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
addFormats.default(ajv);
const schema = JSON.parse(readFileSync(path, 'utf8'));
ajv.addSchema(schema);

const validateReport = ajv.getSchema(schema.$id)!;
const validatePart = (part: string) => ajv.getSchema(`${schema.$id}#/$defs/${part}`)!;

/** What is wrong with a whole report by the schema that ships; empty when nothing. */
export function reportErrors(report: unknown): string[] {
  validateReport(report);
  return (validateReport.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** The same for one object of it: 'exchange', 'finding' … */
export function partErrors(part: 'exchange' | 'finding', value: unknown): string[] {
  const validate = validatePart(part);
  validate(value);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
