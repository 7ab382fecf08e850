/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test vectors, from files of rows whose columns are parted by tabs: peers.vectors tells how they are written. A row of two
columns is a name and bytes, without a verdict. */

#ifndef VECTORS_H
#define VECTORS_H

#include "unit.h"

typedef struct {
  const char *	source;			/* the first column */
  const char *	name;
  const char *	text;			/* the bytes, as the file has them */
  const char *	note;			/* the last; "" if there is none */
  uint8_t *	buf;
  size_t	len;
  outcome	want;
} vector;

/* Read a file of this directory. The process ends if it cannot be understood. */

extern const vector * read_vectors(const char * file, size_t * count);

#endif
