/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

#define COUNT(table) (sizeof table / sizeof table[0])

#define NOBODY { "", 0 }, { "", 0 }
#define INET6(src, sport, dst, dport) PROXY_CMD_PROXY, 1, { src, sport }, { dst, dport }
#define INET(src, sport, dst, dport)  INET6(MAPPED src, sport, MAPPED dst, dport)
#define UNKNOWN                       PROXY_CMD_UNKNOWN, 0, NOBODY
#define LOCAL                         PROXY_CMD_LOCAL, 0, NOBODY
#define UNNAMED                       PROXY_CMD_PROXY, 0, NOBODY

/* Addresses that come again and again, as bytes. What is left out is zero. */

#define MAPPED     "\0\0\0\0\0\0\0\0\0\0\xff\xff"			/* before an IPv4 address */
#define A4_CLIENT  "\300\0\2\1"						/* 192.0.2.1 */
#define A4_SERVER  "\306\063\144\372"					/* 198.51.100.250 */
#define A4_MOST    "\377\377\377\377"
#define A6_DOC     "\x20\x01\x0d\xb8"					/* 2001:db8:: */
#define A6_FULL    "\x20\x01\x0d\xb8\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67"
#define A6_MOST    A4_MOST A4_MOST A4_MOST A4_MOST
#define A6_ONE     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define A6_MAPPED  MAPPED A4_CLIENT				/* ::ffff:192.0.2.1 */
#define A6_TEST    "\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\10"			/* 1:2:3:4:5:6:7:8 */

#define T6_MOST    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define T6_LONG    "0000:0000:0000:0000:0000:ffff:192.0.2.1"
#define T6_LONGEST "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"


/* ---------- version 1 ---------- */

/* A TCP6 line with this source */

#define V6(text, bytes) \
  { S("PROXY TCP6 " text " ::1 25 26\r\n"), INET6(bytes, 25, A6_ONE, 26) }

const good_v1 good_v1_cases[] = {
  { S("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\r\n"), INET(A4_CLIENT, 56324, A4_SERVER, 25) },
  { S("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), INET("", 0, A4_MOST, 65535) },
  { S("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n"), INET(A4_MOST, 65535, "", 0) },
  { S("PROXY TCP4 1.10.100.200 9.99.199.249 1 10\r\n"), INET("\1\12\144\310", 1, "\11\143\307\371", 10) },
  { S("PROXY TCP4 1.2.3.4 5.6.7.8 9999 59999\r\n"), INET("\1\2\3\4", 9999, "\5\6\7\10", 59999) },

  V6("2001:db8:123:4567:89ab:cdef:123:4567", A6_FULL),
  V6("2001:0DB8:0123:4567:89AB:CDEF:0123:4567", A6_FULL),
  V6("2001:0db8:0123:4567:89aB:CdEf:0123:4567", A6_FULL),
  V6("1:2:3:4:5:6:7:8", A6_TEST),
  V6("0:0:0:0:0:0:0:0", ""),
  V6("::", ""),
  V6("::1", A6_ONE),
  V6("1::", "\0\1"),
  V6("2001:db8::", A6_DOC),
  V6("1::8", "\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\10"),
  V6("::2:3:4:5:6:7:8", "\0\0\0\2\0\3\0\4\0\5\0\6\0\7\0\10"),
  V6("1::3:4:5:6:7:8", "\0\1\0\0\0\3\0\4\0\5\0\6\0\7\0\10"),
  V6("1:2:3:4:5:6::8", "\0\1\0\2\0\3\0\4\0\5\0\6\0\0\0\10"),
  V6("1:2:3:4:5:6:7::", "\0\1\0\2\0\3\0\4\0\5\0\6\0\7"),
  V6("1:2:3::7:8", "\0\1\0\2\0\3\0\0\0\0\0\0\0\7\0\10"),
  V6("::ffff:192.0.2.1", A6_MAPPED),
  V6("::FFFF:192.0.2.1", A6_MAPPED),
  V6("::ffff:c000:0201", A6_MAPPED),
  V6("0:0:0:0:0:ffff:192.0.2.1", A6_MAPPED),
  V6(T6_LONG, A6_MAPPED),
  V6("::192.0.2.1", "\0\0\0\0\0\0\0\0\0\0\0\0\300\0\2\1"),
  V6("64:ff9b::192.0.2.1", "\0\144\xff\x9b\0\0\0\0\0\0\0\0\300\0\2\1"),
  V6("1:2:3:4:5::1.2.3.4", "\0\1\0\2\0\3\0\4\0\5\0\0\1\2\3\4"),
  V6("::2:3:4:5:6:255.0.99.100", "\0\0\0\2\0\3\0\4\0\5\0\6\377\0\143\144"),
  V6("1:2:3:4:5:6:1.2.3.4", "\0\1\0\2\0\3\0\4\0\5\0\6\1\2\3\4"),

/* Each address may be of either family, whatever the word says. */

  { S("PROXY TCP6 2001:db8::7 203.0.113.5 1234 25\r\n"),
    PROXY_CMD_PROXY, 1, { A6_DOC "\0\0\0\0\0\0\0\0\0\0\0\7", 1234 }, { MAPPED "\313\0\161\5", 25 } },
  { S("PROXY TCP4 198.51.100.7 2001:db8::9 1 25\r\n"),
    PROXY_CMD_PROXY, 1, { MAPPED "\306\063\144\7", 1 }, { A6_DOC "\0\0\0\0\0\0\0\0\0\0\0\11", 25 } },
  { S("PROXY TCP6 5.6.7.8 1.2.3.4 12345 25\r\n"), INET("\5\6\7\10", 12345, "\1\2\3\4", 25) },
  { S("PROXY TCP4 ::1 2001:db8:: 56324 25\r\n"), INET6(A6_ONE, 56324, A6_DOC, 25) },
  { S("PROXY TCP4 ::ffff:192.0.2.1 198.51.100.250 56324 25\r\n"), INET(A4_CLIENT, 56324, A4_SERVER, 25) },
  { S("PROXY TCP4 192.0.2.1 ::ffff:c633:64fa 56324 25\r\n"), INET(A4_CLIENT, 56324, A4_SERVER, 25) },
  { S("PROXY TCP6 0.0.0.0 :: 1 2\r\n"), PROXY_CMD_PROXY, 1, { MAPPED, 1 }, { "", 2 } },
  { S("PROXY TCP4 " T6_LONGEST " " T6_MOST " 1 65535\r\n"), INET6(A6_MOST, 1, A6_MOST, 65535) },

  { S("PROXY TCP6 ::1 2001:db8:: 65535 0\r\n"), INET6(A6_ONE, 65535, A6_DOC, 0) },
  { S("PROXY TCP6 :: :: 0 0\r\n"), INET6("", 0, "", 0) },
  { S("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.1 1 2\r\n"), INET6(A6_MAPPED, 1, A6_MAPPED, 2) },
  { S("PROXY TCP6 " T6_MOST " " T6_MOST " 65535 65535\r\n"), INET6(A6_MOST, 65535, A6_MOST, 65535) },
  { S("PROXY TCP6 " T6_LONGEST " " T6_MOST " 65 65535\r\n"), INET6(A6_MOST, 65, A6_MOST, 65535) },

  { S("PROXY UNKNOWN\r\n"), UNKNOWN },
  { S("PROXY UNKNOWN \r\n"), UNKNOWN },
  { S("PROXY UNKNOWN  anything, \t\x80\xff\0 at \x01 all\r\n"), UNKNOWN },
  { S("PROXY UNKNOWN \r\r\n"), UNKNOWN },
  { S("PROXY UNKNOWN \r a lone CR\n and LF \n\r\r\n"), UNKNOWN },
  { S("PROXY UNKNOWN 192.0.2.1 198.51.100.250 56324 25\r\n"), UNKNOWN },
  { S("PROXY UNKNOWN PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\r\n"), UNKNOWN },
  { S("PROXY UNKNOWN " T6_MOST " " T6_MOST " 65535 65535\r\n"), UNKNOWN },
};
const size_t good_v1_count = COUNT(good_v1_cases);

#define PROTOCOL    "unknown v1 protocol"
#define SRC         "bad v1 source address"
#define DST         "bad v1 destination address"
#define SPORT       "bad v1 source port"
#define DPORT       "bad v1 destination port"
#define EXTRA       "text after the v1 destination port"
#define TOO_LONG    "v1 line longer than 107 bytes"

/* A field that is good up to some byte may be blamed, or the one that should follow it. */

#define OR           "|"

#define LINE(text) S(text "\r\n"), sizeof(text "\r\n") - 1
#define B4SRC(text)  { LINE("PROXY TCP4 " text " 198.51.100.250 56324 25"), SRC OR DST }
#define B4DST(text)  { LINE("PROXY TCP4 192.0.2.1 " text " 56324 25"), DST OR SPORT }
#define B6SRC(text)  { LINE("PROXY TCP6 " text " ::1 56324 25"), SRC OR DST }
#define B6DST(text)  { LINE("PROXY TCP6 ::1 " text " 56324 25"), DST OR SPORT }
#define BSPORT(text) { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 " text " 25"), SPORT OR DPORT }
#define BDPORT(text) { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 " text), DPORT }
#define BOTH4(text)  B4SRC(text), B4DST(text)
#define BOTH6(text)  B6SRC(text), B6DST(text)
#define PORTS(text)  BSPORT(text), BDPORT(text)

const bad_v1 bad_v1_cases[] = {

/* The protocol word */

  { LINE("PROXY "), PROTOCOL },
  { LINE("PROXY  "), PROTOCOL },
  { LINE("PROXY TCP"), PROTOCOL },
  { LINE("PROXY TCP 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY TCP5 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY tcp4 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY Tcp4 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY tcp6 ::1 ::1 56324 25"), PROTOCOL },
  { LINE("PROXY UDP4 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY UDP6 ::1 ::1 56324 25"), PROTOCOL },
  { LINE("PROXY UNIX_STREAM"), PROTOCOL },
  { LINE("PROXY  TCP4 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY \tTCP4 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY UNKNOWNx"), PROTOCOL },
  { LINE("PROXY UNKNOWNx 192.0.2.1"), PROTOCOL },
  { LINE("PROXY UNKNOWN\t"), PROTOCOL },
  { LINE("PROXY UNKNOWN\t192.0.2.1"), PROTOCOL },
  { LINE("PROXY UNKNOWN\0"), PROTOCOL },
  { LINE("PROXY UNKNOWN\r"), PROTOCOL },
  { LINE("PROXY UNKNOWN\n"), PROTOCOL },
  { LINE("PROXY UNKNOW"), PROTOCOL },
  { LINE("PROXY UNKNOW N"), PROTOCOL },
  { LINE("PROXY unknown"), PROTOCOL },
  { LINE("PROXY Unknown 1"), PROTOCOL },
  { LINE("PROXY  UNKNOWN"), PROTOCOL },
  { LINE("PROXY PROXY TCP4 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },

/* Fields that are missing: what is there is good */

  { LINE("PROXY TCP4"), SRC },
  { LINE("PROXY TCP6"), SRC },
  { LINE("PROXY TCP4 "), SRC },
  { LINE("PROXY TCP6 "), SRC },
  { LINE("PROXY TCP4 192.0.2.1"), DST },
  { LINE("PROXY TCP4 192.0.2.1 "), DST },
  { LINE("PROXY TCP6 ::1"), DST },
  { LINE("PROXY TCP6 ::1 "), DST },
  { LINE("PROXY TCP6 ::"), DST },
  { LINE("PROXY TCP6 ::1 1::"), SPORT },
  { LINE("PROXY TCP6 1:2:3:4:5:6:7:8"), DST },
  { LINE("PROXY TCP6 ::1 1:2:3:4:5:6:7:8"), SPORT },
  { LINE("PROXY TCP6 ::1.2.3.4"), DST },
  { LINE("PROXY TCP6 ::1 ::1.2.3.4"), SPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250"), SPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 "), SPORT },
  { LINE("PROXY TCP6 ::1 ::1"), SPORT },
  { LINE("PROXY TCP6 ::1 ::1 "), SPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324"), DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 "), DPORT },
  { LINE("PROXY TCP6 ::1 ::1 56324"), DPORT },
  { LINE("PROXY TCP6 ::1 ::1 56324 "), DPORT },

/* Text beyond the last field */

  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25 "), EXTRA },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25 26"), EXTRA },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\r"), DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\n"), DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\t"), DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\0"), DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25."), DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25x"), DPORT },
  { LINE("PROXY TCP6 ::1 ::1 56324 25 "), EXTRA },
  { LINE("PROXY TCP6 ::1 ::1 56324 25 x"), EXTRA },

/* Separators: one space each. No other white space; isspace() knows six. */

  { LINE("PROXY TCP4\t192.0.2.1 198.51.100.250 56324 25"), SRC OR PROTOCOL },
  { LINE("PROXY TCP4  192.0.2.1 198.51.100.250 56324 25"), SRC OR PROTOCOL },
  { LINE("PROXY TCP4,192.0.2.1 198.51.100.250 56324 25"), SRC OR PROTOCOL },
  { LINE("PROXY TCP4192.0.2.1 198.51.100.250 56324 25"), SRC OR PROTOCOL },
  { LINE("PROXY TCP44 192.0.2.1 198.51.100.250 56324 25"), SRC OR PROTOCOL },
  { LINE("PROXY TCP6\v::1 ::1 56324 25"), SRC OR PROTOCOL },
  { LINE("PROXY TCP6::1 ::1 56324 25"), SRC OR PROTOCOL },
  { LINE("PROXY TCP4 192.0.2.1\t198.51.100.250 56324 25"), SRC OR DST },
  { LINE("PROXY TCP4 192.0.2.1\v198.51.100.250 56324 25"), SRC OR DST },
  { LINE("PROXY TCP4 192.0.2.1\f198.51.100.250 56324 25"), SRC OR DST },
  { LINE("PROXY TCP4 192.0.2.1\r198.51.100.250 56324 25"), SRC OR DST },
  { LINE("PROXY TCP4 192.0.2.1\n198.51.100.250 56324 25"), SRC OR DST },
  { LINE("PROXY TCP4 192.0.2.1\xa0" "198.51.100.250 56324 25"), SRC OR DST },
  { LINE("PROXY TCP4 192.0.2.1\0" "198.51.100.250 56324 25"), SRC OR DST },
  { LINE("PROXY TCP4 192.0.2.1  198.51.100.250 56324 25"), SRC OR DST },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250\t56324 25"), DST OR SPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250\r56324 25"), DST OR SPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250  56324 25"), DST OR SPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324\t25"), SPORT OR DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324\v25"), SPORT OR DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324  25"), SPORT OR DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324:25"), SPORT OR DPORT },

/* IPv4 addresses */

  BOTH4("192.0.2"), BOTH4("192.0.2."), BOTH4(".192.0.2.1"), BOTH4("192..2.1"), BOTH4("..."), BOTH4("192.0.2.1."),
  BOTH4("192.0.2.1.1"), BOTH4("256.0.2.1"), BOTH4("192.256.2.1"), BOTH4("192.0.256.1"), BOTH4("192.0.2.256"),
  BOTH4("192.0.2.260"), BOTH4("192.0.2.300"), BOTH4("192.0.2.999"), BOTH4("192.0.2.1000"),
  BOTH4("192.0.2.4294967297"), BOTH4("192.0.2.18446744073709551617"),
  BOTH4("192.0.2.01"), BOTH4("192.0.2.001"), BOTH4("00.0.2.1"), BOTH4("192.00.2.1"), BOTH4("0300.0.2.1"),
  BOTH4("192.0.2.0x1"), BOTH4("192.0.2.a"), BOTH4("192.0.2.1a"), BOTH4("+192.0.2.1"), BOTH4("192.0.2.-1"),
  BOTH4("3221225985"), BOTH4("0xc0000201"), BOTH4("192.513"), BOTH4("192.0.2.1:25"), BOTH4("192.0.2.1/32"),
  BOTH4("[192.0.2.1]"), BOTH4("192,0,2,1"), BOTH4("192:0:2:1"), BOTH4("localhost"), BOTH4("192.0.2.\xb2"),
  BOTH4("-"), BOTH4("192.0.2.1\0"), BOTH4("1 92.0.2.1"),

/* IPv6 addresses */

  BOTH6("1"), BOTH6("1:2:3:4:5:6:7"), BOTH6("1:2:3:4:5:6:7:8:9"), BOTH6("1:2:3:4:5:6:7:8:"), BOTH6(":1:2:3:4:5:6:7"),
  BOTH6(":1:2:3:4:5:6:7:8"), BOTH6("1:2:3:4:5:6:7:"), BOTH6(":"), BOTH6(":::"), BOTH6("::::"), BOTH6("1:::8"),
  BOTH6("1::3::8"), BOTH6("::1::"), BOTH6("::1:2::"), BOTH6("1:"), BOTH6(":1"), BOTH6("::1:"), BOTH6("1::8:"),
  BOTH6(":1::"), BOTH6("1:2:3:4::5:6:7:8"), BOTH6("::1:2:3:4:5:6:7:8"), BOTH6("1:2:3:4:5:6:7:8::"),
  BOTH6("1:2:3:4:5:6:7::8"), BOTH6("1:2:3:4:5:6:7:8::1"), BOTH6("12345::"), BOTH6("::12345"), BOTH6("::00001"),
  BOTH6("00001::"), BOTH6("1:2:3:4:5:6:7:10000"), BOTH6("::g"), BOTH6("g::"), BOTH6("::fffg"), BOTH6("::G"),
  BOTH6("::@"), BOTH6("::`"), BOTH6("::/"), BOTH6("::-1"), BOTH6("::+1"), BOTH6("::0x1"), BOTH6("0x1::"),
  BOTH6("fe80::1%eth0"), BOTH6("fe80::1%2"), BOTH6("[::1]"), BOTH6("::1/128"), BOTH6("::1]"), BOTH6("::1\0"),
  BOTH6("::\t1"), BOTH6("1;2:3:4:5:6:7:8"), BOTH6("localhost"),

/* IPv6 addresses with a dotted tail */

  BOTH6("::ffff:1.2.3"), BOTH6("::ffff:1.2.3."), BOTH6("::ffff:1.2.3.4.5"), BOTH6("::ffff:1.2.3.4."),
  BOTH6("::ffff:.1.2.3.4"), BOTH6("::ffff:1..3.4"), BOTH6("::ffff:256.2.3.4"), BOTH6("::ffff:1.2.3.256"),
  BOTH6("::ffff:1.2.3.04"), BOTH6("::ffff:01.2.3.4"), BOTH6("::ffff:00.2.3.4"), BOTH6("::ffff:a.2.3.4"),
  BOTH6("::ffff:1a.2.3.4"), BOTH6("::ffff:1.2.3.a"), BOTH6("::ffff:1.2.3.4:5"), BOTH6("::ffff:1.2.3.4::"),
  BOTH6("1.2.3.4::"), BOTH6("1.2.3.4::1"), BOTH6("1::1.2.3.4:5"), BOTH6("1:1.2.3.4::"), BOTH6("::1.2.3.4:1.2.3.4"),
  BOTH6("1:2:3:4:5:6:7:1.2.3.4"), BOTH6("1:2:3:4:5:1.2.3.4"), BOTH6("1:2:3:4:5:6:1.2.3.4:8"),
  BOTH6("1:2:3:4:5:6:1.2.3.4:"), BOTH6("1:2:3:4:5:6:1.2.3.4::"), BOTH6("1:2:3:4:5:6:7:8.2.3.4"),
  BOTH6("1:2:3:4:5:6:7:8:1.2.3.4"), BOTH6("1:2:3:4:5:6::1.2.3.4"), BOTH6("::2:3:4:5:6:7:1.2.3.4"),
  BOTH6("1::3:4:5:6:7:1.2.3.4"), BOTH6("1:2:3:4:5:6:7::1.2.3.4"), BOTH6("::1.2.3.4%1"), BOTH6("::ffff:1.2.3.4/96"),
  BOTH6("."), BOTH6("::."), BOTH6("::1234.2.3.4"), BOTH6("::ffff:1.2.3.0x4"), BOTH6("::ffff:1:2.3.4"),

/* What is bad for one family is bad for the other too. */

  BOTH4("1:2"), BOTH4("fe80::1%1"), BOTH4("::ffff:192.0.2.01"), BOTH6("192.0.2.01"), BOTH6("192.0.2"),

/* A field that would be good if it ended at a null byte, or where the room for it ends; and other null bytes */

  BOTH4("192.0.2.1\0x"), BOTH4("192\0.0.2.1"), BOTH4("\0" "192.0.2.1"), BOTH4("\0"), BOTH6("::1\0x"), BOTH6("::\0" "1"),
  BOTH6("\0::1"), BOTH6("\0"), BOTH6(T6_LONGEST "\0"), BOTH6(T6_LONGEST "0"), BOTH6(T6_LONGEST "0000"),
  BOTH4("0000:0000:0000:0000:0000:ffff:192.168.100.2281"), BOTH4("192.0.2.1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
  BOTH6(T6_MOST ":::::::"), BOTH6(T6_MOST "%eth0zz"),
  { LINE("PROXY UNKNOWNTCP6 :: :: 0 0"), PROTOCOL },
  { LINE("PROXY \0TCP4 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY TC\0P4 192.0.2.1 198.51.100.250 56324 25"), PROTOCOL },
  { LINE("PROXY TCP4\0 192.0.2.1 198.51.100.250 56324 25"), SRC },
  { LINE("PROXY TCP4 \0 192.0.2.1 198.51.100.250 56324 25"), SRC },

/* Ports */

  PORTS("65536"), PORTS("65540"), PORTS("70000"), PORTS("99999"), PORTS("100000"), PORTS("655350"),
  PORTS("-1"), PORTS("-0"), PORTS("+25"), PORTS("+"), PORTS("4294967295"), PORTS("4294967296"), PORTS("4294967321"),
  PORTS("18446744073709551616"), PORTS("18446744073709551641"), PORTS("340282366920938463463374607431768211481"),
  PORTS("25\0" "1"), PORTS("2\0" "5"), PORTS("\0" "25"), PORTS("\0"), PORTS("65535\0"), PORTS("123456"), PORTS("000000"),
  PORTS("01"), PORTS("+1"), PORTS("00"), PORTS("025"), PORTS("00025"), PORTS("065535"), PORTS("000000000000000025"),
  PORTS("x"), PORTS("a"), PORTS("smtp"), PORTS("/"), PORTS(":"), PORTS("\xb2"), PORTS(""), PORTS("\t25"),
  BSPORT("0x19"), BSPORT("25x"), BSPORT("25."), BSPORT("25,"), BSPORT("25\0"), BSPORT("1e3"),
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 0x19 25"), SPORT OR DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 0x19"), DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 1e3"), DPORT },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25,"), DPORT },
  { LINE("PROXY TCP6 ::1 ::1 65536 25"), SPORT },
  { LINE("PROXY TCP6 ::1 ::1 56324 65536"), DPORT },

/* Ends of lines */

  { S("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\nEHLO x\r\n"), 54 - 1, DPORT },
  { S("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\rEHLO x\r\n"), 54 - 1, DPORT },
  { S("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\n\r\n"), 47, DPORT },
  { S("PROXY TCP4 192.0.2.1\r\n198.51.100.250 56324 25\r\n"), 22, DST },
  { S("PROXY TCP9\r\nPROXY TCP4 192.0.2.1 198.51.100.250 56324 25\r\n"), 12, PROTOCOL },

/* Lines that are too long, by one byte and by more */

  { LINE("PROXY UNKNOWN " T6_MOST " " T6_MOST " 65535 65535 "), TOO_LONG },
  { LINE("PROXY TCP6 " T6_LONGEST " " T6_MOST " 650 65535"), TOO_LONG },
  { LINE("PROXY TCP6 " T6_LONGEST " " T6_LONGEST " 65535 65535"), TOO_LONG },
  { LINE("PROXY TCP4 192.0.2.1 198.51.100.250 56324 25"
    "                                                                "), TOO_LONG },
  { S("PROXY UNKNOWN " T6_MOST " " T6_MOST " 65535 65535  "), 0, TOO_LONG },
  { S("PROXY UNKNOWN " T6_MOST " " T6_MOST " 65535 65535 \r"), 0, TOO_LONG },
  { S("PROXY UNKNOWN " T6_MOST " " T6_MOST " 65535 65535 \n"), 0, TOO_LONG },
};
const size_t bad_v1_count = COUNT(bad_v1_cases);


/* ---------- version 2 ---------- */

#define P4     "\300\0\2\1" "\306\063\144\372" "\xdc\x04" "\0\x19"
#define P6     A6_FULL A6_ONE "\xff\xfe" "\x01\x02"
#define TLV    "\x04\0\3abc"						/* NOOP of 3 bytes */
#define X43    "0123456789abcdef0123456789abcdef0123456789a"
#define X129   X43 X43 X43
#define IS_P4  INET(A4_CLIENT, 56324, A4_SERVER, 25)
#define IS_P6  INET6(A6_FULL, 65534, A6_ONE, 258)

const good_v2 good_v2_cases[] = {
  { "IPv4", 0x21, 0x11, 12, S(P4), IS_P4, 28, 0 },
  { "IPv4, most", 0x21, 0x11, 12, S(A4_MOST A4_MOST A4_MOST), INET(A4_MOST, 65535, A4_MOST, 65535), 28, 0 },
  { "IPv4, zeroes", 0x21, 0x11, 12, S("\0\0\0\0\0\0\0\0\0\0\0\0"), INET("", 0, "", 0), 28, 0 },
  { "IPv4, the shortest TLV", 0x21, 0x11, 15, S(P4), IS_P4, 28, 3 },
  { "IPv4, a TLV", 0x21, 0x11, 18, S(P4 TLV), IS_P4, 28, 6 },
  { "IPv4, payload like SMTP", 0x21, 0x11, 23, S(P4 "\4\0\10" "QUIT\r\n\r\n"), IS_P4, 28, 11 },
  { "IPv4, length of IPv6", 0x21, 0x11, 36, S(P4), IS_P4, 28, 24 },
  { "IPv4, 255", 0x21, 0x11, 255, S(P4), IS_P4, 28, 243 },
  { "IPv4, 256", 0x21, 0x11, 256, S(P4), IS_P4, 28, 244 },
  { "IPv4, 520", 0x21, 0x11, 520, S(P4), IS_P4, 28, 508 },
  { "IPv4, 32768", 0x21, 0x11, 32768, S(P4), IS_P4, 28, 32756 },
  { "IPv4, 65535", 0x21, 0x11, 65535, S(P4), IS_P4, 28, 65523 },
  { "IPv4, an empty SSL TLV", 0x21, 0x11, 15, S(P4 "\40\0\0"), IS_P4, 28, 3 },
  { "IPv4, an SSL TLV of a byte", 0x21, 0x11, 16, S(P4 "\40\0\1\7"), IS_P4, 28, 4 },
  { "IPv4, an SSL TLV of 3 bytes", 0x21, 0x11, 18, S(P4 "\40\0\3\1\0\0"), IS_P4, 28, 6 },
  { "IPv4, a UNIQUE_ID of 129 bytes", 0x21, 0x11, 144, S(P4 "\5\0\x81" X129), IS_P4, 28, 132 },
  { "IPv4, a GCP id of 3 bytes", 0x21, 0x11, 18, S(P4 "\340\0\3abc"), IS_P4, 28, 6 },
  { "IPv6", 0x21, 0x21, 36, S(P6), IS_P6, 52, 0 },
  { "IPv6, most", 0x21, 0x21, 36, S(A6_MOST A6_MOST A4_MOST), INET6(A6_MOST, 65535, A6_MOST, 65535), 52, 0 },
  { "IPv6, the shortest TLV", 0x21, 0x21, 39, S(P6), IS_P6, 52, 3 },
  { "IPv6, a TLV", 0x21, 0x21, 42, S(P6 TLV), IS_P6, 52, 6 },
  { "IPv6, mapped", 0x21, 0x21, 36, S(A6_MAPPED A6_MAPPED "\0\1\0\2"), INET6(A6_MAPPED, 1, A6_MAPPED, 2), 52, 0 },
  { "IPv6, 216", 0x21, 0x21, 216, S(P6), IS_P6, 52, 180 },
  { "IPv6, 65535", 0x21, 0x21, 65535, S(P6), IS_P6, 52, 65499 },

  { "LOCAL, 0", 0x20, 0x00, 0, S(""), LOCAL, 0, 0 },
  { "LOCAL, 1", 0x20, 0x00, 1, S(""), LOCAL, 0, 0 },
  { "LOCAL, TLV", 0x20, 0x00, 6, S(TLV), LOCAL, 0, 0 },
  { "LOCAL, IPv4, 0", 0x20, 0x11, 0, S(""), LOCAL, 0, 0 },
  { "LOCAL, IPv4, 11", 0x20, 0x11, 11, S(P4), LOCAL, 0, 0 },
  { "LOCAL, IPv4, 12", 0x20, 0x11, 12, S(P4), LOCAL, 0, 0 },
  { "LOCAL, IPv6, 36", 0x20, 0x21, 36, S(P6), LOCAL, 0, 0 },
  { "LOCAL, UNIX, 216", 0x20, 0x31, 216, S(""), LOCAL, 0, 0 },
  { "LOCAL, unknown family and transport", 0x20, 0xff, 5, S(""), LOCAL, 0, 0 },
  { "LOCAL, unknown family", 0x20, 0x41, 12, S(P4), LOCAL, 0, 0 },
  { "LOCAL, 65535", 0x20, 0x00, 65535, S(""), LOCAL, 0, 0 },

  { "unspec, 0", 0x21, 0x00, 0, S(""), UNNAMED, 16, 0 },
  { "unspec, stream, 0", 0x21, 0x01, 0, S(""), UNNAMED, 16, 0 },
  { "unspec, datagram, 0", 0x21, 0x02, 0, S(""), UNNAMED, 16, 0 },
  { "unspec, a TLV", 0x21, 0x00, 6, S(TLV), UNNAMED, 16, 6 },
  { "unspec, addresses", 0x21, 0x01, 12, S(P4), UNNAMED, 16, 0 },
  { "unspec, stream, 12", 0x21, 0x01, 12, S(""), UNNAMED, 16, 12 },
  { "unspec, 65535", 0x21, 0x00, 65535, S(""), UNNAMED, 16, 65535 },
  { "IPv4, unspec", 0x21, 0x10, 12, S(P4), UNNAMED, 28, 0 },
  { "IPv4, datagram", 0x21, 0x12, 12, S(P4), UNNAMED, 28, 0 },
  { "IPv4, datagram, TLV", 0x21, 0x12, 18, S(P4 TLV), UNNAMED, 28, 6 },
  { "IPv6, unspec", 0x21, 0x20, 36, S(P6), UNNAMED, 52, 0 },
  { "IPv6, datagram", 0x21, 0x22, 39, S(P6), UNNAMED, 52, 3 },
  { "UNIX, stream", 0x21, 0x31, 216, S("/run/a"), UNNAMED, 232, 0 },
  { "UNIX, datagram", 0x21, 0x32, 219, S("/run/a"), UNNAMED, 232, 3 },
  { "UNIX, unspec", 0x21, 0x30, 216, S(""), UNNAMED, 232, 0 },
  { "UNIX, 65535", 0x21, 0x31, 65535, S(""), UNNAMED, 232, 65319 },
};
const size_t good_v2_count = COUNT(good_v2_cases);

#define VERSION    "bad v2 version"
#define COMMAND    "unknown v2 command"
#define FAMILY     "unknown v2 address family"
#define TRANSPORT  "unknown v2 transport protocol"
#define TOO_SMALL  "v2 length too small for its addresses"

const bad_v2 bad_v2_cases[] = {
  { "version 0", 0x01, 0x11, 12, VERSION },
  { "version 1", 0x11, 0x11, 12, VERSION },
  { "version 3", 0x31, 0x11, 12, VERSION },
  { "version 10", 0xa1, 0x11, 12, VERSION },
  { "version 15", 0xf1, 0x11, 12, VERSION },
  { "version 1, LOCAL", 0x10, 0x00, 0, VERSION },
  { "version and command a byte each", 0x02, 0x01, 12, VERSION },
  { "version 0, all else bad", 0x0f, 0xff, 0, VERSION },
  { "command 2", 0x22, 0x11, 12, COMMAND },
  { "command 3", 0x23, 0x11, 0, COMMAND },
  { "command 8", 0x28, 0x11, 12, COMMAND },
  { "command 15", 0x2f, 0x11, 65535, COMMAND },
  { "family 4", 0x21, 0x41, 12, FAMILY },
  { "family 4, 0", 0x21, 0x41, 0, FAMILY },
  { "family 8", 0x21, 0x81, 300, FAMILY },
  { "family 15", 0x21, 0xf1, 65535, FAMILY },
  { "transport 3", 0x21, 0x13, 12, TRANSPORT },
  { "transport 4", 0x21, 0x24, 36, TRANSPORT },
  { "transport 15", 0x21, 0x1f, 12, TRANSPORT },
  { "unspec, transport 3", 0x21, 0x03, 0, TRANSPORT },
  { "IPv4, 0", 0x21, 0x11, 0, TOO_SMALL },
  { "IPv4, 11", 0x21, 0x11, 11, TOO_SMALL },
  { "IPv4, datagram, 11", 0x21, 0x12, 11, TOO_SMALL },
  { "IPv4, unspec, 11", 0x21, 0x10, 11, TOO_SMALL },
  { "IPv6, 0", 0x21, 0x21, 0, TOO_SMALL },
  { "IPv6, 12", 0x21, 0x21, 12, TOO_SMALL },
  { "IPv6, 35", 0x21, 0x21, 35, TOO_SMALL },
  { "IPv6, datagram, 35", 0x21, 0x22, 35, TOO_SMALL },
  { "UNIX, 0", 0x21, 0x31, 0, TOO_SMALL },
  { "UNIX, 36", 0x21, 0x31, 36, TOO_SMALL },
  { "UNIX, 215", 0x21, 0x31, 215, TOO_SMALL },
};
const size_t bad_v2_count = COUNT(bad_v2_cases);


/* ---------- what is no header ---------- */

#define NO "no header: signature does not match"
#define NOTHING(name, literal) { name, S(literal), PROXY_HDR_NONE, 0, NO }

const raw_case none_cases[] = {
  NOTHING("EHLO", "EHLO client.example\r\n"),
  NOTHING("one letter", "E"),
  NOTHING("NUL", "\0"),
  NOTHING("LF", "\n"),
  NOTHING("space", " PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\r\n"),
  NOTHING("TLS client hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
  NOTHING("lower case", "proxy TCP4 192.0.2.1 198.51.100.250 56324 25\r\n"),
  NOTHING("mixed case", "Proxy TCP4 192.0.2.1 198.51.100.250 56324 25\r\n"),
  NOTHING("no space", "PROXY\r\n"),
  NOTHING("tab", "PROXY\tTCP4 192.0.2.1 198.51.100.250 56324 25\r\n"),
  NOTHING("NUL for the space", "PROXY\0TCP4 192.0.2.1 198.51.100.250 56324 25\r\n"),
  NOTHING("a longer word", "PROXYTCP4 192.0.2.1 198.51.100.250 56324 25\r\n"),
  NOTHING("PX", "PX"),
  NOTHING("PROXX", "PROXX"),
  NOTHING("POST", "POST / HTTP/1.1\r\n"),
  NOTHING("empty line", "\r\nEHLO client.example\r\n"),
  NOTHING("CR CR", "\r\r"),
  NOTHING("two empty lines", "\r\n\r\n\r\n"),
  NOTHING("v2 without NUL", "\r\n\r\n\r\nQUIT\n"),
  NOTHING("v2 with CRLF at its end", "\r\n\r\n\0\r\nQUIT\r\n"),
  NOTHING("v2, last byte wrong", "\r\n\r\n\0\r\nQUIT\v\x21\x11\0\x0c" P4),
  NOTHING("v2 in lower case", "\r\n\r\n\0\r\nquit\n\x21\x11\0\x0c" P4),
  NOTHING("v1 then v2", "PROXY\r\n\r\n\0\r\nQUIT\n"),
  NOTHING("v2 then v1", "\r\n\r\n\0PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\r\n"),
};
const size_t none_count = COUNT(none_cases);


/* ---------- inputs that other receivers have got wrong ---------- */

#define V2SIG "\r\n\r\n\0\r\nQUIT\n"
#define MORE(name, literal, n) { name, S(literal), PROXY_HDR_MORE, n, NULL }
#define BAD(name, literal, n, reason) { name, S(literal), PROXY_HDR_BAD, n, reason }
#define GOOD(name, literal, n) { name, S(literal), PROXY_HDR_COMPLETE, n, NULL }

const raw_case known_faults[] = {
  MORE("v2 of 14 bytes", V2SIG "\x21\x11", 2),
  MORE("v2 of 15 bytes", V2SIG "\x21\x11\0", 1),
  MORE("v2 of 15 bytes, all of them bad", V2SIG "\xff\xff\xff", 1),
  MORE("v1 of 15 bytes, the CR last", "PROXY TCP4 1.2\r", 1),
  MORE("v1, complete but for the LF", "PROXY UNKNOWN\r", 1),
  MORE("v1, the CR not yet there", "PROXY TCP4 192.0.2.1 198.51.100.250 56324 25", 2),
  MORE("v1 without NUL or CR", "PROXY TCP4 1.2.3", 2),
  MORE("v1, bad so far but no CRLF", "PROXY TCP9 x", 2),
  MORE("v1 of 106 bytes, the CR last", "PROXY UNKNOWN " T6_MOST " " T6_MOST " 65535 65535\r", 1),
  MORE("v1 of 106 bytes, no CR", "PROXY UNKNOWN " T6_MOST " " T6_MOST " 65535 65535 ", 2),
  MORE("fewer than 14 bytes of v2", "\r\n\r\n\0\r\nQUIT", 5),
  MORE("fewer than 14 bytes of v1", "PROXY TCP4 1.", 2),
  MORE("a byte of v1", "P", 7),
  MORE("a byte of v2", "\r", 15),
  BAD("good source, bad port", "PROXY TCP4 192.0.2.1 198.51.100.250 56324 99999\r\n", 49, DPORT),
  BAD("good source, bad destination", "PROXY TCP6 2001:db8::1 198.51.100.260 56324 25\r\n", 48, DST),
  GOOD("LOCAL of length 0", V2SIG "\x20\0\0\0", 16),
  GOOD("LOCAL of length 0, then SMTP", V2SIG "\x20\0\0\0" "EHLO x\r\n", 16),
  GOOD("port 0", "PROXY TCP4 192.0.2.1 198.51.100.250 0 0\r\n", 41),
  BAD("port 65536", "PROXY TCP4 192.0.2.1 198.51.100.250 65536 25\r\n", 46, SPORT),
  BAD("port -1", "PROXY TCP4 192.0.2.1 198.51.100.250 -1 25\r\n", 43, SPORT),
  BAD("port +25", "PROXY TCP4 192.0.2.1 198.51.100.250 +25 25\r\n", 44, SPORT),
  BAD("port 4294967321", "PROXY TCP4 192.0.2.1 198.51.100.250 4294967321 25\r\n", 51, SPORT),
  BAD("tabs", "PROXY TCP4\t192.0.2.1\t198.51.100.250\t56324\t25\r\n", 46, SRC),
  GOOD("TCP4 with IPv6", "PROXY TCP4 2001:db8::1 2001:db8::2 56324 25\r\n", 45),
  GOOD("TCP6 with IPv4", "PROXY TCP6 192.0.2.1 198.51.100.250 56324 25\r\n", 46),
  BAD("v2 shorter than its addresses", V2SIG "\x21\x11\0\x0b" "\300\0\2\1\306\063\144\372\xdc\x04\0", 27, TOO_SMALL),
  BAD("v2, bad, its end far off", V2SIG "\x21\x99\xff\xff", 65551, FAMILY),
  BAD("v2, bad, its end behind the next bytes", V2SIG "\x25\x11\0\x02" "EHLO x\r\n", 18, COMMAND),
  BAD("v2, one byte beyond the addresses", V2SIG "\x21\x11\0\x0d" P4 "\4", 29, "TLV overruns the header"),
  BAD("v2, SMTP where a TLV should be", V2SIG "\x21\x11\0\x14" P4 "QUIT\r\n\r\n", 36, "TLV overruns the header"),
  MORE("v2 of 233 bytes and more", V2SIG "\x21\x11\x01\0" P4, 244),
  MORE("v2, lengths are unsigned", V2SIG "\x21\x11\xff\xff" P4, 65523),
  MORE("v2, length's low byte is unsigned", V2SIG "\x21\x11\0\x80" P4, 116),
};
const size_t fault_count = COUNT(known_faults);


/* ---------- images ---------- */

image * images;
size_t image_count;

static void *
get(size_t size)
{
void * p = malloc(size ? size : 1);
if (!p) bail_out("malloc");
return p;
}

uint8_t *
make_v2(uint8_t byte12, uint8_t byte13, uint16_t stated, size_t payload)
{
static const uint8_t signature[] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };
uint8_t * buf = get(16 + payload);

memcpy(buf, signature, 12);
buf[12] = byte12;
buf[13] = byte13;
buf[14] = (uint8_t)(stated >> 8);
buf[15] = (uint8_t)(stated & 255);
for (size_t i = 0; i < payload; i++) buf[16 + i] = (uint8_t)(i * 37 + 11);
return buf;
}

void
fill_tlvs(uint8_t * p, size_t room)
{
if (room < 3) return;
p[0] = 4;
p[1] = (uint8_t)((room - 3) >> 8);
p[2] = (uint8_t)((room - 3) & 255);
}

void
make_images(void)
{
image * m = images = get((good_v1_count + good_v2_count) * sizeof *images);

image_count = good_v1_count + good_v2_count;
memset(images, 0, image_count * sizeof *images);
for (size_t i = 0; i < good_v1_count; i++, m++)
  {
  const good_v1 * c = good_v1_cases + i;
  m->name = "v1";
  m->len = c->len;
  m->buf = get(c->len);
  memcpy(m->buf, c->line, c->len);
  m->want.h.version = 1;
  m->want.h.command = c->command;
  m->want.h.has_client = c->has_client;
  m->want.h.source = c->source;
  m->want.h.destination = c->destination;
  }
for (size_t i = 0; i < good_v2_count; i++, m++)
  {
  const good_v2 * c = good_v2_cases + i;
  m->name = c->name;
  m->len = 16 + (size_t)c->length;
  m->buf = make_v2(c->byte12, c->byte13, c->length, c->length);
  memcpy(m->buf + 16, c->payload, c->payload_len < c->length ? c->payload_len : c->length);
  if (c->command == PROXY_CMD_PROXY)
    {
    size_t from = 16 + c->payload_len > c->tlv_offset ? 16 + c->payload_len : c->tlv_offset;
    fill_tlvs(m->buf + from, m->len - from);
    }
  m->want.h.version = 2;
  m->want.h.command = c->command;
  m->want.h.has_client = c->has_client;
  m->want.h.source = c->source;
  m->want.h.destination = c->destination;
  m->want.h.tlv_offset = c->tlv_offset;
  m->want.h.tlv_length = c->tlv_length;
  }
for (size_t i = 0; i < image_count; i++)
  {
  images[i].want.r.verdict = PROXY_HDR_COMPLETE;
  images[i].want.r.size = images[i].len;
  }
}
