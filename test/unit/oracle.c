/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "tlv_oracle.h"

unsigned long oracle_disagreements;


/* ---------- texts ---------- */

/* Cut s in place at every c. Returns the number of pieces, of which the first max are noted. */

static int
split(char * s, char c, char ** piece, int max)
{
int n = 0;
for (char * next = s; next; n++)
  {
  char * at = next;
  if ((next = strchr(at, c))) *next++ = 0;
  if (n < max) piece[n] = at;
  }
return n;
}

static int
decimal(const char * s, size_t digits, long max, long * value)
{
size_t len = strlen(s);
if (len < 1 || len > digits || strspn(s, "0123456789") != len || (*s == '0' && len > 1)) return 0;
*value = atol(s);
return *value <= max;
}

static int
own_inet(const char * s, uint8_t * address)
{
char copy[256], * piece[4];
long v;

if (strlen(s) >= sizeof copy) return 0;
strcpy(copy, s);
if (split(copy, '.', piece, 4) != 4) return 0;
for (int i = 0; i < 4; i++)
  {
  if (!decimal(piece[i], 3, 255, &v)) return 0;
  address[i] = (uint8_t)v;
  }
return 1;
}

/* Groups between colons, in place, to bytes. Returns how many bytes, -1 if malformed. */

static int
own_groups(char * s, int dotted_may_end, uint8_t * bytes)
{
char * piece[9];
int n = 0, pieces;

if (!*s) return 0;
if ((pieces = split(s, ':', piece, 9)) > 8) return -1;
for (int i = 0; i < pieces; i++)
  {
  size_t len = strlen(piece[i]);
  unsigned long v;
  if (strchr(piece[i], '.'))
    {
    if (!dotted_may_end || i != pieces - 1 || !own_inet(piece[i], bytes + n)) return -1;
    n += 4;
    continue;
    }
  if (len < 1 || len > 4 || strspn(piece[i], "0123456789abcdefABCDEF") != len) return -1;
  v = strtoul(piece[i], NULL, 16);
  bytes[n++] = (uint8_t)(v >> 8);
  bytes[n++] = (uint8_t)(v & 255);
  }
return n;
}

static int
own_inet6(const char * s, uint8_t * address)
{
char copy[256], * gap;
uint8_t a[40], b[40];
int na, nb;

if (strlen(s) >= sizeof copy) return 0;
strcpy(copy, s);
memset(address, 0, 16);
if (!(gap = strstr(copy, "::")))
  {
  if (own_groups(copy, 1, a) != 16) return 0;
  memcpy(address, a, 16);
  return 1;
  }
if (strstr(gap + 1, "::")) return 0;
*gap = 0;
na = own_groups(copy, 0, a);
nb = own_groups(gap + 2, 1, b);
if (na < 0 || nb < 0 || na + nb > 14) return 0;
memcpy(address, a, (size_t)na);
memcpy(address + 16 - nb, b, (size_t)nb);
return 1;
}

static int
second_opinion(int af, const char * s, int good, const uint8_t * address)
{
uint8_t theirs[16];
int they = inet_pton(af, s, theirs) == 1;
if (they != good || (good && memcmp(address, theirs, af == AF_INET ? 4 : 16) != 0)) oracle_disagreements++;
return good;
}

int
oracle_inet(const char * s, uint8_t * address)
{
return second_opinion(AF_INET, s, own_inet(s, address), address);
}

int
oracle_inet6(const char * s, uint8_t * address)
{
return second_opinion(AF_INET6, s, own_inet6(s, address), address);
}


/* ---------- headers ---------- */

static outcome
say(proxy_verdict verdict, size_t size, size_t missing)
{
outcome o;
memset(&o, 0, sizeof o);
o.r.verdict = verdict;
o.r.size = size;
o.r.missing = missing;
return o;
}

/* An address of either family, as 16 bytes */

static int
own_address(const char * s, uint8_t * address)
{
if (strchr(s, ':')) return oracle_inet6(s, address);
memset(address, 0, 10);
address[10] = address[11] = 255;
return oracle_inet(s, address + 12);
}

/* Judge a v1 line without its CRLF. */

static int
good_line(const uint8_t * buf, size_t len, proxy_header * h)
{
char line[128], * field[6];
long sport, dport;

h->version = 1;
if (len >= 13 && memcmp(buf, "PROXY UNKNOWN", 13) == 0 && (len == 13 || buf[13] == ' '))
  {
  h->command = PROXY_CMD_UNKNOWN;
  return 1;
  }
memcpy(line, buf, len);
line[len] = 0;
if (strlen(line) != len || split(line, ' ', field, 6) != 6) return 0;

if (strcmp(field[1], "TCP4") != 0 && strcmp(field[1], "TCP6") != 0) return 0;
if (!own_address(field[2], h->source.address) || !own_address(field[3], h->destination.address)
   || !decimal(field[4], 5, 65535, &sport) || !decimal(field[5], 5, 65535, &dport)) return 0;
h->command = PROXY_CMD_PROXY;
h->has_client = 1;
h->source.port = (uint16_t)sport;
h->destination.port = (uint16_t)dport;
return 1;
}

static outcome
v1(const uint8_t * buf, size_t len)
{
outcome o;
size_t crlf = 0, missing = len < 6 ? 8 - len : buf[len-1] == 13 ? 1 : 2;

for (size_t i = 1; i < len && !crlf; i++)
  if (buf[i-1] == 13 && buf[i] == 10) crlf = i + 1;

if (crlf > 107) return say(PROXY_HDR_BAD, crlf, 0);
if (!crlf) return say(len >= 107 ? PROXY_HDR_BAD : PROXY_HDR_MORE, 0, missing);
o = say(PROXY_HDR_COMPLETE, crlf, 0);
return good_line(buf, crlf - 2, &o.h) ? o : say(PROXY_HDR_BAD, crlf, 0);
}

static outcome
v2(const uint8_t * buf, size_t len)
{
static const size_t least[] = { 0, 12, 36, 216 };
size_t stated, total, missing, alen;
outcome o;
int version, command, family, transport;
unsigned faults;

if (len < 16) return say(PROXY_HDR_MORE, 0, 16 - len);
stated = buf[14] * 256u + buf[15];
total = 16 + stated;
missing = len < total ? total - len : 0;
version = buf[12] / 16;
command = buf[12] % 16;
family = buf[13] / 16;
transport = buf[13] % 16;

if (version != 2) return say(PROXY_HDR_BAD, total, missing);
if (command != 0 && command != 1) return say(PROXY_HDR_BAD, total, missing);
if (command == 1 && (family > 3 || transport > 2 || stated < least[family]))
  return say(PROXY_HDR_BAD, total, missing);
if (missing > 0) return say(PROXY_HDR_MORE, 0, missing);

o = say(PROXY_HDR_COMPLETE, total, 0);
o.h.version = 2;
o.h.command = command == 0 ? PROXY_CMD_LOCAL : PROXY_CMD_PROXY;
if (command == 0) return o;
o.h.tlv_offset = 16 + least[family];
o.h.tlv_length = stated - least[family];
faults = oracle_faults(buf, total, o.h.tlv_offset);
if (faults)
  {
  if (family != 0 || !(faults & FAULT_OVERRUN)) return say(PROXY_HDR_BAD, total, missing);
  o.h.tlv_length = 0;
  }
if (transport != 1 || family == 0 || family == 3) return o;

alen = family == 1 ? 4 : 16;
o.h.has_client = 1;
if (family == 1)
  for (size_t i = 10; i < 12; i++) o.h.source.address[i] = o.h.destination.address[i] = 255;
for (size_t i = 0; i < alen; i++)
  {
  o.h.source.address[16 - alen + i] = buf[16 + i];
  o.h.destination.address[16 - alen + i] = buf[16 + alen + i];
  }
o.h.source.port = (uint16_t)(buf[16 + 2 * alen] * 256 + buf[17 + 2 * alen]);
o.h.destination.port = (uint16_t)(buf[18 + 2 * alen] * 256 + buf[19 + 2 * alen]);
return o;
}

/* How many of the first bytes are those of a signature */

static size_t
agrees(const uint8_t * buf, size_t len, const char * signature, size_t size)
{
size_t n = 0;
while (n < len && n < size && buf[n] == (uint8_t)signature[n]) n++;
return n;
}

#define V1_SIGNATURE "\x50\x52\x4f\x58\x59\x20"
#define V2_SIGNATURE "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"

outcome
oracle(const uint8_t * buf, size_t len)
{
if (len == 0) return say(PROXY_HDR_MORE, 0, 8);
if (agrees(buf, len, V1_SIGNATURE, 6) == (len < 6 ? len : 6)) return v1(buf, len);
if (agrees(buf, len, V2_SIGNATURE, 12) == (len < 12 ? len : 12)) return v2(buf, len);
return say(PROXY_HDR_NONE, 0, 0);
}

int
oracle_version(const uint8_t * buf, size_t len)
{
return agrees(buf, len, V1_SIGNATURE, 6) == 6 ? 1 : agrees(buf, len, V2_SIGNATURE, 12) == 12 ? 2 : 0;
}


/* ---------- rows of tables ---------- */

void
check_row(const uint8_t * buf, size_t len, const outcome * o, const char * what)
{
outcome other = oracle(buf, len);

check(buf, len, o, what);
if (other.r.verdict != o->r.verdict || other.r.size != o->r.size || other.r.missing != o->r.missing
   || (o->r.verdict == PROXY_HDR_COMPLETE && memcmp(&other.h, &o->h, sizeof o->h) != 0))
  fail(buf, len, "%s: the oracle and the table disagree", what);
}
