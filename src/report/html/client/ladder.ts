/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { formatCount, formatNumber } from '../../../words/numbers.ts';
import { probeWord } from '../../../words/probes.ts';
import type { SegmentReport, TracedSegmentReport } from '../../model/types.ts';
import type { PageExchange } from '../payload.ts';
import { displayFilter, formatDuration, formatTime, secondsBetween } from '../words.ts';
import type { App, Row } from './app.ts';

/** Frames that are drawn. */
const MOST_STEPS = 64;

/** A frame of the ladder: evidence, or a further segment, of which the sender is known and no options are. */
type Step = Omit<SegmentReport, 'kind' | 'options'> & {
  readonly kind: SegmentReport['kind'] | 'further';
  readonly options: string | null;
  readonly sender?: 'client' | 'server';
};

function stepOf(exchange: PageExchange, segment: TracedSegmentReport): Step {
  return {
    ...segment,
    kind: 'further',
    source: exchange[segment.sender].address,
    acceptable: true,
    reason: '',
    hops: null,
    ipId: null,
    dontFragment: false,
    options: null,
    payloadText: null,
    icmp: null,
    repeats: 0,
    fingerprint: null,
  };
}

const isRepeat = (segment: Step, other: Step): boolean =>
  other.kind === 'further' && other.flags === segment.flags && other.sequence === segment.sequence;

const evidenceOf = ({ evidence: { probe, answer, otherAnswers } }: PageExchange) =>
  [probe, answer, ...otherAnswers].filter((segment) => segment !== null);

/** How many steps the ladder of an exchange has. */
export const drawnFrames = ({ exchange }: Row): number =>
  Math.min(MOST_STEPS, evidenceOf(exchange).length + exchange.evidence.segments.length);

/** Everything known of one exchange: what happened as a ladder of frames between the ends, and the facts beside it. */
export function exchangeDetail(app: App, row: Row): HTMLElement {
  const { element } = app;
  const { exchange } = row;
  const { evidence } = exchange;
  const drawable = [...evidenceOf(exchange), ...evidence.segments.map((segment) => stepOf(exchange, segment))].sort(
    (a, b) => a.frame - b.frame,
  );
  const steps: readonly Step[] = drawable.slice(0, MOST_STEPS);

  // Cores: client, server, and one for everyone else who sent something, as the router that sent an ICMP error.
  const cores: { role: string; name: string; address: string }[] = [
    { role: 'Client', name: row.client, address: exchange.client.address },
    { role: 'Server', name: row.server, address: exchange.server.address },
  ];
  /** Index of the core that sent a segment. Where both ends have one address (loopback), only probes are the client's. */
  function coreOf({ kind, source, sender }: Step): number {
    if (sender !== undefined) return sender === 'client' ? 0 : 1;
    if (kind === 'probe') return 0;
    if (source === exchange.server.address) return 1;
    if (source === exchange.client.address) return 0;
    const index = cores.findIndex(({ address }, core) => core > 1 && address === source);
    if (index >= 0) return index;
    cores.push({ role: 'On the way', name: source, address: source });
    return cores.length - 1;
  }
  const senders = steps.map(coreOf);

  // Sequence numbers are relative to what each end began with, as in Wireshark.
  const bases: (number | null)[] = [0, 1].map((core) => {
    const own = steps.filter((segment, index) => senders[index] === core && segment.sequence !== null);
    return (own.find(({ flags }) => flags?.includes('SYN')) ?? own[0])?.sequence ?? null;
  });
  /**
   * Distance modulo 2^32, RFC 9293 §3.4; what lies before the base is negative. Null where it says nothing: without a base,
   * or beyond the largest window (RFC 7323 §2.3), as for the sequence number of another sender.
   */
  function relative(value: number, base: number | null | undefined): string | null {
    if (base === null || base === undefined) return null;
    const distance = (value - base) | 0;
    return Math.abs(distance) > 2 ** 30 ? null : String(distance).replace('-', '−');
  }
  const place = (value: number, base: number | null | undefined) => relative(value, base) ?? `${value} (absolute)`;
  const hex = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`;

  function title(segment: Step): string {
    if (segment.icmp) {
      const version = exchange.client.address.includes(':') ? 'ICMPv6' : 'ICMP';
      return `${version} ${segment.icmp.type}/${segment.icmp.code} ${segment.reason}`;
    }
    return segment.flags === null
      ? 'flags not captured'
      : segment.flags === 'none'
        ? 'no flags'
        : segment.flags.replaceAll(',', ' ');
  }

  function summary(segment: Step, core: number): string {
    const parts: string[] = [];
    if (segment.sequence !== null) parts.push(`seq ${place(segment.sequence, bases[core])}`);
    if (segment.acknowledgment !== null && segment.flags?.includes('ACK')) {
      parts.push(`ack ${place(segment.acknowledgment, bases[core === 0 ? 1 : 0])}`);
    }
    if (segment.window !== null) parts.push(`win ${segment.window}`);
    parts.push(`ttl ${segment.ttl}`);
    if (segment.payloadLength) parts.push(`${segment.payloadLength} B`);
    return parts.map((part) => part.replaceAll(' ', '\u00a0')).join('  ');
  }

  function fields(segment: Step, core: number): HTMLElement {
    const list = element('dl', { class: 'facts' });
    const add = (name: string, value: string | number | null, note: string | null = null) => {
      if (value === null || value === '') return;
      list.append(
        element('dt', {}, name),
        element('dd', {}, String(value), note === null ? null : element('span', { class: 'note' }, ` ${note}`)),
      );
    };
    const number = (name: string, value: number | null, base: number | null | undefined) => {
      if (value === null) return;
      const distance = relative(value, base);
      add(name, value, `${hex(value, 8)}${distance === null ? '' : `, relative ${distance}`}`);
    };
    add('Frame', segment.frame);
    add('Time', formatTime(segment.time, true));
    add('Sender', segment.source, cores[core]!.role.toLowerCase());
    add(
      'TTL',
      segment.ttl,
      segment.hops === null
        ? null
        : `likely ${segment.hops === 0 ? 'no router' : formatCount(segment.hops, 'router')} passed`,
    );
    add('IP ID', segment.ipId, segment.ipId === null ? null : hex(segment.ipId, 4));
    if (segment.kind !== 'further') add("Don't fragment", segment.dontFragment ? 'set' : 'not set');
    if (segment.icmp) add('ICMP', `type ${segment.icmp.type}, code ${segment.icmp.code}`, segment.reason);
    if (segment.flags !== null) {
      const bits = element('dd', { class: 'bits' });
      const set = new Set(segment.flags.split(','));
      for (const flag of ['AE', 'CWR', 'ECE', 'URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN']) {
        const on = set.has(flag);
        bits.append(
          element(
            'span',
            { class: on ? 'bit on' : 'bit' },
            flag,
            element('span', { class: 'unseen' }, on ? ' set, ' : ' not set, '),
          ),
        );
      }
      list.append(element('dt', {}, 'Flags'), bits);
    }
    number('Sequence', segment.sequence, bases[core]);
    number('Acknowledgment', segment.acknowledgment, segment.flags?.includes('ACK') ? bases[core === 0 ? 1 : 0] : null);
    add('Window', segment.window, segment.window === null ? null : hex(segment.window, 4));
    add('Options', segment.options || (segment.flags === null || segment.options === null ? null : 'none'));
    add('Payload', segment.payloadLength === null ? null : `${segment.payloadLength} B`);
    add('Payload text', segment.payloadText);
    add('Checksum', segment.checksumBad ? 'bad' : null);
    add('Fingerprint', segment.fingerprint, segment.fingerprint ? 'as nmap writes test T5' : null);
    add('Seen again', segment.repeats > 0 ? `${segment.repeats} times` : null);
    if (segment.kind !== 'probe' && segment.kind !== 'further') {
      add('Counts as an answer', segment.acceptable ? 'yes' : 'no: the client must ignore it');
    }
    return list;
  }

  // Who stands on the way is drawn between the ends.
  const count = cores.length;
  const slot = (core: number) => (core === 0 ? 0 : core === 1 ? count - 1 : core - 1);
  const center = (core: number) => ((slot(core) + 0.5) / count) * 100;
  function rails(): HTMLElement[] {
    return cores.map((_, core) => {
      const rail = element('span', { class: 'rail', 'aria-hidden': 'true' });
      rail.style.left = `${center(core)}%`;
      return rail;
    });
  }

  const head = element('div', { class: 'cores', 'aria-hidden': 'true' }, element('span', { class: 'when' }));
  const names = element('div', { class: 'track' });
  const [client, server, ...between] = cores;
  for (const { role, name } of [client!, ...between, server!]) {
    names.append(
      element('span', { class: 'core' }, element('b', {}, role), element('span', { class: 'address' }, app.end(name))),
    );
  }
  head.append(names, element('span', { class: 'frame' }));

  const list = element('ol', { class: 'steps' });
  let before: string | null = null;
  for (const [index, segment] of steps.entries()) {
    const core = senders[index]!;
    const target = core === 0 ? 1 : 0;
    const offset = secondsBetween(exchange.started, segment.time);
    const gap = before === null ? 0 : secondsBetween(before, segment.time);
    before = segment.time;
    if (gap > 0.5) {
      const pause = element('li', { class: 'step pause' }, element('span', { class: 'when' }));
      pause.append(
        element(
          'span',
          { class: 'track' },
          ...rails(),
          element('span', { class: 'text' }, `${formatDuration(gap)} later`),
        ),
        element('span', { class: 'frame' }),
      );
      list.append(pause);
    }
    // How often it was seen again, beside those that are drawn.
    const again =
      segment.repeats - steps.filter((other, at) => isRepeat(segment, other) && senders[at] === core).length;
    const isOpening = segment.kind === 'probe' || (segment.kind === 'further' && core === 0);
    const kind = isOpening ? 'probe' : segment.acceptable ? 'answer' : 'ignored';
    const arrow = element('span', { class: `arrow ${kind} ${center(core) < center(target) ? 'right' : 'left'}` });
    arrow.style.left = `${Math.min(center(core), center(target))}%`;
    arrow.style.width = `${Math.abs(center(core) - center(target))}%`;
    const text = element(
      'span',
      { class: 'text' },
      element('b', {}, title(segment)),
      again > 0 ? element('span', { class: 'tag' }, `×${again + 1}`) : null,
      kind === 'ignored' ? element('span', { class: 'tag' }, 'ignored') : null,
      segment.checksumBad ? element('span', { class: 'tag' }, 'bad checksum') : null,
      element('span', { class: 'numbers' }, summary(segment, core)),
    );
    text.style.marginLeft = arrow.style.left;
    text.style.width = arrow.style.width;
    const id = `x${exchange.id}-f${segment.frame}-${index}`;
    const panel = element('div', { class: 'fields', id, hidden: true }, fields(segment, core));
    const toggle = element(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'aria-expanded': 'false',
        'aria-controls': id,
        'aria-label': `Fields of frame ${segment.frame}`,
        click() {
          panel.hidden = !panel.hidden;
          toggle.setAttribute('aria-expanded', String(!panel.hidden));
        },
      },
      app.icon('chevron'),
      `#${segment.frame}`,
    );
    list.append(
      element(
        'li',
        { class: 'step' },
        element(
          'span',
          { class: 'when' },
          index === 0 && offset === 0 ? '0' : Number.isNaN(offset) ? 'no time' : `+${formatDuration(offset)}`,
        ),
        element(
          'span',
          { class: 'track' },
          element(
            'span',
            { class: 'unseen' },
            `${cores[core]!.role} ${cores[core]!.name} to ${cores[target]!.role.toLowerCase()} ${cores[target]!.name}: `,
          ),
          ...rails(),
          text,
          arrow,
        ),
        element('span', { class: 'frame' }, toggle),
        panel,
      ),
    );
  }
  const outcome: string[] = [];
  if (exchange.frames.answer === null) {
    outcome.push(exchange.verdict === 'silent' ? 'no answer within the timeout' : 'no answer seen');
  }
  if (exchange.established) outcome.push('connection established');
  if (exchange.bytesToServer > 0) outcome.push(`${formatNumber(exchange.bytesToServer)} B to the server`);
  if (exchange.bytesToClient > 0) outcome.push(`${formatNumber(exchange.bytesToClient)} B to the client`);
  if (exchange.close !== null) outcome.push(`closed by ${exchange.close === 'fin' ? 'FIN' : 'RST'}`);
  list.append(
    element(
      'li',
      { class: 'step end' },
      element('span', { class: 'when' }),
      element(
        'span',
        { class: 'track' },
        ...rails(),
        element(
          'span',
          { class: 'text' },
          app.verdict(exchange.verdict),
          outcome.length > 0 ? ` · ${outcome.join(', ')}` : null,
        ),
      ),
      element('span', { class: 'frame' }),
    ),
  );

  const ladder = element('div', { class: 'ladder' }, head, list);
  ladder.dataset.cores = String(count);
  const others = exchange.frames.count - new Set(steps.map(({ frame }) => frame)).size;
  if (others > 0) {
    ladder.append(
      element(
        'p',
        { class: 'note' },
        steps.length >= MOST_STEPS
          ? `${formatCount(others, 'more frame')} of this exchange ${others === 1 ? 'is' : 'are'} not drawn.`
          : `${formatCount(others, 'more frame')} of this exchange (copies, fragments, repeats) ${others === 1 ? 'is' : 'are'} not drawn.`,
      ),
    );
  }

  const facts = element('dl', { class: 'facts' });
  const fact = (name: string, value: string | number | null) => {
    if (value !== null && value !== '') facts.append(element('dt', {}, name), element('dd', {}, String(value)));
  };
  fact('State', `${exchange.state}${exchange.reason === null ? '' : ` (${exchange.reason})`}`);
  fact('Probe', probeWord(exchange));
  fact('Answered by', exchange.answeredBy);
  fact('Latency', exchange.latencyMs === null ? null : formatDuration(exchange.latencyMs / 1000));
  fact('Started', formatTime(exchange.started, true));
  fact('Retransmissions', exchange.retransmissions);
  fact('Port 0 at', exchange.portZero === 'both' ? 'both ends' : exchange.portZero);
  fact('Layers', exchange.layers.join(' › '));
  fact('Scope', exchange.scope);
  fact('Answer’s scope', exchange.answerScope === '' ? 'none' : (exchange.answerScope ?? ''));
  fact('Anomalies', exchange.anomalies.join(', '));
  fact('Community ID', exchange.communityId);
  fact('Input', app.payload.inputs[exchange.input] ?? null);

  const { frames } = exchange;
  const filter = displayFilter(frames.ranges);
  const wireshark = element(
    'div',
    { class: 'wireshark' },
    element('code', {}, filter.length > 160 ? `${filter.slice(0, 160)}…` : filter),
    app.copyButton('Copy Wireshark filter', () => filter),
    app.copyButton('Copy link', () => `${location.href.replace(/#.*/s, '')}#x${exchange.id}`, 'link'),
  );
  if (frames.cut > 0) {
    wireshark.append(element('p', { class: 'note' }, `${formatNumber(frames.cut)} of its frames are left out.`));
  }

  const side = element('div', { class: 'side' });
  if (row.findings.length > 0) {
    const items = element('ul', { class: 'findings' });
    for (const finding of row.findings) {
      items.append(
        element(
          'li',
          {},
          element('span', {}, app.severity(finding.severity), ' ', element('code', {}, finding.ruleId)),
          element('p', {}, finding.message),
        ),
      );
    }
    side.append(items);
  }
  if (evidence.looksLike !== undefined) {
    side.append(element('p', { class: 'looks' }, evidence.looksLike.text));
  }
  if (evidence.notes.length > 0) {
    side.append(element('ul', { class: 'notes' }, ...evidence.notes.map((note) => element('li', {}, note))));
  }
  side.append(facts);
  return element('div', { class: 'detail' }, element('div', { class: 'picture' }, ladder, wireshark), side);
}
