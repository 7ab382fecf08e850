# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For scripts/fuzz and test/fuzz/replay: what a target is made of. Read after scripts/lib/common.sh.

fuzz_dir=$root/test/fuzz
fuzz_src=$root/src-overlay/src		# what is under test; --src sets another
all_targets=(header differential session)
fuzz_warnings=(-Wall -Wextra -Wno-sign-compare -Wno-pointer-sign)

is_target() { local t; for t in "${all_targets[@]}"; do [ "$t" != "$1" ] || return 0; done; return 1; }

# tested_files TARGET: the files under test (and the naive decoder, whose branches are worth finding, too).
tested_files()
{
printf '%s\n' "$fuzz_src"/proxy_header.c "$fuzz_src"/proxy_tlv.c
case $1 in
  session)	printf '%s\n' "$fuzz_src"/proxy_session.c "$fuzz_src"/proxy_core.c ;;
  differential)	printf '%s\n' "$fuzz_dir"/naive.c ;;
esac
}

# oracle_files TARGET: the target itself and what it uses.
oracle_files()
{
printf '%s\n' "$fuzz_dir"/{"$1",common,parse,shown,write,mutate}.c
case $1 in session) printf '%s\n' "$fuzz_dir"/stub.c ;; esac
}

# compile DIR FLAGS... -- FILE...: make objects, in DIR.
compile()
{
local dir=$1 flags=() f
shift
while [ "$1" != -- ]; do flags+=("$1"); shift; done
shift
mkdir -p "$dir"
for f; do
  "$compiler" -std=gnu11 -g -DEXPERIMENTAL_PROXY -I"$fuzz_dir" -I"$fuzz_src" "${fuzz_warnings[@]}" \
    "${flags[@]}" -c "$f" -o "$dir/$(basename "$f" .c).o" || return 1
done
}

# sum_of_sources: changes with every file that the targets are made of.
sum_of_sources()
{
{ sha256sum "$fuzz_src"/proxy_*.[ch] "$fuzz_dir"/*.[ch] "$fuzz_dir"/lib.sh "$fuzz_dir"/seeds | cut -d' ' -f1
  printf '%s\n' "$@"; "$compiler" --version; } | sha256sum | cut -d' ' -f1
}
