/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser, and the oracle, with what other projects test theirs with: peers.vectors. */

#include "vectors.h"

int
main(void)
{
static const char * const does[] = { "takes", "awaits more than", "refuses", "finds no header in" };
size_t count;
const vector * peers = read_vectors("peers.vectors", &count);

for (const vector * v = peers; v < peers + count; v++)
  {
  begin("%s %s's %s", does[v->want.r.verdict], v->source, v->name);
  check_row(v->buf, v->len, &v->want, v->name);
  end();
  }
return finish();
}
