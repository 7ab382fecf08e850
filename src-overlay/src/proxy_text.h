/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Text of a PROXY header in a form that cannot forge a log line. There is no
I/O, no allocation, no state, and nothing of Exim. */

#ifndef PROXY_TEXT_H
#define PROXY_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The room that the text may need, in bytes, with its terminating zero */

#define PROXY_TEXT_MAX(length) ((length) * 4 + 1)


/* Escape bytes so that nothing in them can be taken for the end of a line or the
like. Printable ASCII and well-formed UTF-8 stay as they are. A backslash becomes
two; any other byte becomes a backslash and three octal digits. So do characters
that a reader may obey: controls, U+2028 and U+2029, which end a line or a
paragraph, and those that change the direction of writing (U+202A to U+202E, U+2066
to U+2069).

Arguments:
  bytes		what to escape
  length	its size, in bytes
  out		where to put the text, with a terminating zero; there must be room
		for PROXY_TEXT_MAX(length) bytes

Returns:	the length of the text, without the zero
*/

extern size_t proxy_text_escape(const uint8_t * bytes, size_t length, char * out);

#endif	/* PROXY_TEXT_H */

/* End of proxy_text.h */
