/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share; see fuzz.h. And libFuzzer's changes of an input, made to fit together again: the stated
length, the lengths of the TLVs and the checksum of a v2 header. Without this, hardly any change gets past them. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define FIXED_LEN 16

extern size_t LLVMFuzzerMutate(uint8_t * data, size_t size, size_t max_size) __attribute__((weak));
extern size_t LLVMFuzzerCustomMutator(uint8_t * data, size_t size, size_t max_size, unsigned seed);

void
fuzz_fail(const char * file, int line, const char * condition, const char * format, ...)
{
va_list ap;

fprintf(stderr, "%s:%d: oracle: not so: %s: ", file, line, condition);
va_start(ap, format);
vfprintf(stderr, format, ap);
va_end(ap);
fputc('\n', stderr);
abort();
}

static size_t
get16(const uint8_t * p)
{
return (size_t)p[0] << 8 | p[1];
}

static void
set16(uint8_t * p, size_t v)
{
p[0] = (uint8_t)(v >> 8);
p[1] = (uint8_t)v;
}

/* Let the last TLV of a row end where the row ends, and do the same in each SSL TLV.

Returns:	where the value of the last checksum is, or NULL */

static uint8_t *
mend_row(uint8_t * p, size_t size)
{
uint8_t * sum = NULL;

while (size >= 3)
  {
  size_t length = get16(p + 1);
  if (size - 3 < length || size - 3 - length < 3) set16(p + 1, length = size - 3);
  if (p[0] == 0x20 && length > 5) (void) mend_row(p + 8, length - 5);
  if (p[0] == 3 && length == 4) sum = p + 3;
  p += 3 + length;
  size -= 3 + length;
  }
return sum;
}

static void
mend(uint8_t * data, size_t size)
{
static const size_t address_len[] = { 0, 12, 36, 216 };
size_t family, at;
uint8_t * sum;
uint32_t crc;

if (size < FIXED_LEN || size > FIXED_LEN + 65535 || memcmp(data, "\r\n\r\n\0\r\nQUIT\n", 12) != 0) return;
family = data[13] >> 4;
at = FIXED_LEN + (family < 4 ? address_len[family] : 0);
set16(data + 14, size - FIXED_LEN);
if (at >= size || !(sum = mend_row(data + at, size - at))) return;
memset(sum, 0, 4);
crc = oracle_crc32c(data, size);
set16(sum, crc >> 16);
set16(sum + 2, crc & 0xffff);
}

/* Called by libFuzzer. Change either what precedes the header, whose size is fixed, or the header. */

size_t
LLVMFuzzerCustomMutator(uint8_t * data, size_t size, size_t max_size, unsigned seed)
{
size_t at = fuzz_script_len;

WRITTEN(data, max_size);
if (max_size <= at) return LLVMFuzzerMutate(data, size, max_size);
if (size < at)
  {
  memset(data + size, 0, at - size);
  size = at;
  }
if (at > 0 && seed % 2)
  {
  (void) LLVMFuzzerMutate(data, at, at);
  return size;
  }
size = at + LLVMFuzzerMutate(data + at, size - at, max_size - at);
WRITTEN(data, size);
if (seed / 2 % 4) mend(data + at, size - at);
return size;
}

/* End of common.c */
