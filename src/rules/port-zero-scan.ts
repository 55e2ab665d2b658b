import type { RuleOptions, WindowRule } from '../engine/types.ts';
import { formatDuration } from '../words/span.ts';

export const portZeroScan: WindowRule = {
  kind: 'window',
  by: 'client',
  meta: {
    id: 'port-zero-scan',
    severity: 'warning',
    summary: 'one source asks port 0 of many hosts',
    meaning:
      'One address sent openings (SYN, NULL, FIN and the like) to port 0 of several hosts within a short time: a sweep. Port 0 is asked to find live hosts without touching a service, to tell stacks and firewalls apart by ' +
      'their answer, and to find the few that accept (0.06 % of the IPv4 Internet answered SYN-ACK in 2020). Retransmissions and mirrored copies are not counted, and neither are answers.',
    action:
      'Look at which of the scanned hosts answered, and how: those with verdict accepted first. Block or report the source, and drop TCP port 0 at the edge, so that the next sweep learns nothing. ' +
      'A source inside your network is either an inventory tool (list it under ignore) or compromised. The addresses may be forged: a scanner that wants its answers does not forge, a flood does. ' +
      'False positives: a monitoring system that really asks port 0 of many hosts; raise hosts or lower window.',
    options: {
      hosts: { kind: 'count', description: 'distinct hosts asked for port 0', default: 10 },
      window: { kind: 'duration', description: 'time within which they are asked', default: '60s' },
    },
    messages: {
      scan: '{client} asked port 0 of {hosts} hosts in {span}',
      'scan-at-least': '{client} asked port 0 of at least {hosts} hosts in {span}',
      'scan-at-once': '{client} asked port 0 of {hosts} hosts at one instant',
      'scan-at-once-at-least': '{client} asked port 0 of at least {hosts} hosts at one instant',
    },
  },
  window: (options) => ({ nanos: options.window as number, peers: hostsOf(options), openings: 0 }),
  match({ peers, peersAtLeast, seconds }, options) {
    if (peers < hostsOf(options)) return null;
    // All have the same time stamp: no span that could be told in a unit.
    const isAtOnce = seconds === 0;
    return {
      messageId: `scan${isAtOnce ? '-at-once' : ''}${peersAtLeast ? '-at-least' : ''}`,
      data: { hosts: peers, seconds, ...(isAtOnce ? {} : { span: formatDuration(seconds) }) },
    };
  },
};

const hostsOf = (options: RuleOptions): number => options.hosts as number;
