/* Parses the headers that test/bench/instructions counts, each once: `parse N` the Nth, from 0. It
prints what it is, a tab, and its size in bytes; without an argument, how many there are. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proxy_header.h"
#include "proxy_tlv.h"

#define V2(family, length) "\r\n\r\n\0\r\nQUIT\n\x21" family "\0" length
#define COUNT(a) (sizeof(a)/sizeof(a[0]))
#define TEXT(s) s, sizeof(s) - 1

static const struct { const char * what, * bytes; size_t length; } headers[] = {
  { "v1 TCP4", TEXT("PROXY TCP4 203.0.113.45 192.0.2.1 56324 25\r\n") },
  { "v1 TCP4, the longest", TEXT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n") },
  { "v1 TCP6", TEXT("PROXY TCP6 2001:db8::45 2001:db8::1 56324 25\r\n") },
  { "v1, the longest", TEXT("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n") },
  { "v1 UNKNOWN, the longest", TEXT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n") },
  { "v2 IPv4", TEXT(V2("\x11", "\x0c") "\xcb\0\x71\x2d\xc0\0\2\1\xdc\4\0\x19") },
  { "v2 IPv6", TEXT(V2("\x21", "\x24") "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\x45"
    "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\xdc\4\0\x19") },
  { "v2 LOCAL", TEXT("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0") },
  { "v2 IPv4, ALPN, AUTHORITY, UNIQUE_ID", TEXT(V2("\x11", "\x37") "\xcb\0\x71\x2d\xc0\0\2\1\xdc\4\0\x19"
    "\1\0\4smtp" "\2\0\xf" "mx1.example.net" "\5\0\xf" "0123456789abcde") }
};

int
main(int argc, char ** argv)
{
static proxy_header header;
proxy_result r;
unsigned long i;

if (argc < 2) return printf("%zu\n", COUNT(headers)) < 0;
i = strtoul(argv[1], NULL, 10);
if (i >= COUNT(headers)) return 2;
r = proxy_header_parse((const uint8_t *)headers[i].bytes, headers[i].length, &header);
printf("%s\t%zu\n", headers[i].what, headers[i].length);
return r.verdict != PROXY_HDR_COMPLETE || r.n != headers[i].length;
}

/* End of parse.c */
