import type { Rule } from './types.ts';

const SEVERITIES = ['info', 'warning', 'error'];
const OPTION_KINDS = ['count', 'duration', 'rate', 'choice'];

/**
 * Takes a rule from outside (a plugin) and returns it when it has the shape of one. Throws TypeError with every fault that
 * was found, in words for its author. Defaults of options are checked with the configuration.
 */
export function validateRule(value: unknown): Rule {
  const faults: string[] = [];
  if (!isRecord(value)) throw new TypeError(`a rule must be an object with kind, meta and match, not ${nameOf(value)}`);
  const meta: Record<string, unknown> = isRecord(value.meta) ? value.meta : {};
  const check = (ok: boolean, fault: string): void => {
    if (!ok) faults.push(fault);
  };

  check(isRecord(value.meta), 'meta must be an object');
  check(['exchange', 'window', 'datagram'].includes(value.kind as string), 'kind must be exchange, window or datagram');
  check(typeof value.match === 'function', 'match must be a function');
  if (value.kind === 'window') {
    check(value.by === 'client' || value.by === 'server', 'by must be client or server');
    check(typeof value.window === 'function', 'window must be a function');
  }
  const id = meta.id;
  check(
    typeof id === 'string' && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id),
    'meta.id must be words of small letters and digits joined by "-", as in my-rule',
  );
  check(SEVERITIES.includes(meta.severity as string), `meta.severity must be ${SEVERITIES.join(', ')}`);
  for (const key of ['summary', 'meaning', 'action']) {
    check(typeof meta[key] === 'string' && meta[key] !== '', `meta.${key} must be a text`);
  }
  const messages = meta.messages;
  check(
    isRecord(messages) &&
      Object.keys(messages).length > 0 &&
      Object.values(messages).every((text) => typeof text === 'string'),
    'meta.messages must have texts by message id, at least one',
  );
  const options = meta.options;
  check(isRecord(options), 'meta.options must be an object, {} when there are none');
  for (const [name, option] of Object.entries(isRecord(options) ? options : {})) {
    const spec: Record<string, unknown> = isRecord(option) ? option : {};
    const at = `meta.options.${name}`;
    check(OPTION_KINDS.includes(spec.kind as string), `${at}.kind must be ${OPTION_KINDS.join(', ')}`);
    check(typeof spec.description === 'string', `${at}.description must be a text`);
    check(['string', 'number'].includes(typeof spec.default), `${at}.default must be a number or a text`);
    if (spec.kind === 'choice') {
      const choices = Array.isArray(spec.choices) ? spec.choices : [];
      check(
        choices.length > 0 && choices.every((choice) => typeof choice === 'string'),
        `${at}.choices must be a list of words`,
      );
    }
  }

  if (faults.length > 0) {
    throw new TypeError(`${typeof id === 'string' ? `rule ${id}` : 'rule'}: ${faults.join('; ')}`);
  }
  return value as unknown as Rule;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const nameOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : typeof value;
