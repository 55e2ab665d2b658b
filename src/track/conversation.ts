/**
 * What is followed of a conversation over port 0 beyond its opening: bytes each way without retransmissions, and the
 * frames that rules point at. Few exchanges have one, so these are objects.
 */
import { sequenceDifference } from '../decode/transport/sequence.ts';
import { Ends } from './closed.ts';
import type { TracedSegments } from './traced-segments.ts';

export class Conversation {
  bytesToServer = 0;
  bytesToClient = 0;
  /** First frame with payload, with an anomaly, with a RST that the client must ignore; 0 for none. */
  dataFrame = 0;
  anomalyFrame = 0;
  invalidResetFrame = 0;
  invalidResets = 0;
  /** It is an answer whose question had to leave the full table. */
  isQuestionEvicted = false;
  /** Path of the answer that settled it, where that is in another scope than the question; -1 for none. */
  answerPath = -1;
  /** The same opening segment was recorded at another hop: the same IP ID, another TTL. */
  isAskedElsewhere = false;
  /** Hops between two places where the same packet of it was recorded; 0 where none was recorded twice. */
  hopsApart = 0;
  /** Its packets are seen in more than one scope: no wonder that the answer was seen in another. */
  isMirrored = false;
  /**
   * Where a SYN's answer is not in the capture, what shows that there was one; frames, 0 for none. The client goes on as if
   * answered; it resets; the server acknowledges the SYN, without more; or it talks as one that has accepted.
   */
  wentOnFrame = 0;
  clientResetFrame = 0;
  serverAckFrame = 0;
  inferredFrame = 0;
  /** The client answers a SYN of the server's that the capture does not hold. */
  splitFrame = 0;
  /** The server sent a segment whose flags are not known. */
  hiddenFrame = 0;
  /** The opening segment has a bad checksum, but was sent with a good one too. */
  isSentSound = false;
  /** Number behind the last byte that the client sent, and its last ACK number; a number of the server's; -1 unknown. */
  clientEnd = -1;
  clientAcknowledgment = -1;
  serverSequence = -1;
  /** Of a conversation that was under way when the capture began: a number of each end, from one segment; -1 unknown. */
  lateClient = -1;
  lateServer = -1;
  /** Where both ends were when it was over. */
  readonly ends = new Ends();
  /** Made with the first of them. */
  traced: TracedSegments | null = null;
  /** Next sequence number expected of each side; -1 before its first segment. */
  #clientNext = -1;
  #serverNext = -1;
  /** Of a conversation whose handshake was not seen: the first frame of each end, 0 for none. */
  clientHeardFrame = 0;
  serverHeardFrame = 0;

  /** A segment of one end of a conversation whose handshake was not seen. */
  hear(fromClient: boolean, frame: number): void {
    if (fromClient) this.clientHeardFrame ||= frame;
    else this.serverHeardFrame ||= frame;
  }

  get isMutual(): boolean {
    return this.clientHeardFrame > 0 && this.serverHeardFrame > 0;
  }

  /** A segment of the client's, behind its SYN. */
  noteClient(sequence: number, length: number, acknowledgment: number): void {
    const end = (sequence + length) >>> 0;
    if (this.clientEnd < 0 || sequenceDifference(end, this.clientEnd) > 0) this.clientEnd = end;
    this.clientAcknowledgment = acknowledgment;
  }

  /** The ends have changed places. */
  swapEnds(): void {
    this.traced?.swapEnds();
    this.ends.swap();
    [this.clientHeardFrame, this.serverHeardFrame] = [this.serverHeardFrame, this.clientHeardFrame];
    [this.lateClient, this.lateServer] = [this.lateServer, this.lateClient];
    [this.#clientNext, this.#serverNext] = [this.#serverNext, this.#clientNext];
    [this.bytesToServer, this.bytesToClient] = [this.bytesToClient, this.bytesToServer];
  }

  /** Counts the payload of a segment that was not seen before. `sequence` is that of the first payload byte. */
  count(fromClient: boolean, sequence: number, length: number): void {
    const next = fromClient ? this.#clientNext : this.#serverNext;
    const end = (sequence + length) >>> 0;
    let fresh = length;
    if (next >= 0) fresh = Math.min(length, Math.max(0, sequenceDifference(end, next)));
    if (next < 0 || sequenceDifference(end, next) > 0) {
      if (fromClient) this.#clientNext = end;
      else this.#serverNext = end;
    }
    if (fromClient) this.bytesToServer += fresh;
    else this.bytesToClient += fresh;
  }
}

export class ConversationPool {
  readonly #conversations: (Conversation | undefined)[] = [undefined];
  readonly #free: number[] = [];

  /** Index of a new conversation; never 0. */
  create(): number {
    const index = this.#free.pop() ?? this.#conversations.length;
    this.#conversations[index] = new Conversation();
    return index;
  }

  get(index: number): Conversation | undefined {
    return this.#conversations[index];
  }

  release(index: number): void {
    this.#conversations[index] = undefined;
    this.#free.push(index);
  }
}
