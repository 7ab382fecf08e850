# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For scripts/fuzz and test/fuzz/replay: what a target is made of. Read after scripts/lib/common.sh.

fuzz_dir=$root/test/fuzz
fuzz_src=$root/src-overlay/src		# what is under test; --src sets another
all_targets=(header differential reader)
fuzz_warnings=(-Wall -Wextra -Wno-sign-compare)

is_target() { local t; for t in "${all_targets[@]}"; do [ "$t" != "$1" ] || return 0; done; return 1; }

# tested_files TARGET: the files under test (and the naive decoder, whose branches are worth finding, too).
tested_files()
{
printf '%s\n' "$fuzz_src"/proxy_{header,tlv}.c
case $1 in
  header|tell)	printf '%s\n' "$fuzz_src"/proxy_text.c ;;
  differential)	printf '%s\n' "$fuzz_dir"/naive.c ;;
  reader)	printf '%s\n' "$fuzz_src"/proxy_reader.c ;;
esac
}

# oracle_files TARGET: the target itself and what it uses.
oracle_files()
{
printf '%s\n' "$fuzz_dir"/{"$1",common,mend}.c
case $1 in header) printf '%s\n' "$fuzz_dir"/text.c ;; esac
}

# The system as the target reader plays it
played=(-Drecv=fuzz_recv -Dread=fuzz_read -Dpoll=fuzz_poll -Dsetsockopt=fuzz_setsockopt -Dclock_gettime=fuzz_clock_gettime)

# compile DIR FLAGS... -- FILE...: make objects, in DIR.
compile()
{
local dir=$1 flags=() f calls
shift
while [ "$1" != -- ]; do flags+=("$1"); shift; done
shift
mkdir -p "$dir"
for f; do
  calls=()
  case $f in */proxy_reader.c) calls=("${played[@]}") ;; esac
  "$compiler" -std=gnu11 -g -DEXPERIMENTAL_PROXY -I"$fuzz_dir" -I"$fuzz_src" "${fuzz_warnings[@]}" \
    "${flags[@]}" ${calls[@]+"${calls[@]}"} -c "$f" -o "$dir/$(basename "$f" .c).o" || return 1
done
}

# sum_of_sources: changes with every file that the targets are made of.
sum_of_sources()
{
{ sha256sum "$fuzz_src"/proxy_*.[ch] "$fuzz_dir"/*.[ch] "$fuzz_dir"/lib.sh "$fuzz_dir"/seeds | cut -d' ' -f1
  printf '%s\n' "$@"; "$compiler" --version; } | sha256sum | cut -d' ' -f1
}
