import type { ExchangeReport } from '../report/model/types.ts';
import type { Told } from './connect.ts';
import type { Neighbour, Route } from './route.ts';

/** Where a connection attempt was stopped. */
export type Place =
  /** In this machine: its socket call, its routing table or its packet filter. Nothing was sent. */
  | 'this-machine'
  /** By the target: its TCP, or a packet filter there that says so with ICMP. */
  | 'target'
  /** By a router or firewall between, by name or in the target's name. */
  | 'on-the-way'
  /** By nobody who would say so: silence. */
  | 'nobody'
  /** Not at all. */
  | 'nowhere'
  /** What is known does not tell. */
  | 'unknown';

export interface Stopped {
  readonly where: Place;
  /** Address of who answered; null when nobody did or nobody knows. */
  readonly by: string | null;
  /** Sentences for a person. */
  readonly explanation: string;
}

/** What was on the wire of one attempt. */
export interface Wire {
  readonly interface: string;
  /** The attempt as it went out; null when no SYN was seen. */
  readonly exchange: ExchangeReport | null;
  /** True when the SYN left for another end than was asked for: this machine translates addresses or ports. */
  readonly redirected: boolean;
  /** Frames that the capture is known to have lost; null when unknown. */
  readonly drops: number | null;
}

export interface Attempt {
  readonly address: string;
  readonly port: number;
  readonly route: Route | null;
  /** Of the first hop, when the program had given up; null when that is not known. */
  readonly neighbour: Neighbour | null;
  readonly told: Told;
  /** Null when it was not allowed or not possible to look. */
  readonly wire: Wire | null;
}

/** Says where the attempt was stopped. Pure. */
export function judge(attempt: Attempt): Stopped {
  const { wire, told, route } = attempt;
  if (wire === null) {
    return route === null && told.result === 'failed' ? judgeWithoutRoute(told) : judgeByErrno(attempt);
  }
  const { exchange } = wire;
  if (exchange === null) return judgeUnseen(attempt, wire);
  if (!wire.redirected) return judgeExchange(attempt, exchange);
  const redirected = `This machine itself redirected the SYN to ${endText(exchange.server.address, exchange.server.port)} (NAT)`;
  if (exchange.answeredBy !== null) {
    const stopped = judgeExchange(attempt, exchange);
    return { ...stopped, explanation: `${redirected}. ${stopped.explanation}` };
  }
  // On its way back through this machine an answer gets the name that was asked for, and is not seen as one to this SYN.
  if (told.result === 'connected') {
    return {
      where: 'nowhere',
      by: exchange.server.address,
      explanation: `Not stopped: ${redirected}, where it was accepted.`,
    };
  }
  const stopped = judgeByErrno(attempt);
  return { ...stopped, explanation: `${redirected}. ${stopped.explanation}` };
}

function judgeExchange(attempt: Attempt, exchange: ExchangeReport): Stopped {
  const { verdict, answeredBy: by, reason } = exchange;
  const target = exchange.server.address;
  const answer = exchange.evidence.answer;
  const hops = answer?.hops ?? null;
  const passed =
    hops === null
      ? ''
      : hops === 0
        ? ', no router passed'
        : hops === 1
          ? ', 1 router passed'
          : `, ${hops} routers passed`;
  const evidence = answer === null ? '' : ` (${answer.flags ?? 'ICMP'}, TTL ${answer.ttl}${passed})`;
  // A router that answers in the target's name does so with a fresh TTL, where the target's own packets lost one there.
  const gateway = attempt.route?.known ? attempt.route.gateway : null;
  const impostor = gateway !== null && hops === 0 && by === target;
  const inItsName = `in the target's name${evidence}: with that TTL it came from ${gateway}, the first router, or from this side of it, not from the target behind it.`;

  switch (verdict) {
    case 'accepted':
    case 'simultaneous': {
      if (impostor)
        return { where: 'nowhere', by, explanation: `Not stopped: somebody on the way accepted ${inItsName}` };
      const untold = attempt.told.result === 'connected' ? '' : ', yet the program was not told so';
      return { where: 'nowhere', by, explanation: `Not stopped: ${target} accepted${evidence}${untold}.` };
    }
    case 'refused': {
      if (impostor) return { where: 'on-the-way', by: null, explanation: `A router or firewall refused ${inItsName}` };
      const doubt = hops === 0 ? '' : ' A firewall close to it that answers in its name would look the same.';
      return { where: 'target', by, explanation: `The target's TCP refused${evidence}.${doubt}` };
    }
    case 'unreachable': {
      const what = `ICMP ${reason ?? 'error'}${evidence.replace('(ICMP, ', '(')}`;
      if (by === exchange.client.address) {
        return { where: 'this-machine', by, explanation: `This machine said so itself: ${what}.` };
      }
      if (by === target) {
        return { where: 'target', by, explanation: `A packet filter on the target rejected it: ${what}.` };
      }
      const who =
        by !== null && by === gateway ? `${by}, the first router,` : `${by}, a router or firewall on the way,`;
      return { where: 'on-the-way', by, explanation: `${who} ${REJECTIONS[reason ?? ''] ?? 'rejected it'}: ${what}.` };
    }
    case 'challenged':
      return {
        where: 'target',
        by,
        explanation: `The target answered with an ACK of something else${evidence}: a half-open leftover of an earlier connection, or a challenge ACK. It neither accepted nor refused.`,
      };
    case 'invalid-reset':
      return {
        where: 'unknown',
        by,
        explanation: `Only a RST came that this machine must ignore, as it does not acknowledge the SYN${evidence}: forged, or from a broken stack.`,
      };
    case 'silent':
    case 'undecided':
    case 'unsolicited':
      return { where: 'nobody', by: null, explanation: silence(attempt, exchange.retransmissions + 1) };
  }
}

/** What a router means; the others are prohibitions. */
const REJECTIONS: Readonly<Record<string, string>> = {
  'host-unreach': 'cannot reach the target, which is down or not there',
  'net-unreach': 'has no route to the target',
  'no-route': 'has no route to the target',
  'time-exceeded': 'gave up after too many hops, as in a routing loop',
};

function silence({ told, wire }: Attempt, syns: number): string {
  const waited = `${(told.afterMs / 1000).toFixed(1)} s`;
  const lost = wire?.drops ? ` The capture lost ${wire.drops} frames, so an answer may have been among them.` : '';
  const sent = syns === 1 ? 'One SYN' : `${syns} SYNs`;
  return `Nobody answered: ${sent} in ${waited} and silence. A firewall drops it, or the host is down.${lost}`;
}

/** No SYN was seen where it should have left. */
function judgeUnseen({ told, route, neighbour, address }: Attempt, wire: Wire): Stopped {
  const nothing = `Stopped in this machine: nothing was sent on ${wire.interface}`;
  const lost = wire.drops ? ` The capture lost ${wire.drops} frames, so this is not certain.` : '';
  if (told.result === 'connected') {
    const explanation = `Accepted, but not on ${wire.interface}: the connection went another way, or was answered inside this machine.${lost}`;
    return { where: 'nowhere', by: null, explanation };
  }
  // Linux asks for the neighbour for three seconds before it gives up; all that is refused locally is refused at once.
  const isOver = told.result === 'timeout' || told.code === 'ETIMEDOUT';
  if ((told.code === 'EHOSTUNREACH' && told.afterMs > 500) || (isOver && neighbour === 'unanswered')) {
    const whom = route?.gateway ?? 'the target';
    const within = isOver ? ` within ${(told.afterMs / 1000).toFixed(1)} s` : '';
    const explanation = `Nobody is there: nothing was sent on ${wire.interface} but the question for the link address of ${whom}, which nobody answered${within}.${lost}`;
    return { where: 'nobody', by: null, explanation };
  }
  if (isOver && neighbour === null && told.afterMs < NEIGHBOUR_MILLIS) {
    const explanation = `Nothing was sent on ${wire.interface}: either nobody has answered yet for the link address of ${route?.gateway ?? address}, or a packet filter of this machine drops it. A --timeout of 5s or more tells which.${lost}`;
    return { where: 'unknown', by: null, explanation };
  }
  if (isOver) {
    const explanation = `${nothing}, and nobody said why: a packet filter of this machine drops it.${lost}`;
    return { where: 'this-machine', by: null, explanation };
  }
  return { where: 'this-machine', by: null, explanation: `${nothing}, as ${localReason(told.code, route)}.${lost}` };
}

function judgeWithoutRoute({ code }: Told): Stopped {
  const why =
    code === 'EACCES' || code === 'EPERM' ? 'its routing table prohibits it' : 'it has no route to the target';
  const explanation = `Stopped in this machine: nothing was sent, as ${why} (${code}).`;
  return { where: 'this-machine', by: null, explanation };
}

/** As long as Linux asks for a neighbour, and some more; see judgeUnseen(). */
const NEIGHBOUR_MILLIS = 4000;

function localReason(code: string | null, route: Route | null): string {
  switch (code) {
    case 'EADDRNOTAVAIL':
      return "this machine's connect() itself refuses such a port or address";
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EINVAL':
      return route?.known === true
        ? `a packet filter of this machine rejected it, which has a route over ${route.interface}`
        : 'this machine has no route that lets it pass, or a packet filter that rejected it';
    case 'ECONNREFUSED':
      return 'a packet filter of this machine rejected it';
    default:
      return `this machine's own call failed with ${code}`;
  }
}

/** What the errno alone can and cannot tell, by Linux's mapping of ICMP errors. */
function judgeByErrno({ told }: Attempt): Stopped {
  const unknown = (explanation: string): Stopped => ({ where: 'unknown', by: null, explanation });
  if (told.result === 'connected') {
    const explanation =
      'Not stopped: somebody accepted. Whether the target or something on the way that redirects there, the errno cannot tell.';
    return { where: 'nowhere', by: null, explanation };
  }
  const silent =
    'No answer that counted: dropped on the way, by the target, or in this machine, or answered by what this machine ignores. The errno cannot tell which.';
  if (told.result === 'timeout') return unknown(silent);
  switch (told.code) {
    case 'ETIMEDOUT':
      return unknown(silent);
    case 'ECONNREFUSED':
      return unknown(
        "Refused: by a RST or by ICMP port-unreach, from the target's TCP, a packet filter there, a firewall on the way, or this machine's own. The errno cannot tell which, nor who.",
      );
    case 'EHOSTUNREACH':
      return unknown(
        'An ICMP error (host-unreach, host-prohibited, admin-prohibited, time-exceeded; ICMPv6 host-unreach), or nobody answered for the link address, or a route of this machine. The errno cannot tell which, nor who.',
      );
    case 'ENETUNREACH':
      return unknown(
        'No route: in this machine (then nothing was sent), or an ICMP error (net-unreach, net-prohibited; ICMPv6 no-route). The errno cannot tell which, nor who.',
      );
    case 'ENOPROTOOPT':
      return unknown('An ICMP proto-unreach. The errno cannot tell who sent it.');
    case 'EACCES':
      return unknown(
        'Prohibited: by a rule of this machine (then nothing was sent), or by ICMPv6 admin-prohibited or reject-route. The errno cannot tell which, nor who.',
      );
    case 'EADDRNOTAVAIL':
      return {
        where: 'this-machine',
        by: null,
        explanation:
          "This machine's own connect() refused: macOS, Windows and others do so for port 0, and nothing is sent. (On Linux it means that no local port was free.)",
      };
    default:
      return { where: 'this-machine', by: null, explanation: `This machine's own call failed with ${told.code}.` };
  }
}

export function endText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
