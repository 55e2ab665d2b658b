/*
 * The yardstick of the bench: the least that has to be done to say how port 0 was answered. Reads a pcap file, looks into each frame as
 * far as triage does, and keeps a table of exchanges. No checksums, no ICMP, no fragments, no tunnels, no evidence, no time-outs: what
 * a program does beyond this is what it costs more. Counts and nothing else go to standard output:
 *
 *   frames N tcp N exchanges N accepted N refused N silent N unsolicited N zero N
 *
 * Compiled by bench/run.mjs where there is a compiler: cc -O2 -o yardstick bench/yardstick.c
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { EMPTY, ASKED, ACCEPTED, REFUSED };
enum { BLOCK = 512 * 1024, MOST_RECORD = 256 * 1024 };

/* Client first. An address of IPv4 is in the first of its words. */
typedef struct {
  uint32_t client[4], server[4];
  uint16_t client_port, server_port;
  uint8_t state;
} Exchange;

static Exchange *table;
static uint32_t *slots; /* Index of the exchange + 1; 0: none. Never deleted from. */
static uint64_t capacity = 1 << 16, used;
static uint64_t frames, segments, accepted, refused, unsolicited, zero;

static uint32_t hash(const uint32_t a[4], const uint32_t b[4], uint16_t p, uint16_t q) {
  uint64_t h = 0x9e3779b97f4a7c15u ^ ((uint64_t)p << 16 | q);
  for (int i = 0; i < 4; i++) {
    h = (h ^ a[i]) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 29) ^ b[i]) * 0xc4ceb9fe1a85ec53u;
  }
  return (uint32_t)(h >> 32);
}

static void *grown(void *old, size_t bytes) {
  void *now = realloc(old, bytes);
  if (now == NULL) {
    perror("realloc");
    exit(2);
  }
  return now;
}

/* The exchange of these ends; with `make` a new one where there is none. */
static Exchange *find(const uint32_t c[4], const uint32_t s[4], uint16_t cp, uint16_t sp, int make) {
  uint64_t mask = capacity * 2 - 1;
  uint64_t at = hash(c, s, cp, sp) & mask;
  for (; slots[at] != 0; at = (at + 1) & mask) {
    Exchange *e = &table[slots[at] - 1];
    if (e->client_port == cp && e->server_port == sp && memcmp(e->client, c, 16) == 0 && memcmp(e->server, s, 16) == 0)
      return e;
  }
  if (!make) return NULL;
  if (used == capacity) {
    capacity *= 2;
    table = grown(table, capacity * sizeof *table);
    free(slots);
    slots = calloc(capacity * 2, sizeof *slots);
    if (slots == NULL) exit(2);
    mask = capacity * 2 - 1;
    for (uint64_t i = 0; i < used; i++) {
      Exchange *e = &table[i];
      uint64_t to = hash(e->client, e->server, e->client_port, e->server_port) & mask;
      while (slots[to] != 0) to = (to + 1) & mask;
      slots[to] = (uint32_t)i + 1;
    }
    at = hash(c, s, cp, sp) & mask;
    while (slots[at] != 0) at = (at + 1) & mask;
  }
  Exchange *e = &table[used];
  memcpy(e->client, c, 16);
  memcpy(e->server, s, 16);
  e->client_port = cp;
  e->server_port = sp;
  e->state = ASKED;
  slots[at] = (uint32_t)++used;
  return e;
}

static uint16_t two(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

static void look(const uint8_t *p, uint32_t length) {
  if (length < 14) return;
  uint32_t at = 14;
  uint16_t type = two(p + 12);
  while ((type == 0x8100 || type == 0x88a8) && length >= at + 4) {
    type = two(p + at + 2);
    at += 4;
  }
  uint32_t from[4] = {0}, to[4] = {0};
  if (type == 0x0800) {
    if (length < at + 40 || p[at] >> 4 != 4 || p[at + 9] != 6 || (two(p + at + 6) & 0x3fff) != 0) return;
    memcpy(from, p + at + 12, 4);
    memcpy(to, p + at + 16, 4);
    at += (uint32_t)(p[at] & 15) * 4;
  } else if (type == 0x86dd) {
    if (length < at + 60 || p[at + 6] != 6) return;
    memcpy(from, p + at + 8, 16);
    memcpy(to, p + at + 24, 16);
    at += 40;
  } else
    return;
  if (length < at + 14) return;
  segments++;
  uint8_t flags = p[at + 13];
  uint16_t source = two(p + at), target = two(p + at + 2);
  if (source != 0 && target != 0 && (flags & (SYN | RST)) == 0) return;
  if ((flags & (SYN | ACK | RST)) == SYN) {
    uint64_t before = used;
    find(from, to, source, target, 1);
    if (used > before && (source == 0 || target == 0)) zero++;
    return;
  }
  if ((flags & (SYN | RST)) == 0) return;
  Exchange *e = find(to, from, target, source, 0);
  if (e == NULL) {
    if (find(from, to, source, target, 0) == NULL) unsolicited++;
  } else if (e->state == ASKED) {
    e->state = flags & RST ? REFUSED : ACCEPTED;
    if (flags & RST) refused++;
    else accepted++;
  }
}

int main(int argc, char **argv) {
  int file = argc > 1 ? open(argv[1], O_RDONLY) : 0;
  uint8_t *buffer = NULL;
  if (file < 0 || posix_memalign((void **)&buffer, 4096, BLOCK + MOST_RECORD) != 0) {
    perror(argc > 1 ? argv[1] : "yardstick");
    return 2;
  }
  table = grown(NULL, capacity * sizeof *table);
  slots = calloc(capacity * 2, sizeof *slots);
  if (slots == NULL) return 2;
  size_t held = 0, at = 24;
  int first = 1;
  for (ssize_t got; (got = read(file, buffer + held, BLOCK)) > 0;) {
    held += (size_t)got;
    if (first) {
      uint32_t magic;
      memcpy(&magic, buffer, 4);
      if (held < 24 || (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d)) {
        fprintf(stderr, "yardstick: pcap of this machine's byte order only\n");
        return 2;
      }
      first = 0;
    }
    while (held - at >= 16) {
      uint32_t length;
      memcpy(&length, buffer + at + 8, 4);
      if (length > MOST_RECORD - 16) {
        fprintf(stderr, "yardstick: record of %u bytes\n", length);
        return 2;
      }
      if (held - at < 16 + (size_t)length) break;
      frames++;
      look(buffer + at + 16, length);
      at += 16 + (size_t)length;
    }
    memmove(buffer, buffer + at, held - at);
    held -= at;
    at = 0;
  }
  printf("frames %llu tcp %llu exchanges %llu accepted %llu refused %llu silent %llu unsolicited %llu zero %llu\n",
         (unsigned long long)frames, (unsigned long long)segments, (unsigned long long)used, (unsigned long long)accepted,
         (unsigned long long)refused, (unsigned long long)(used - accepted - refused), (unsigned long long)unsolicited,
         (unsigned long long)zero);
  return 0;
}
