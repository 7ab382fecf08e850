# SPDX-License-Identifier: GPL-2.0-or-later
# The feature as a loadable module, for releases that have such. scripts/build adds LOOKUP_MODULE_DIR.
#: common openssl
EXPERIMENTAL_PROXY=2
CFLAGS_DYNAMIC=-shared -rdynamic -fPIC
EXTRALIBS=-export-dynamic -rdynamic -ldl
