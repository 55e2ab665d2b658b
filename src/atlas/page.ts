import { labelOf } from './load.ts';
import { longAnswer, shortAnswer, sourceOf } from './matrix.ts';
import { type Atlas, CASE_TEXTS, CASES, type StackEntry } from './types.ts';

/** Rows of the table of what is told apart: stack against stack. */
export interface Confusion {
  readonly stack: string;
  /** Stacks whose answers to all of the battery's questions of TCP the atlas cannot tell from this one's; null where none was asked. */
  readonly together: Readonly<Record<4 | 6, readonly string[] | null>>;
  /** The same by the answer to the SYN to port 0 alone. */
  readonly bySyn: Readonly<Record<4 | 6, readonly string[] | null>>;
}

/** docs/atlas.md. Written from the data alone; a test holds the file to it. */
export function formatPage(atlas: Atlas, confusion: readonly Confusion[]): string {
  return [
    '# The atlas: which stacks refuse port 0, and which do not',
    '',
    'Made from [atlas/atlas.json](../atlas/atlas.json) by `UPDATE_DOCS=1 npx vitest run test/atlas/page.test.ts`. Every answer below',
    'was measured: one battery of raw frames, from an address that no kernel owns, sent to the stack by the scripts of',
    '[fixtures/lab/stacks](../fixtures/lab/stacks), each case in a capture of its own, read by tshark. A test analyses every capture',
    'again and holds portzero to what is written here. What was read in code or documentation is in a table of its own.',
    '',
    '**The answer.** A stack refuses port 0 as it refuses any closed port: of those that were run and speak TCP to whoever asks, each',
    'answers a SYN to port 0 as it answers one to a closed port. What lets nobody listen there is the API, to which 0 means "any',
    "port\". Where a program gets round that (a forwarder of gVisor's, a listener of lwIP's whose port is set to 0, a redirect,",
    'TPROXY), the same stacks accept, carry data and close; and two of them open port 0 to port 0, over',
    '[IPv4](../fixtures/accepted/custom-stacks-0-to-0.pcap) and [IPv6](../fixtures/accepted/custom-stacks-0-to-0-ipv6.pcap), from',
    '[either side](../fixtures/accepted/custom-stacks-gvisor-opens.pcap), and',
    '[simultaneously](../fixtures/simultaneous/custom-stacks-0-to-0.pcap). In the BSDs, macOS, illumos and Windows no program comes so',
    'far: `connect()` itself refuses a remote port of 0 there.',
    '',
    '`fixtures/lab/stacks/make.sh --check` runs all of it again, on a Debian with what `bin/setup --lab` installs, and tells what is',
    'no longer as it is written here.',
    '',
    '## What went over the wire',
    '',
    ...wireTable(atlas, 4),
    '',
    'Over IPv6:',
    '',
    ...wireTable(atlas, 6),
    '',
    'Limits on the rate of ICMP errors are off in the Linux systems that were asked (`net.ipv4.icmp_ratelimit`,',
    '`net.ipv6.icmp.ratelimit`): what such a limit holds back is no silence of the stack. What is silent answered for its link address',
    'afterwards, and so was alive.',
    '',
    'A RST that has ACK as well, in answer to Maimon or ACK (lwIP and LWIPv6 send it), is byte for byte what ends a connection whose',
    'start was not captured: portzero says late start there, and accuses nobody of a scan.',
    '',
    '## From inside',
    '',
    ...insideTable(atlas),
    '',
    '## By code or documentation, not run',
    '',
    ...codeTable(atlas),
    '',
    '## What could not be had',
    '',
    ...MISSING.map((text) => `- ${text}`),
    '',
    '## Which can be told apart',
    '',
    '`looksLike` names all stacks whose answer the bytes allow. Answers differ from the others by flags, sequence and acknowledgment',
    'numbers, window (of a SYN-ACK only whether it is 0), options and their order, initial TTL, IP ID and DF. That no ICMP error came',
    'speaks against nobody who would send one: their rate is limited. Below, — is nobody else, and · was not asked.',
    '',
    '| what answers | by a SYN to port 0 it could also be | over IPv6 | by all TCP questions of the battery | over IPv6 |',
    '| --- | --- | --- | --- | --- |',
    ...confusion.map(
      ({ stack, bySyn, together }) =>
        `| ${stack} | ${names(bySyn[4])} | ${names(bySyn[6])} | ${names(together[4])} | ${names(together[6])} |`,
    ),
    '',
    '## The answers in full',
    '',
    ...atlas.stacks.flatMap(stackSection),
  ].join('\n');
}

/** Kept by hand, as is what is known by code. */
const MISSING = [
  'U-Boot in Debian is built without TCP (`CONFIG_PROT_TCP`, and so without `wget`) and without IPv6: nothing of it can open a' +
    ' connection, and its TFTP client keeps to port 69 (`CONFIG_TFTP_PORT` is not set). What its TCP does is told by its code above.',
  'iPXE has no listeners, and answers no segment that it did not ask for; as a client it was asked over IPv4.',
  'A listener whose port is 0: lwIP (a field of its control block) and gVisor (a forwarder) have a public API for it, and there it' +
    ' was done. bind(0) of Linux, lwIP, gVisor and ns-3 gives an ephemeral port; that of LWIPv6 gives one of which getsockname() says' +
    ' 0, and yet port 0 refuses.',
  'FreeBSD, OpenBSD, NetBSD, macOS, Windows and illumos need a virtual machine with an image that Debian does not have;' +
    ' picoTCP, smoltcp, FreeRTOS+TCP, Zephyr, Contiki, VPP, F-Stack and Seastar are not in Debian as something that can be run.' +
    ' They are in the table above, by code or documentation.',
];

function names(list: readonly string[] | null): string {
  return list === null ? '·' : list.length === 0 ? '—' : list.join(', ');
}

function wireTable({ stacks }: Atlas, family: 4 | 6): string[] {
  const shown = stacks.filter(({ cells }) => cells.some((cell) => cell.family === family));
  const cases = CASES.filter((name) => shown.some(({ cells }) => cells.some((cell) => cell.case === name)));
  return [
    `| | ${shown.map((stack) => `[${labelOf(stack)}](#${stack.id})`).join(' | ')} |`,
    `| --- |${' --- |'.repeat(shown.length)}`,
    ...cases.map((name) => {
      const texts = shown.map(({ cells }) => {
        const cell = cells.find((each) => each.case === name && each.family === family);
        if (cell === undefined) return '·';
        const text = shortAnswer(cell.answers);
        return cell.capture === undefined ? text : `[${text}](../fixtures/${cell.capture})`;
      });
      return `| ${CASE_TEXTS[name]} | ${texts.join(' | ')} |`;
    }),
  ];
}

function insideTable({ stacks }: Atlas): string[] {
  return [
    '| stack | asked | by | told | a SYN left |',
    '| --- | --- | --- | --- | --- |',
    ...stacks.flatMap((stack) =>
      stack.inside.map(({ question, program, told, synLeft, capture }) => {
        const left = !synLeft ? 'no' : capture === undefined ? 'yes' : `[yes](../fixtures/${capture})`;
        return `| ${labelOf(stack)} | ${question} | ${program} | ${escapeCell(told)} | ${left} |`;
      }),
    ),
  ];
}

function codeTable({ byCode }: Atlas): string[] {
  return [
    '| stack | question | what it says | where |',
    '| --- | --- | --- | --- |',
    ...byCode.flatMap(({ name, claims }) =>
      claims.map(
        (claim) => `| ${name} | ${claim.question} | ${escapeCell(claim.says)} | ${escapeCell(sourceOf(claim))} |`,
      ),
    ),
  ];
}

function stackSection(stack: StackEntry): string[] {
  return [
    `<a id="${stack.id}"></a>`,
    '',
    `### ${labelOf(stack)}`,
    '',
    `${stack.how}. ${stack.script === undefined ? '' : `Started by [${stack.script.split('/').at(-1)}](../${stack.script}), `}${stack.date}, recorded by ${stack.recorder}.`,
    '',
    ...([4, 6] as const).flatMap((family) => {
      const cells = CASES.flatMap((name) => stack.cells.filter((cell) => cell.case === name && cell.family === family));
      if (cells.length === 0) return [];
      return [
        `| over IPv${family} | answer |`,
        '| --- | --- |',
        ...cells.map(
          ({ case: name, answers }) =>
            `| ${CASE_TEXTS[name]} | ${answers.length === 0 ? 'silent' : answers.map(longAnswer).join('; then ')} |`,
        ),
        '',
      ];
    }),
  ];
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
