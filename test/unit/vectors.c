/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

#define COLUMNS   5
#define BYTES_MAX (16 + 65535 + 4096)

static const char * path;
static int row;

/* What has been read stays; so that the leak sanitizer sees it, these are not static. */

extern const vector * vectors_kept[4];
const vector * vectors_kept[4];

__attribute__((noreturn)) static void
give_up(const char * what)
{
char text[200];

snprintf(text, sizeof text, "%s, line %d: %s", path, row, what);
bail_out(text);
}

static void *
get(void * p, size_t size)
{
if (!(p = realloc(p, size ? size : 1))) give_up("no memory");
return p;
}

/* An address of either family as 16 bytes */

static void
read_address(const char * text, uint8_t * address)
{
if (inet_pton(AF_INET6, text, address) == 1) return;
memcpy(address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
if (inet_pton(AF_INET, text, address + 12) != 1) give_up("an address");
}

static void
read_good(const char * text, outcome * want)
{
char command[8], source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
static const char * const commands[] = { [PROXY_CMD_LOCAL] = "local", [PROXY_CMD_PROXY] = "proxy", [PROXY_CMD_UNKNOWN] = "unknown" };
proxy_header * h = &want->h;
int end = 0, c = 0;

if (sscanf(text, "good %zu %d %7s%n", &want->r.size, &h->version, command, &end) != 3) give_up("a good header");
while (strcmp(commands[c], command) != 0) if (++c > PROXY_CMD_UNKNOWN) give_up("a command");
h->command = (proxy_command)c;
text += end;
if (strncmp(text, " tlvs ", 6) != 0
   && sscanf(text, "%45s %hu %45s %hu%n", source, &h->source.port, destination, &h->destination.port, &end) == 4)
  {
  h->has_client = 1;
  read_address(source, h->source.address);
  read_address(destination, h->destination.address);
  text += end;
  }
if (*text && sscanf(text, " tlvs %zu %zu", &h->tlv_offset, &h->tlv_length) != 2) give_up("TLVs");
}

static void
read_verdict(const char * text, vector * v)
{
outcome * want = &v->want;

want->r.verdict = PROXY_HDR_COMPLETE;
if (strncmp(text, "good ", 5) == 0) read_good(text, want);
else if (sscanf(text, "more %zu", &want->r.missing) == 1) want->r.verdict = PROXY_HDR_MORE;
else if (strcmp(text, "none") == 0) want->r.verdict = PROXY_HDR_NONE;
else if (sscanf(text, "bad %zu", &want->r.size) == 1)
  {
  want->r.verdict = PROXY_HDR_BAD;
  if (want->r.size == 0) want->r.missing = v->buf[v->len-1] == '\r' ? 1 : 2;
  else if (want->r.size > v->len) want->r.missing = want->r.size - v->len;
  }
else give_up("a verdict");
}

static void
read_bytes(const char * p, vector * v)
{
static uint8_t bytes[BYTES_MAX];
size_t n = 0;

while (*p)
  {
  unsigned long times = 1;
  unsigned byte;
  int end = 1;

  byte = (uint8_t)*p++;
  if (byte == '\\')
    {
    if (*p == 'r') byte = '\r';
    else if (*p == 'n') byte = '\n';
    else if (*p != '\\' && sscanf(p, "x%2x%n", &byte, &end) != 1 && sscanf(p, "{%lu*%2x}%n", &times, &byte, &end) != 2)
      give_up("an escape");
    p += end;
    }
  if (times > BYTES_MAX - n) give_up("too many bytes");
  memset(bytes + n, (int)byte, times);
  n += times;
  }
v->buf = memcpy(get(NULL, n), bytes, n);
v->len = n;
}

const vector *
read_vectors(const char * file, size_t * count)
{
static char line[4 * BYTES_MAX];
char whole[1024];
vector * all = NULL;
FILE * f;

snprintf(whole, sizeof whole, "%s/%s", HERE, file);
path = file;
row = 0;
*count = 0;
if (!(f = fopen(whole, "r"))) give_up("cannot be read");
while (row++, fgets(line, sizeof line, f))
  {
  char * column[COLUMNS] = { "", "", "", "", "" }, * p = line;
  vector * v;

  line[strcspn(line, "\n")] = 0;
  if (*line == '#' || !*line) continue;
  for (int i = 0; i < COLUMNS && p; i++)
    {
    column[i] = p;
    if ((p = strchr(p, '\t'))) *p++ = 0;
    }
  if (p) give_up("columns");
  all = get(all, (*count + 1) * sizeof *all);
  v = all + (*count)++;
  memset(v, 0, sizeof *v);
  if (!*column[2])
    {
    column[3] = column[1];
    column[1] = column[0];
    }
  v->source = strdup(column[0]);
  v->name = strdup(column[1]);
  v->text = strdup(column[3]);
  v->note = strdup(column[4]);
  read_bytes(column[3], v);
  if (*column[2]) read_verdict(column[2], v);
  }
fclose(f);
for (int i = 0; i < 4; i++) if (!vectors_kept[i]) return vectors_kept[i] = all;
return all;
}
