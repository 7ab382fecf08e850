# SPDX-License-Identifier: GPL-2.0-or-later
# The feature beside its neighbours. (Releases without XCLIENT do not know the flag, and ignore it.)
#: default
OPTIMIZE=-O0
SUPPORT_SOCKS=yes
EXPERIMENTAL_XCLIENT=yes
