/*
 * Where things lie in the core's memory, for both sides: the AssemblyScript beside this file, and core.ts, which looks in
 * from outside. Addresses and sizes are in bytes.
 */

// --- doubles that both sides read and write ---------------------------------------------------------------------------

/** What is known of all frames so far, in the order of FrameTotals (prefilter.ts). */
export const TOTAL_FRAMES = 0;
export const TOTAL_BYTES = 8;
export const TOTAL_SEGMENTS = 16;
export const FIRST_SECONDS = 24;
export const FIRST_NANOS = 32;
export const FIRST_DIGITS = 40;
export const LAST_SECONDS = 48;
export const LAST_NANOS = 56;
export const LAST_DIGITS = 64;
export const TOTALS_LENGTH = 9;

/** Id of the next exchange, whoever opens it. */
export const NEXT_ID = 96;
/** Time at which the tracker's next timer fires: then it has to be called, whatever the frame is. */
export const WAKE = 104;
/** Nanoseconds without an answer that are silence. */
export const TIMEOUT = 112;
/** Exchanges that have settled, by verdict. */
export const SETTLED_ACCEPTED = 120;
export const SETTLED_REFUSED = 128;
export const SETTLED_SILENT = 136;
export const SETTLED_UNDECIDED = 144;

// --- 32-bit words that both sides read and write ----------------------------------------------------------------------

/** 1 when skip() stopped because of WAKE, not because of the record it stopped at. */
export const WOKEN = 152;
/** Number of the last frame. */
export const FRAME = 156;
/** Time of the last record that was passed over: of pcapng, a simple packet block has it too. */
export const PASSED_SECONDS = 160;
export const PASSED_NANOS = 164;
/** Exchanges in the tracker's table, and in the ledger. */
export const TRACKED = 168;
export const SIZE = 172;
/** VLAN id whose scope was wanted and is not known yet; 0 for none. */
export const UNKNOWN_VLAN = 176;
/** Bytes of the relay block that are used, and 1 when skip() stopped because it is full. */
export const RELAY_USED = 180;
export const RELAY_FULL = 184;
/** The key that take() looks for: words as FlowKey has them. */
export const KEY_SOURCE = 188; // 4 words
export const KEY_DESTINATION = 204; // 4 words
export const KEY_PORTS = 220;
export const KEY_IPV6 = 228;
export const KEY_HASH = 232;

// --- settings, written before the first frame; of a pcapng section, before its first packet ---------------------------

/** Whether there is a ledger: where somebody may see the exchanges on ordinary ports, the tracker keeps them. */
export const HAS_LEDGER = 236;
/** How many records the memory has room for, and how many exchanges ledger and tracker may have together. */
export const CAPACITY = 240;
export const LIMIT = 244;
/** Whether frames that somebody has to see are put into the relay block. */
export const RELAYS = 252;
/**
 * Whether of segments on ordinary ports, with SYN, FIN or RST, only the headers up to TCP's fixed part are: all that is needed
 * where nobody can see more of them.
 */
export const TRIMS = 256;
/** Of classic pcap: whether little-endian, whether nanoseconds, length of a record header. */
export const PCAP_LITTLE = 260;
export const PCAP_NANO = 264;
export const PCAP_HEADER = 268;
/** Of the pcapng section: whether little-endian, longest block, number of interfaces. */
export const PCAPNG_LITTLE = 272;
export const PCAPNG_MOST = 276;
export const PCAPNG_INTERFACES = 280;
/** Key of the hash of ends, two words. */
export const HASH_KEY = 284;

/** The table of exchanges (track/table.ts), in words from TABLE on. Row 0 is none; the lists are numbered as there. */
export const TABLE = 292;
export const TABLE_LENGTH = 19;
/** Rows in use; rows that were ever used, and the first of those that are free again; ends in the index. */
export const TABLE_SIZE = 0;
export const TABLE_USED = 1;
export const TABLE_FREE = 2;
export const TABLE_KEYS = 3;
export const TABLE_HEADS = 4; // 5 words
export const TABLE_TAILS = 9; // 5 words
export const TABLE_COUNTS = 14; // 5 words
/**
 * Whether the table is in this memory; then where its rows and its index begin, how many pairs the index has, and how many
 * rows there is room for: those that were settled in here wait for the tracker to tell of them, beyond LIMIT.
 */
export const HAS_TABLE = 368;
export const TABLE_ROWS = 372;
export const TABLE_INDEX = 376;
export const TABLE_SLOTS = 380;
export const TABLE_CAPACITY = 384;
/** The pool of answers (track/answer-pool.ts), in words from ANSWERS on: answers that were ever used, and the first that is free again. */
export const ANSWERS = 596;
export const ANSWERS_LENGTH = 2;
export const ANSWERS_USED = 0;
export const ANSWERS_FREE = 1;
/** Where the pool's rows begin, and how many may be used. */
export const ANSWER_ROWS = 604;
export const ANSWER_LIMIT = 608;
/** Whether a question had to leave the full table: then the tracker looks at answers to none. */
export const HAS_EVICTED = 612;
/** Where the rows beside those of the table and of the pool begin: assembly/exchange-rest.ts, exchange-options.ts, answer-rest.ts, answer-options.ts. */
export const TABLE_REST = 616;
export const TABLE_OPTIONS = 620;
export const ANSWER_REST = 624;
export const ANSWER_OPTIONS = 636;
/** Whether the run is live: then the tracker hears of all that is told early, each time before more of it changes. */
export const TELLS = 628;
/** Whether time stamps are compared with a clock that does not step; a frame whose stamp may be ahead of that is the tracker's. */
export const HAS_EVEN = 632;
/** The only scope in which there is anything in the table; where that is not so, the core opens nothing. */
export const ONLY_SCOPE = 388;
export const NO_SCOPE = 0xffffffff;
/** The way in of a frame that was handed over, for which the layers are not known yet; 0 for none. */
export const UNKNOWN_WAY = 392;
/** Entries of the log that are used. */
export const LOG_USED = 396;
/** 48 words, an index of the layers (track/layer-paths.ts) by way in: 0 is unknown. A way is a link, twice the number of VLAN tags, and IPv6 or not. */
export const WAYS = 400;
export const WAY_LINK_SHIFT = 3;

/** Interfaces: classic pcap has one. */
export const INTERFACES = 640;
export const INTERFACE_LENGTH = 64;
export const MOST_INTERFACES = 32;
export const INTERFACE_LINK = 0;
export const INTERFACE_FCS = 4;
export const INTERFACE_LIMIT = 8;
export const INTERFACE_DIGITS = 12;
/** Ticks a second, nanoseconds a tick, and seconds to add, as 64-bit integers. A unit of 0 is none that the core can read. */
export const INTERFACE_UNIT = 16;
export const INTERFACE_TICK = 24;
export const INTERFACE_OFFSET = 32;

/** What begins a frame, as INTERFACE_LINK says. */
export const LINK_OTHER = 0;
export const LINK_ETHERNET = 1;
export const LINK_COOKED = 2;
export const LINK_COOKED_2 = 3;
export const LINK_NULL = 4;
export const LINK_IP = 5;

/** LINKTYPE_ value, and index among all interfaces of the input. */
export const INTERFACE_TYPE = 40;
export const INTERFACE_INDEX = 44;

/** What is hashed: up to nine words, and four behind them. */
export const HASHED = 2688;

/** Frames that come next and have a place in an index: the address of the IP header and the hash of its ends, a word each. */
export const AHEAD = 2816;
export const AHEAD_MOST = 16;
export const AHEAD_SHIFT = 3;
/** What was loaded goes there, so that it is loaded. */
export const AHEAD_TOUCHED = 2944;

/** The state of CaptureClock (track/clock.ts): time now, offset, whether it was started; how many other offsets it has had, and these. */
export const CLOCK = 2952;
export const CLOCK_NOW = 2952;
export const CLOCK_OFFSET = 2960;
export const CLOCK_STARTED = 2968;
export const CLOCK_STEPS = 2976;
export const CLOCK_OTHERS = 2984; // 4 doubles
export const CLOCK_MOST_OTHERS = 4;
export const CLOCK_LENGTH = 8;

/** A bit for each UDP port that is read as a tunnel. */
export const TUNNEL_PORTS = 4096;
/** Scope of each VLAN id as 32 bits; -1 where it is not known yet. */
export const VLAN_SCOPES = 12288;
/** By the hash of its ends, in whatever scope, how many exchanges on ordinary ports the tracker's table holds: 16 bits each. */
export const FILTER = 32768;
export const FILTER_MASK = 0x7fff;

/** Pairs of ordinary ports with an exchange that waits, 16 bits a cell: see track/waiting-ports.ts. */
export const WAITING = 98304;
export const WAITING_CELLS = 16384;
export const WAITING_STICKY = 0xffff;

/** Where captures are read into. Begins on a page. */
export const INPUT = 131072;
export const INPUT_LENGTH = 524288;

/** Frames for another thread, as frame-ring.ts in prefilter/ lays them out. */
export const RELAY = 655360;
export const RELAY_LENGTH = 262144;
/** The totals, and the bytes that are used. */
export const RELAY_HEADER = 80;
export const RELAYED_HEADER = 24;
export const RELAYED_NUMBER = 0;
export const RELAYED_SECONDS = 4;
export const RELAYED_NANOS = 8;
export const RELAYED_WIRE = 12;
export const RELAYED_CAPTURED = 16; // 16 bits
export const RELAYED_INTERFACE = 18; // 16 bits
export const RELAYED_LINK_TYPE = 20; // 16 bits
export const RELAYED_DIGITS = 22; // 8 bits
export const RELAYED_FCS = 23; // 8 bits
/** Digits of a frame without a time stamp, which the tracker judges: FRAME_WITHOUT_TIME (capture/source.ts). */
export const WITHOUT_TIME = 15;
/** A captured length that says: numbers and lengths of this one need more room. */
export const RELAYED_LONG = 0xffff;

// --- the ledger's records ---------------------------------------------------------------------------------------------

/** SYNs that were relayed and wait: hash, ISN, state (core/assembly/waiting.ts), ports; at most half of the slots are used. */
export const WAITS = 917504;
export const WAITS_SHIFT = 4;
export const WAITS_MASK = 0xffff;
export const WAITS_MOST = 0x8000;
export const WAITS_LENGTH = 1048576;

/**
 * What the core has done to rows of the table, in order, for the tracker to tell of before it does anything itself: a row and LOG_,
 * a word each.
 */
export const LOG = 1966080;
export const LOG_MOST = 1024;
export const LOG_SHIFT = 2;
export const LOG_OPENED = 0;
export const LOG_SETTLED = 1;
/** Settled before its time, since the table was full. */
export const LOG_EVICTED = 2;
/** Live only. */
export const LOG_CHANGED = 3;

/** What is left of each shape (Exchange.shape) once it goes by numbers only, so many bytes apart: analysis/alike.ts. */
export const ALIKE = 1974272;
export const ALIKE_SHIFT = 6;
/** ALIKE_ bits below: 0 where each exchange is to be told of. */
export const ALIKE_STATE = 0;
/** The last client and server that were told of; first words of IPv4. */
export const ALIKE_CLIENT = 4;
export const ALIKE_SERVER = 8;
/** Digits of the first and the last time; WITHOUT_TIME where there is none. */
export const ALIKE_FIRST_DIGITS = 12;
export const ALIKE_LAST_DIGITS = 16;
export const ALIKE_FIRST_NANOS = 20;
export const ALIKE_LAST_NANOS = 24;
export const ALIKE_COUNT = 32; // double
export const ALIKE_FIRST_SECONDS = 40; // double
export const ALIKE_LAST_SECONDS = 48; // double
export const ALIKE_LENGTH = 65536;
export const ALIKE_COUNTS = 1;
/** Who asked, and who was asked, is of no interest any more. */
export const ALIKE_ANY_CLIENT = 2;
export const ALIKE_ANY_SERVER = 4;

export const RECORDS = 2097152;
/** What IPv4 needs; of IPv6 the other words of the addresses lie behind all records, a quarter as long for each. */
export const RECORD_LENGTH = 96;
export const MORE_SHIFT = 2;
/** client port << 16 | server port */
export const PORTS = 0;
export const CLIENT = 4; // first word
export const SERVER = 8;
export const SCOPE = 12;
/** STATE_ below. */
export const STATE = 16;
export const HASH = 20;
export const ISN = 24;
export const ANSWER_SEQUENCE = 28;
export const DEADLINE = 32; // double
export const PREVIOUS = 40;
export const NEXT = 44;
export const ID = 48;
/** Flags are 16 bits, the TTL 8. */
export const PROBE_FLAGS = 52;
export const ANSWER_FLAGS = 54;
export const PROBE_TTL = 56;
export const ANSWER_TTL = 57;
export const PROBE_IP_ID = 58; // 16 bits
export const ANSWER_IP_ID = 60; // 16 bits
/** The time is that of the last transmission, the frame that of the first. */
export const PROBE_SECONDS = 64;
export const PROBE_NANOS = 68;
export const PROBE_FRAME = 72;
export const ANSWER_SECONDS = 76;
export const ANSWER_NANOS = 80;
export const ANSWER_FRAME = 84;
/** Nanoseconds between the last two transmissions; of a silent exchange the time until which it is held. A double. */
export const GAP_OR_HOLD = 88;
/** Seconds, then nanoseconds, of the first transmission, in a place that is free: without an answer its own, with one that of gap and hold. */
export const STARTED_UNANSWERED = 76;
export const STARTED_ANSWERED = 88;
/** Of IPv6, three words each. */
export const CLIENT_MORE = 0;
export const SERVER_MORE = 12;

/** Waits for an answer; conversing; closed; refused; without an answer for so long that it is silent. */
export const STATE_OPEN = 1;
export const STATE_CONVERSING = 2;
export const STATE_CLOSED = 3;
export const STATE_REFUSED = 4;
export const STATE_SILENT = 5;
export const STATE_MASK = 7;
export const STATE_IPV6 = 8;
export const STATE_CLIENT_FIN = 16;
export const STATE_SERVER_FIN = 32;
export const STATE_RESET = 64;
export const STATE_CLOSED_BY_FIN = 128;

/** Pairs of hash and record in open addressing. The first index has so many; each further one twice the last's. */
export const FIRST_SLOTS = 4096;
export const SLOT_LENGTH = 8;

// --- rows of the table: exchange-layout.ts has where the fields are ----------------------------------------------------

/** Lists: see track/table.ts. */
export const LIST_OPEN = 0;
export const LIST_LINGER = 1;
export const LIST_CONVERSATION = 2;
export const LIST_LONE = 3;
export const LIST_CLOSED = 4;
/** Stands for the entry before in the list where it is in none. */
export const UNLISTED = -1;

/** Bits of `traits`. */
export const TRAIT_VERDICT = 0xf;
export const TRAIT_PROBE_SHIFT = 4; // 4 bits: index of PROBES, 15 for none
/** What few exchanges have, and options of the opening segment: whether there are such rows beside that of the exchange. */
export const TRAIT_HAS_REST = 1 << 8;
export const TRAIT_HAS_OPTIONS = 1 << 9;
export const TRAIT_DIGITS_SHIFT = 10; // 4 bits
export const TRAIT_IPV6 = 1 << 14;
export const TRAIT_ESTABLISHED = 1 << 15;
export const TRAIT_CLIENT_FIN = 1 << 16;
export const TRAIT_SERVER_FIN = 1 << 17;
export const TRAIT_RESET = 1 << 18;
export const TRAIT_CLOSED_BY_FIN = 1 << 19;
export const TRAIT_CONFLICTING = 1 << 20;
export const TRAIT_UNSEEN_ANSWER = 1 << 21;
export const TRAIT_CLIENT_RESET = 1 << 22;
export const TRAIT_CHALLENGED = 1 << 23;
export const TRAIT_INVALID_RESET = 1 << 24;
export const TRAIT_DONT_FRAGMENT = 1 << 25;
export const TRAIT_CHECKSUM_BAD = 1 << 26;
/** Fragments with the rest of the opening segment's header had not come when it was last heard of. */
export const TRAIT_PARTIAL = 1 << 27;
/** The verdict is final for want of an answer: the table may settle it without harm. */
export const TRAIT_TIMED_OUT = 1 << 28;
export const TRAIT_HAS_PROBE_HEADER = 1 << 29;
/** What it asks is not known yet, but may soon be: until then nothing is told of it. */
export const TRAIT_QUIET = 1 << 30;
/** The server sent something whose flags are not known. */
export const TRAIT_HIDDEN_ANSWER = 1 << 31;

/** Places in VERDICTS and PROBES (track/exchange.ts). */
export const VERDICT_REFUSED = 1;
export const VERDICT_SILENT = 3;
export const VERDICT_UNDECIDED = 4;
export const VERDICT_UNSOLICITED = 8;
export const PROBE_SYN = 0;
/** Stands for the probe where there was none. */
export const NO_PROBE = 15;

/**
 * A victim of a forged SYN sends its SYN-ACK again for so long (Linux with tcp_synack_retries 5: the last after 31 s, others up to
 * 75 s, RFC 9293 §3.8.3): a single segment of a conversation whose start is not in the capture is held as long at least.
 */
export const LONE_NANOS = 75e9;
/** Beyond that time so many of them are held, the oldest goes first. */
export const MAX_LONE = 65_536;

/** Bits of the `traits` of an answer. */
export const ANSWER_KIND_SHIFT = 8; // 3 bits; below, the TTL; above, a bit that the core has no use for
export const ANSWER_ACCEPTABLE = 1 << 12;
export const ANSWER_DONT_FRAGMENT = 1 << 13;
export const ANSWER_IPV6 = 1 << 14;
export const ANSWER_HAS_SEQUENCE = 1 << 16;
export const ANSWER_HAS_ACKNOWLEDGMENT = 1 << 17;
export const ANSWER_HAS_WINDOW = 1 << 18;
export const ANSWER_HAS_URGENT = 1 << 19;
export const ANSWER_DIGITS_SHIFT = 20; // 4 bits
export const ANSWER_RESERVED_SHIFT = 26; // 3 bits, where they are known
export const ANSWER_HAS_RESERVED = 1 << 29;
/** Whether there is a row beside that of the answer, for what few have. Bits 15, 24, 25 and 30 are the tracker's (track/answer-pool.ts). */
export const ANSWER_HAS_REST = 1 << 31;
/** Kinds of answers, the first two of them. */
export const ANSWER_SYN_ACK = 0;
export const ANSWER_RESET = 1;

/** Time stamps do not run ahead of an even clock by more than this, where there is one. */
export const MOST_AHEAD_NANOS = 2e9;
/** A step forwards of less is a pause, whatever clocks there are. A larger one leads back to a clock by which the time is at most so far ahead. */
export const LEAST_STEP_NANOS = 15e9;
export const MOST_PAUSE_NANOS = 60e9;
