import type { CaptureProblem } from '../../capture/source.ts';
import { formatCount, formatNumber } from '../../words/numbers.ts';
import type { NotLookedIntoReport } from './types.ts';

/* What could not be looked into is not "nobody": the words for it, the same in every report. */

/**
 * EtherTypes of protocols that are not read and put no tag before a frame (IEEE's list; Wireshark, etypes.h): XNS, X.25, VINES,
 * DECnet and other DEC, SNA, IPX, AppleTalk, ROHC, FCoE, RoCE, EtherCAT, POWERLINK, SERCOS III, TIPC, WSMP, GeoNetworking, batman-adv,
 * 6LoWPAN, TECMP, eCPRI and others that Wireshark names.
 */
const NO_TAGS = [
  '0600',
  '0805',
  '08f0',
  '0bad',
  '0baf',
  '1984',
  '22f1',
  '3c07',
  '3e3f',
  '4305',
  '6000',
  '6003',
  '6005',
  '6006',
  '6007',
  '8021',
  '8038',
  '8041',
  '809b',
  '80d5',
  '80e1',
  '80fd',
  '80ff',
  '8102',
  '8103',
  '8104',
  '8133',
  '8137',
  '8138',
  '8181',
  '81fd',
  '81ff',
  '8204',
  '872d',
  '8783',
  '8819',
  '885a',
  '886c',
  '886d',
  '887b',
  '8881',
  '8884',
  '889b',
  '88a1',
  '88a4',
  '88ab',
  '88ad',
  '88b4',
  '88b7',
  '88ca',
  '88cd',
  '88d2',
  '88d8',
  '88dc',
  '88de',
  '88f8',
  '8901',
  '8906',
  '8911',
  '8915',
  '8917',
  '891d',
  '892b',
  '892d',
  '893a',
  '8947',
  '8988',
  '9021',
  '9022',
  '9104',
  '99fe',
  'a0ed',
  'aefe',
  'b4e3',
  'c021',
  'c023',
  'c0de',
  'c0df',
  'cafe',
  'd00d',
  'e555',
  'fff2',
];

/** Reasons that a sentence names; the most frequent ones. */
const MAX_REASONS = 3;

/**
 * EtherTypes that may be a tag: numbers that nobody has been given, as far as we know, and the ranges that vendors took for tags
 * (0x8100, 0x9100, 0x9200, 0x9300 and around them). Those below are known to be something else that is not read.
 */
const MAYBE_TAG = new RegExp(`^ethertype-0x(?!(?:${NO_TAGS.join('|')})$)`);

/** What a person can do about a reason, by the beginning of its name. */
const REMEDIES: ReadonlyArray<readonly [beginning: string | RegExp, remedy: string]> = [
  // A type that has a name is what it is, and is not read: to call it something else would only misread it.
  [/^link-type-(user\d+|unknown-\d+)$/, '--link-type or decoder.linkTypes says what an unknown link type is'],
  [MAYBE_TAG, 'decoder.vlanTypes says which EtherTypes are VLAN tags'],
  ['truncated-', 'a larger snap length keeps whole headers'],
  ['later-fragment-', 'a capture that begins earlier, or --join with the file before it, has the first fragments'],
];

/** "3 of 10 frames could not be looked into (link-type-user0 2, truncated-ipv4 1)". */
export function formatMissed({ frames, reasons }: NotLookedIntoReport, of: number): string {
  return `${formatMissedCount(frames, of)} looked into (${formatReasons(reasons)})`;
}

/** "3 of 10 frames could not be". */
export function formatMissedCount(frames: number, of: number): string {
  return `${formatNumber(frames)} of ${formatCount(Math.max(frames, of), 'frame')} could not be`;
}

export function formatReasons(reasons: Readonly<Record<string, number>>): string {
  const sorted = sortReasons(reasons);
  const named = sorted.slice(0, MAX_REASONS).map(([reason, frames]) => `${reason} ${formatNumber(frames)}`);
  const rest = sorted.length - named.length;
  return rest === 0 ? named.join(', ') : `${named.join(', ')} and ${formatCount(rest, 'more reason')}`;
}

/** A sentence on what helps with the reasons, the most frequent first; '' where nothing is known to help. */
export function formatRemedies(reasons: Readonly<Record<string, number>>): string {
  const remedies = new Set<string>();
  for (const [reason] of sortReasons(reasons)) {
    const remedy = REMEDIES.find(([beginning]) =>
      typeof beginning === 'string' ? reason.startsWith(beginning) : beginning.test(reason),
    );
    if (remedy !== undefined) remedies.add(remedy[1]);
  }
  const text = [...remedies].slice(0, MAX_REASONS).join('; ');
  return text === '' ? '' : `What helps: ${text}.`;
}

function sortReasons(reasons: Readonly<Record<string, number>>): Array<[string, number]> {
  return Object.entries(reasons).sort(([, a], [, b]) => b - a);
}

/**
 * The problem of an input of which nothing could be looked into, or, where that is asked for, not everything. Null when
 * there is none.
 */
export function describeUnseen(
  missed: NotLookedIntoReport & { readonly bytes: number },
  totals: { readonly frames: number; readonly bytes: number; readonly packets: number },
  { name, isStrict, isLive }: { readonly name: string; readonly isStrict: boolean; readonly isLive: boolean },
): CaptureProblem | null {
  const { frames, reasons } = missed;
  if (frames === 0) return null;
  // Numbers that blocks without a packet have are no frames; what they hold are no bytes.
  // A frame may hold several packets, and some of them have been read.
  const isAll = totals.packets === 0 && (frames >= totals.frames || (missed.bytes > 0 && missed.bytes >= totals.bytes));
  const isLink = Object.keys(reasons).every((reason) => reason.startsWith('link-type-'));
  // Of a live capture the kernel's filter has looked into what it kept back.
  const isNothing = isAll && (isLink || !isLive);
  if (!isNothing && !isStrict) return null;
  const remedies = formatRemedies(reasons);
  const what = isNothing
    ? `nothing could be looked into: ${formatMissed(missed, totals.frames)}`
    : `${formatMissed(missed, totals.frames)}, and --strict asks for all`;
  return {
    code: !isNothing ? 'not-looked-into' : isLink ? 'link-type-unknown' : 'nothing-understood',
    offset: null,
    frame: null,
    message: `${name}: ${what}${remedies === '' ? '' : `. ${remedies}`}`,
  };
}
