import type { RuleMeta } from '../engine/types.ts';

/**
 * Words for broken expectations. It is listed and explained as the rules are, but has nothing to switch: what it asserts
 * is the `expect` block of the configuration, checked over the whole run by config/expectations.ts.
 */
export const expectationMeta: RuleMeta = {
  id: 'expectation',
  severity: 'error',
  summary: 'an entry under expect in the configuration does not hold',
  meaning:
    'The configuration says how a stack has to answer, and the captures show otherwise: an exchange with another verdict, an answer later than within, or fewer exchanges than atLeast. An expectation that no exchange touches is ' +
    'broken as well, since a test that never ran proves nothing; atLeast: 0 allows it. Where frames could not be looked into, an exchange that it is about may be among them, and it is broken for that. Unsolicited answers are no attempts and count only where unsolicited is listed. Ignored exchanges do count.',
  action:
    'The message says what was wanted, what was seen and in which frames. If the stack changed, mend it or change the expectation; if nothing touched it, check that the capture was taken where the traffic ' +
    'passes, with the addresses of the configuration. undecided means that the capture ended too early: let it run for the answer timeout after the last segment.',
  options: {},
  messages: {
    untouched: 'expectation "{name}": no exchange with {to} port {port}; {wanted}',
    few: 'expectation "{name}": {touched} exchanges with {to} port {port}, at least {atLeast} wanted; {wanted}',
    unseen: 'expectation "{name}" cannot be told for {to} port {port}; {wanted}',
    broken: 'expectation "{name}": broken by {broken} of {touched} exchanges with {to} port {port}; {wanted}',
  },
};
