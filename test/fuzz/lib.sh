# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For scripts/fuzz and test/fuzz/replay: what a target is made of. Read after scripts/lib/common.sh.

fuzz_dir=$root/test/fuzz
fuzz_src=$root/src-overlay/src		# what is under test; --src sets another
all_targets=(header differential reader)
fuzz_warnings=(-Wall -Wextra -Wno-sign-compare)

# The compiler and its options. What is under test is instrumented for coverage; the targets are not, or the fuzzer
# would study them.
compiler=clang instrument=(-fsanitize=fuzzer-no-link)
flags=(-O1 -fsanitize=address,undefined -fno-sanitize-recover=all)

is_target() { local t; for t in "${all_targets[@]}"; do [ "$t" != "$1" ] || return 0; done; return 1; }

# tested_files TARGET: the files under test (and the oracle, where its branches are worth finding, too).
tested_files()
{
printf '%s\n' "$fuzz_src"/proxy_{header,tlv}.c
case $1 in
  header)	printf '%s\n' "$fuzz_src"/proxy_text.c ;;
  differential)	printf '%s\n' "$root"/test/unit/oracle.c ;;
  reader)	printf '%s\n' "$fuzz_src"/proxy_reader.c ;;
esac
}

# oracle_files TARGET: the target itself and what it uses.
oracle_files()
{
printf '%s\n' "$fuzz_dir"/{"$1",common}.c "$root"/test/unit/pages.c
[ "$1" = differential ] || printf '%s\n' "$root"/test/unit/oracle.c
}

# The system as the target reader plays it
played=(-Drecv=fuzz_recv -Dread=fuzz_read -Dpoll=fuzz_poll -Dsetsockopt=fuzz_setsockopt -Dclock_gettime=fuzz_clock_gettime)

# compile DIR FLAGS... -- FILE...: make objects, in DIR.
compile()
{
local dir=$1 options=() f calls
shift
while [ "$1" != -- ]; do options+=("$1"); shift; done
shift
mkdir -p "$dir"
for f; do
  calls=()
  case $f in */proxy_reader.c) calls=("${played[@]}") ;; esac
  "$compiler" -std=gnu11 -g -DEXPERIMENTAL_PROXY -I"$fuzz_dir" -I"$fuzz_src" "${fuzz_warnings[@]}" "${flags[@]}" \
    ${options[@]+"${options[@]}"} ${calls[@]+"${calls[@]}"} -c "$f" -o "$dir/$(basename "$f" .c).o" || return 1
done
}

# build_target DIR TARGET [OBJECT...]: make DIR/TARGET, with the engine's own driver. Objects are those of the target that
# are there already; without any, all its files are compiled.
build_target()
{
local dir=$1 t=$2 files
shift 2
mapfile -t files < <(tested_files "$t")
compile "$dir/$t.o" ${instrument[@]+"${instrument[@]}"} -- "${files[@]}" || return 1
if [ $# = 0 ]; then
  mapfile -t files < <(oracle_files "$t")
  if [ "$compiler" = afl-clang-fast ]; then
    AFL_LLVM_ALLOWLIST=$dir/$t.nothing; export AFL_LLVM_ALLOWLIST
    printf 'fun: no_such_function\n' > "$AFL_LLVM_ALLOWLIST"
  fi
  compile "$dir/$t.o" -- "${files[@]}" || return 1
  unset AFL_LLVM_ALLOWLIST
fi
"$compiler" "${flags[@]}" -fsanitize=fuzzer "$@" "$dir/$t.o"/*.o -o "$dir/$t"
}

# sum_of_sources: changes with every file that the targets are made of.
sum_of_sources()
{
{ sha256sum "$fuzz_src"/proxy_*.[ch] "$fuzz_dir"/*.[ch] "$root"/test/unit/{oracle,pages}.[ch] "$fuzz_dir"/{lib.sh,seeds} \
    "$root"/test/unit/*.vectors | cut -d' ' -f1
  printf '%s\n' "$@" "${flags[@]}"; "$compiler" --version; } | sha256sum | cut -d' ' -f1
}

# build_all DIR ID: all targets, unless they are there and nothing has changed.
build_all()
{
local now t
now=$(sum_of_sources "$2")
[ "$(cat "$1/built" 2> /dev/null)" != "$now" ] || return 0
say "building the targets: $2"
rm -rf "$1"
mkdir -p "$1"
for t in "${all_targets[@]}"; do
  build_target "$1" "$t" 2> "$1/log" || { cat "$1/log" >&2; die "$failed" "$t does not compile"; }
done
printf '%s\n' "$now" > "$1/built"
}

# given TARGET SEEDS: the directories of inputs that are there to begin with. Those of the reader begin with a script.
given()
{
case $1 in reader) printf '%s\n' "$2/reader" ;; *) printf '%s\n' "$2/header" "$fuzz_dir/bounds" ;; esac
}
