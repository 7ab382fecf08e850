# SPDX-License-Identifier: GPL-2.0-or-later
# The feature with the address and undefined-behaviour sanitizers. Exim frees little on purpose: run it
# with ASAN_OPTIONS=detect_leaks=0.
#: default
CFLAGS=$(OPTIMIZE) -g1 -D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE -fsanitize=address,undefined -fno-omit-frame-pointer
LFLAGS+=-fsanitize=address,undefined
